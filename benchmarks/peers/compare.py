"""Install each peer into out/peers, hand it the same records, and collect what it answers."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.changes import moved
from benchmarks.peers.settings import PEERS, frames
from benchmarks.rates import Rate, stream
from benchmarks.single import REFERENCE_ROWS, schema_of, verdict
from benchmarks.tables import Source, as_table
from sandbox.population import Population, diabetes

ROWS = 100
WINDOWS = 100
LARGE_ROWS = 1_000_000
INSTALL_SECONDS = 900
RUN_SECONDS = 1_800
NAMES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Peer:
    """What one way of asking one tool gave: share of alarms by set of windows, and seconds; or why it gave nothing."""

    name: str
    version: str
    settings: str
    rates: dict[str, Rate]
    cold: float | None = None
    warm: float | None = None
    large: float | None = None
    skipped: str = ""


def sets() -> dict[str, tuple[Source, int]]:
    """Windows by name: without drift, with drift, and with what drift detectors tend not to look at."""
    bmi = moved("bmi", 0.5)
    blank = diabetes().broken(lambda frame, rng: frame.assign(bp=frame["bp"].where(rng.random(len(frame)) > 0.2)))
    shuffled: Population = diabetes().broken(
        lambda frame, rng: frame.assign(s5=rng.permutation(frame["s5"].to_numpy()))
    )
    return {
        "no drift": (diabetes(), ROWS),
        "bmi by 0.5 sd": (bmi, ROWS),
        "20 % of bp missing": (blank, ROWS),
        "s5 permuted": (shuffled, ROWS),
    }


def peers(scale: float, folder: Path) -> list[Peer]:
    """Driftloop and every peer that installs, on the same records."""
    windows = max(5, round(WINDOWS * scale))
    with tempfile.TemporaryDirectory() as place:
        job = _job(Path(place), windows, round(LARGE_ROWS * min(1.0, scale * 10)))
        results = [_ours(job)]
        for name in PEERS:
            results += _asked(name, job, folder)
            print(f"peers: {name}: {results[-1].skipped or results[-1].rates}", flush=True)
    return results


def _job(place: Path, windows: int, large: int) -> dict[str, Any]:
    described = {}
    for index, (name, (source, rows)) in enumerate(sets().items()):
        rng = stream(8, index)
        files = place / f"{index}-references.npy", place / f"{index}-windows.npy"
        np.save(files[0], np.concatenate([_numbers(diabetes(), REFERENCE_ROWS, rng) for _ in range(windows)]))
        np.save(files[1], np.concatenate([_numbers(source, rows, rng) for _ in range(windows)]))
        described[name] = [str(files[0]), str(files[1]), REFERENCE_ROWS, rows]
    rng, sides = stream(9), []
    for side in range(2):
        np.save(place / f"large-{side}.npy", rng.standard_normal((large, len(NAMES))))
        sides.append(str(place / f"large-{side}.npy"))
    return {"names": NAMES, "sets": described, "large": sides}


def _numbers(source: Source, rows: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    return source.sample(rows, rng)[NAMES].to_numpy(float)


def _ours(job: dict[str, Any]) -> Peer:
    schema, rates = schema_of("diabetes"), {}
    for name, (references, windows, reference_rows, rows) in job["sets"].items():
        pairs = zip(frames(references, NAMES, reference_rows), frames(windows, NAMES, rows), strict=True)
        answers = [verdict(as_table(one), as_table(two), schema) for one, two in pairs]
        rates[name] = Rate(sum(answer in ("drift", "incident") for answer in answers), len(answers))
    return Peer("driftloop", "this", "one check at alpha 0.05, all defaults", rates)


def _asked(name: str, job: dict[str, Any], folder: Path) -> list[Peer]:
    python = folder / name / "bin" / "python"
    try:
        if not python.exists():
            _quiet([sys.executable, "-m", "venv", str(folder / name)], INSTALL_SECONDS)
        _quiet([str(python), "-m", "pip", "install", "-q", *PEERS[name].requirements], INSTALL_SECONDS)
        done = _quiet([str(python), str(HERE / "worker.py"), name, json.dumps(job)], RUN_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        detail = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        return [Peer(name, "", "", {}, skipped=f"did not run here: {detail[-1][:120] if detail else 'no message'}")]
    answer = json.loads(done.splitlines()[-1])
    return [
        Peer(
            name,
            answer["version"],
            way["settings"],
            {key: Rate(*pair) for key, pair in way["rates"].items()},
            way["cold"],
            way["warm"],
            way["large"],
        )
        for way in answer["ways"]
    ]


def _quiet(command: list[str], seconds: float) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds).stdout
