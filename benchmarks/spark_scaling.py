"""Profiles on Spark on one core with one task at a time, and on two with two, in turns, over the same file.

`python -m benchmarks.spark_scaling --rows 20000000 --pairs 3` after `make spark`. Seconds say something only where
nothing else runs: the processor time of Spark's own process is not that of a child, and is not counted. Cores are
taken away by affinity: one task alone keeps both busy, because Java and Arrow read ahead beside it.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from statistics import median

import click

from benchmarks.out_of_core import timed, write

MASTERS = {"local[1]": 1, "local[2]": 2}
"""Tasks at once, and the cores that the whole process has."""


def run(python: Path, file: Path, output: Path, master: str) -> dict[str, float]:
    """One profile as a fresh process."""
    os.environ["PYSPARK_PYTHON"] = str(python)
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--master {master} --conf spark.ui.enabled=false pyspark-shell"
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(all_cores)[: MASTERS[master]])  # what is started inherits it
    try:
        return timed(
            [str(python), "-m", "driftloop", "profile", str(file), "-o", str(output), "--engine", "spark", "-q"]
        )
    finally:
        os.sched_setaffinity(0, all_cores)


@click.command()
@click.option("--rows", default=20_000_000)
@click.option("--pairs", default=3)
@click.option("--python", type=click.Path(path_type=Path), default=Path(".tools/spark/bin/python").absolute())
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/benchmarks/spark_scaling.json"))
def main(rows: int, pairs: int, python: Path, out: Path) -> None:
    """Measure, print and write JSON."""
    found: dict[str, list[dict[str, float]]] = {
        name: [] for master in MASTERS for name in (f"start of {master}", master)
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "small.parquet", 1_000)  # what starting Spark takes
        write(folder / "data.parquet", rows)
        for _ in range(pairs):
            for master in MASTERS:
                small = run(python, folder / "small.parquet", folder / "s.profile", master)
                found[f"start of {master}"].append(small)
                found[master].append(run(python, folder / "data.parquet", folder / f"{master}.profile", master))
            print(json.dumps({name: runs[-1] for name, runs in found.items()}), flush=True)
        assert len({(folder / f"{master}.profile").read_bytes() for master in MASTERS}) == 1
    medians = {
        name: {key: median(each[key] for each in runs) for key in ("seconds", "megabytes")}
        for name, runs in found.items()
    }
    print(json.dumps(medians))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"rows": rows, "runs": found, "medians": medians}, indent=1))


if __name__ == "__main__":
    main()
