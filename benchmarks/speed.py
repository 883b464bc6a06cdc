"""How long a check takes and how much memory, beside scipy in the same run. Every measurement is a fresh process."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.rates import stream
from benchmarks.single import REFERENCE_ROWS
from benchmarks.tables import table

COLUMNS = 10
CHUNK = 1_000_000
ROOT = Path(__file__).resolve().parents[1]

PRELUDE = "import json, sys, time\nfrom pathlib import Path\n"
REPORT = """
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "megabytes": int(peak.split()[1]) / 1024}))
"""
COLD = """
import contextlib, os
from driftloop.cli.main import main
seconds = 0.0
with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
    main(["check", "--reference", sys.argv[1], "--current", sys.argv[2], "--json"])
"""
FROM_PARQUET = """
from driftloop import Baseline, Schema, Window, check, read_batches
schema = Schema.infer(read_batches(sys.argv[1]))
start = time.perf_counter()
baseline = Baseline.build(read_batches(sys.argv[1], schema), schema)
window = Window.build(read_batches(sys.argv[2], schema), schema)
check(baseline, window)
seconds = time.perf_counter() - start
"""
SCIPY = """
import pyarrow.parquet as pq
from scipy.stats import ks_2samp
one, two = (pq.read_table(path).to_pandas() for path in sys.argv[1:3])
start = time.perf_counter()
for name in one.columns:
    ks_2samp(one[name].to_numpy(), two[name].to_numpy())
seconds = time.perf_counter() - start
"""
READ_ONLY = """
import pyarrow.parquet as pq
start = time.perf_counter()
for path in sys.argv[1:3]:
    for batch in pq.ParquetFile(path).iter_batches():
        pass
seconds = time.perf_counter() - start
"""
WARM = """
import pyarrow.parquet as pq
from driftloop import Baseline, Policy, Schema, Window, check, read_batches
schema = Schema.infer(read_batches(sys.argv[1]))
one, two = (pq.read_table(path) for path in sys.argv[1:3])
baseline, policy, times = Baseline.build(one, schema), Policy(permutations=999), []
for _ in range(30):
    start = time.perf_counter()
    check(baseline, Window.build(two, schema), policy)
    times.append(time.perf_counter() - start)
seconds = sorted(times)[len(times) // 2]
"""


@dataclass(frozen=True)
class Timing:
    """Median seconds over the repetitions, and the largest memory of the process in megabytes."""

    name: str
    rows: int
    seconds: float
    megabytes: float


def timings(scale: float) -> list[Timing]:
    """442 rows warm and cold, then tables of ten columns against tables of the same size, and scipy on the same."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        one, two = _small(Path(folder))
        results.append(_run("driftloop, warm, 999 permutations", WARM, one, two, 442, repeat=3))
        results.append(_cold(one, two))
        for millions in (1, 10):
            rows = round(millions * CHUNK * scale) if scale < 1 else millions * CHUNK
            one, two = (_large(Path(folder) / f"{millions}-{side}.parquet", rows, side) for side in (0, 1))
            results.append(_run("driftloop, Parquet to verdict", FROM_PARQUET, one, two, rows, repeat=3))
            results.append(_run("scipy ks_2samp, frames in memory", SCIPY, one, two, rows, repeat=1))
            results.append(_run("reading the Parquet files alone", READ_ONLY, one, two, rows, repeat=3))
    return results


def _small(folder: Path) -> tuple[Path, Path]:
    source, rng = table("diabetes"), stream(6)
    paths = folder / "reference.parquet", folder / "window.parquet"
    for path, rows in zip(paths, (REFERENCE_ROWS, 442 - REFERENCE_ROWS), strict=True):
        pq.write_table(source.draw(rows, rng), path)
    return paths


def _large(path: Path, rows: int, side: int) -> Path:
    """Ten normal columns, written in pieces so that making them needs no memory."""
    rng = stream(7, side)
    names = [f"x{number}" for number in range(COLUMNS)]
    with pq.ParquetWriter(path, pa.schema([(name, pa.float64()) for name in names])) as writer:
        for first in range(0, rows, CHUNK):
            block = rng.standard_normal((COLUMNS, min(CHUNK, rows - first))) + np.arange(COLUMNS)[:, None]
            writer.write_table(pa.table(dict(zip(names, block, strict=True))))
    return path


def _run(name: str, code: str, one: Path, two: Path, rows: int, *, repeat: int) -> Timing:
    runs = [_process([sys.executable, "-c", PRELUDE + code + REPORT, str(one), str(two)]) for _ in range(repeat)]
    timing = Timing(
        name, rows, statistics.median(run["seconds"] for run in runs), max(run["megabytes"] for run in runs)
    )
    print(f"speed: {name}, {rows:,} + {rows:,} rows: {timing.seconds:.3f} s, {timing.megabytes:.0f} MB", flush=True)
    return timing


def _cold(one: Path, two: Path) -> Timing:
    """The command line from start to end, as a user waits for it."""
    command = ["-m", "driftloop", "check", "--reference", str(one), "--current", str(two), "--json"]
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        seconds.append(time.perf_counter() - start)
    memory = _process([sys.executable, "-c", PRELUDE + COLD + REPORT, str(one), str(two)])["megabytes"]
    timing = Timing("driftloop check, cold", 442, statistics.median(seconds), memory)
    print(f"speed: cold start: {timing.seconds:.3f} s, {memory:.0f} MB", flush=True)
    return timing


def _process(command: list[str]) -> dict[str, float]:
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    result: dict[str, float] = json.loads(done.stdout)
    return result
