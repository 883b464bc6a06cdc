"""Tables of any size: a profile beside DuckDB and Polars over one file, its memory, and a window that moves on.

`python -m benchmarks.out_of_core --rows 10000000 [--polars]`: each tool is a fresh process. They take turns, because
what else the machine does changes by the minute, and what counts is the ratio. CPU seconds are told beside.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

STEP = 1 << 20
QUANTILES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
NUMERIC = [f"x{number}" for number in range(8)] + ["count"]
DUCKDB = """
import duckdb, sys
asked = ", ".join(f"count({c}), count(*) - count({c}), approx_quantile({c}, QUANTILES)" for c in NUMERIC)
print(duckdb.sql(f"select {asked}, count(ward), count(*) - count(ward) from '{sys.argv[1]}'").fetchall()[0][0])
"""
POLARS = """
import polars as pl, sys
asked = [each for c in NUMERIC for each in (pl.col(c).count().alias(c + "n"), pl.col(c).null_count().alias(c + "m"),
         *[pl.col(c).quantile(q).alias(f"{c}{q}") for q in QUANTILES])]
print(pl.scan_parquet(sys.argv[1]).select(*asked, pl.col("ward").count()).collect(engine="streaming").row(0)[0])
"""


def table(rows: int, seed: int) -> pa.Table:
    """Measurements of full and of few digits, missing values, a category and counts: 10 columns."""
    random = np.random.default_rng(seed)
    columns = {}
    for number in range(8):
        values = random.normal(50 + number * 10, 5 + number, rows)
        values = values if number % 2 else np.round(random.gamma(2.0, 3.0 + number, rows), 2)
        columns[f"x{number}"] = pa.array(values, mask=random.random(rows) < 0.02 if number in (2, 5) else None)
    wards = pa.array(random.integers(0, 12, rows).astype("int8"))
    columns["ward"] = pa.DictionaryArray.from_arrays(wards, [f"w{n}" for n in range(12)]).cast(pa.string())
    columns["count"] = pa.array(random.poisson(4, rows))
    return pa.table(columns)


def write(path: Path, rows: int) -> None:
    """A file of so many rows, in row groups of a million."""
    with pq.ParquetWriter(path, table(1, 0).schema) as writer:
        for seed, start in enumerate(range(0, rows, STEP)):
            writer.write_table(table(min(STEP, rows - start), seed))


def memory_of(pid: int) -> int:
    """Megabytes of a process and all below it, each page once (proportional set size)."""
    total = 0
    for each in [pid, *_children(pid)]:
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total // 1024


def _children(pid: int) -> list[int]:
    try:
        found = [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        found += [
            int(n) for task in Path(f"/proc/{pid}/task").iterdir() for n in (task / "children").read_text().split()
        ]
    except OSError:
        return []
    return sorted({*found, *(below for each in found for below in _children(each))})


def timed(command: Sequence[str]) -> dict[str, float]:
    """Seconds, CPU seconds of the whole family, and the most memory that it held at once."""
    before, start = os.times(), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            peak[0] = max(peak[0], memory_of(process.pid))

    watching = threading.Thread(target=watch)
    watching.start()
    code = process.wait()
    done.set()
    watching.join()
    after = os.times()
    if code:
        raise RuntimeError(f"{command}: exit code {code}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": time.perf_counter() - start, "cpu": cpu, "megabytes": peak[0]}


def profile_command(data: str, output: Path, *options: str) -> list[str]:
    """The command of a profile."""
    return [sys.executable, "-m", "driftloop", "profile", data, "-o", str(output), "-q", *options]


def side_by_side(file: Path, folder: Path, *, repeats: int, polars: bool) -> dict[str, dict[str, float]]:
    """The tools in turns over one file: medians."""
    given = f"QUANTILES = {QUANTILES}\nNUMERIC = {NUMERIC}\n"
    commands: dict[str, list[str]] = {
        "driftloop, 2 processes": profile_command(str(file), folder / "a.profile", "--processes", "2"),
        "driftloop, 1 process": profile_command(str(file), folder / "b.profile", "--processes", "1"),
        "DuckDB": [sys.executable, "-c", given + DUCKDB.replace("QUANTILES", str(QUANTILES)), str(file)],
    }
    if polars:
        commands["Polars"] = [sys.executable, "-c", given + POLARS, str(file)]
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            runs[name].append(timed(command))
            print(f"  {name}: {runs[name][-1]}", flush=True)
    assert (folder / "a.profile").read_bytes() == (folder / "b.profile").read_bytes()
    return {name: {key: median(run[key] for run in each) for key in each[0]} for name, each in runs.items()}


def moving_window(folder: Path, days: Sequence[int], rows: int) -> list[dict[str, float]]:
    """What a check of a window costs: for the first time, with nothing new, and moved on by a day."""
    found = []
    for count in days:
        data, cache = folder / f"days-{count}", folder / f"cache-{count}"
        data.mkdir()
        for day in range(count):
            pq.write_table(table(rows, day), data / f"{day:04}.parquet")
        # Written just now a file is not looked up: a day passes.
        for path in data.iterdir():
            os.utime(path, (time.time() - 86_400,) * 2)
        baseline = folder / "baseline.profile"
        subprocess.run(profile_command(str(data / "0000.parquet"), baseline), check=True)
        command = [
            sys.executable,
            "-m",
            "driftloop",
            "check",
            "--reference",
            str(baseline),
            "--current",
            str(data),
            "-q",
        ]
        cached: Callable[[], dict[str, float]] = lambda: timed([*command, "--cache", str(cache)])  # noqa: B023, E731
        line = {"days": count, "rows a day": rows, "first": cached()["cpu"], "again": cached()["cpu"]}
        (data / "0000.parquet").unlink()
        pq.write_table(table(rows, count), data / f"{count:04}.parquet")
        os.utime(data / f"{count:04}.parquet", (time.time() - 86_400,) * 2)
        line["a day on"] = cached()["cpu"]
        line["without a cache"] = timed([*command, "--processes", "1"])["cpu"]
        found.append(line)
        print(f"  {line}", flush=True)
        shutil.rmtree(data)
        shutil.rmtree(cache)
    return found


@click.command()
@click.option("--rows", default=10_000_000)
@click.option("--file", type=click.Path(path_type=Path), help="A file that `write` made before.")
@click.option("--repeats", default=3)
@click.option("--polars", is_flag=True, help="Its quantiles are exact and take much memory.")
@click.option("--days", multiple=True, type=int, help="Windows of so many days.")
@click.option("--rows-a-day", default=100_000)
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/benchmarks/out_of_core.json"))
def main(
    rows: int, file: Path | None, repeats: int, polars: bool, days: tuple[int, ...], rows_a_day: int, out: Path
) -> None:
    """Measure, print and write JSON."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found: dict[str, object] = {"rows": rows, "cores": len(os.sched_getaffinity(0))}
        if repeats:
            data = file or folder / "data.parquet"
            if file is None:
                write(data, rows)
            found["side by side"] = side_by_side(data, folder, repeats=repeats, polars=polars)
        if days:
            found["moving window"] = moving_window(folder, days, rows_a_day)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, indent=1))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
