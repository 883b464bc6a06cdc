"""How long a check takes and how much memory: whole processes on both sides, from the start to the end of each.

`driftloop check` as a shell starts it stands against a script of pandas. That reads both files and runs `ks_2samp` on
each column: imports, reading and output belong to both.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from benchmarks.rates import stream
from benchmarks.single import REFERENCE_ROWS
from benchmarks.tables import table

COLUMNS = 10
CHUNK = 1_000_000
ROOT = Path(__file__).resolve().parents[1]

SCIPY = """
import sys
import pandas as pd
from scipy.stats import ks_2samp
reference, current = (pd.read_parquet(path) for path in sys.argv[1:3])
for name in reference.columns:
    print(name, ks_2samp(reference[name], current[name]).pvalue)
"""
READ_ONLY = """
import sys
import pyarrow.parquet as pq
for path in sys.argv[1:3]:
    for batch in pq.ParquetFile(path).iter_batches():
        pass
"""
WARM = """
import sys, time
import pyarrow.parquet as pq
from driftloop import Baseline, Policy, Window, check
reference, current = (pq.read_table(path) for path in sys.argv[1:3])
baseline, policy, times = Baseline.build(reference), Policy(permutations=999), []
for _ in range(30):
    start = time.perf_counter()
    check(baseline, Window.build(current, baseline.schema), policy)
    times.append(time.perf_counter() - start)
print(sorted(times)[len(times) // 2])
"""
WATCH = """
import os, sys, time
out = os.open(os.devnull, os.O_WRONLY)
start = time.perf_counter()
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out, 1)])
_, status, usage = os.wait4(process, 0)
seconds = time.perf_counter() - start
print(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""
IMPORTS = "import driftloop.check_sources, driftloop.cli.main, driftloop.data.readers"


@dataclass(frozen=True)
class Timing:
    """Median seconds over the repetitions, and the largest memory of the process in megabytes."""

    name: str
    rows: int
    seconds: float
    megabytes: float
    cpu: float = 0.0
    """Median seconds of processor time, which other work on the machine changes less."""


def timings(scale: float) -> list[Timing]:
    """442 rows warm and cold, then tables of ten columns against tables of the same size, and scipy on the same."""
    results = []
    check = [str(Path(sys.executable).with_name("driftloop")), "check", "--json", "--reference"]
    with tempfile.TemporaryDirectory() as folder:
        reference, window = _small(Path(folder))
        results.append(_warm(reference, window))
        results.append(_run("importing driftloop", [sys.executable, "-c", IMPORTS], 442, repeat=5))
        cold = [*check, str(reference), "--current", str(window)]
        results.append(_run("driftloop check, a fresh process", cold, 442, repeat=5))
        for millions in (1, 10):
            rows = round(millions * CHUNK * scale) if scale < 1 else millions * CHUNK
            sides = [_large(Path(folder) / f"{millions}-{side}.parquet", rows, side) for side in (0, 1)]
            repeat = 5 if millions == 1 else 3
            ours = [*check, str(sides[0]), "--current", str(sides[1])]
            results.append(_run("driftloop check", ours, rows, repeat=repeat))
            for name, code, times in (
                ("pandas and scipy's ks_2samp on each column", SCIPY, 1 if millions == 10 else 3),
                ("reading the Parquet files alone", READ_ONLY, repeat),
            ):
                results.append(_run(name, [sys.executable, "-c", code, *map(str, sides)], rows, repeat=times))
            if millions == 1:
                results.extend(_of_csv([_as_csv(side) for side in sides], rows, check))
    return results


def _of_csv(sides: list[Path], rows: int, check: list[str]) -> list[Timing]:
    """The same rows as CSV, which most feeds are."""
    peer = [sys.executable, "-c", SCIPY.replace("read_parquet", "read_csv"), *map(str, sides)]
    return [
        _run("driftloop check, CSV", [*check, str(sides[0]), "--current", str(sides[1])], rows, repeat=3),
        _run("pandas and scipy's ks_2samp on each column, CSV", peer, rows, repeat=3),
    ]


def _as_csv(path: Path) -> Path:
    csv.write_csv(pq.read_table(path), path.with_suffix(".csv"))
    return path.with_suffix(".csv")


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


def _run(name: str, command: list[str], rows: int, *, repeat: int) -> Timing:
    runs = [_process(command) for _ in range(repeat)]
    seconds, cpu, megabytes = zip(*runs, strict=True)
    timing = Timing(name, rows, statistics.median(seconds), max(megabytes), statistics.median(cpu))
    times = f"{timing.seconds:.3f} s ({timing.cpu:.3f} s of the processor)"
    print(f"speed: {name}, {rows:,} + {rows:,} rows: {times}, {timing.megabytes:.0f} MB", flush=True)
    return timing


def _process(command: list[str]) -> tuple[float, float, float]:
    """Seconds, seconds of processor time and megabytes of a process from its start to its end.

    Started and measured by a small process of its own. A child begins with its parent's memory as its highest mark,
    which Linux keeps over exec. So the memory of a parent with numpy and pandas would count as the child's.
    """
    watch = [sys.executable, "-I", "-S", "-c", WATCH, *command]
    done = subprocess.run(watch, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    seconds, cpu, kilobytes, code = done.stdout.split()
    if int(code):
        raise subprocess.CalledProcessError(int(code), command)
    return float(seconds), float(cpu), float(kilobytes) / 1024


def _warm(reference: Path, window: Path) -> Timing:
    """A comparison in a process that has made some already."""
    command = [sys.executable, "-c", WARM, str(reference), str(window)]
    runs = [
        float(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout) for _ in range(3)
    ]
    timing = Timing("driftloop, warm, 999 permutations", 442, statistics.median(runs), _process(command)[2])
    print(f"speed: warm: {timing.seconds:.3f} s, {timing.megabytes:.0f} MB", flush=True)
    return timing
