"""Memory of the function app over hostile files: `python -m benchmarks.hostile_files --checks 4`.

Twelve files that are small in storage and large inside, or that no reader expects, land at once for each model. The
models are checked at the same time in one process, as an instance does (`host.json`: four messages at once). They are
read from Azurite on the same machine.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
import numpy as np
import pyarrow as pa

from benchmarks.account import account
from benchmarks.memory import INPUTS
from driftloop import Baseline, Column, Schema
from driftloop.events import InService

OUT = Path(__file__).resolve().parent.parent / "out"
LIMIT = 1_500
"""Megabytes that four checks in an instance of 2,048 may take together, whatever comes."""
CHECKS = 4
"""At once in an instance: `batchSize` of host.json."""
LARGE_INSIDE = (
    "rows.csv.gz",
    "cells.csv.gz",
    "texts.csv.gz",
    "line.csv.gz",
    "quote.csv.gz",
    "rows.jsonl.gz",
    "line.jsonl.gz",
    "nested.jsonl.gz",
    "page.parquet",
    "same.parquet",
    "text.parquet",
    "batch.arrow",
)
SCHEMA = Schema(columns=(Column(name="x"), Column(name="y")))


@dataclass(frozen=True)
class Together:
    """What checks at the same time took in one process."""

    verdicts: tuple[str, ...]
    set_aside: tuple[int, ...]
    """Files, by check."""
    megabytes: int
    """The most that the process held."""
    seconds: float
    cpu: float


def measure(checks: int, names: tuple[str, ...] = LARGE_INSIDE) -> Together:
    """Land these files for so many models, and check all models at once.

    Parameters
    ----------
    checks : int
        Models, and checks at the same time.
    names : tuple[str, ...]
        Of `benchmarks.memory.INPUTS`.
    """
    OUT.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="hostile-", dir=OUT))
    models = [f"hostile-{number}" for number in range(checks)]
    try:
        with account(folder) as (storage, variables):
            values = np.random.default_rng(1).normal(size=(2, 10_000))
            baseline = Baseline.build(pa.table({"x": values[0], "y": values[1]}), SCHEMA).to_bytes()
            for model in models:
                pointer = InService(model, "1", hashlib.sha256(baseline).hexdigest())
                storage.container("baselines").upload_blob(f"{model}/1.parquet", baseline)
                storage.container("baselines").upload_blob(f"{model}/in-service.json", msgspec.json.encode(pointer))
            for name in names:
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    pool.apply(_write, (name, folder))  # some take a gigabyte to make
                for model in models:
                    with (folder / name).open("rb") as content:
                        storage.container("incoming").upload_blob(f"{model}/records/{name}", content)
                (folder / name).unlink()
            settings = folder / "driftloop.toml"
            entry = '[[model]]\nname = "{}"\nsettle_seconds = 0\n[model.dispatch]\ntarget = "dry-run"\n'
            settings.write_text("".join(entry.format(model) for model in models))
            environment = {**variables, "DRIFTLOOP_CONFIG": str(settings), "OPENBLAS_NUM_THREADS": "1"}
            with multiprocessing.get_context("spawn").Pool(1, _begin, (environment,)) as pool:
                found: Together = pool.apply(_check, (models,))
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(name: str, folder: Path) -> None:
    INPUTS[name](folder / name)


def _begin(environment: Mapping[str, str]) -> None:
    os.environ.update(environment)


def _check(models: list[str]) -> Together:
    from function_app.queue.handling import handle
    from function_app.runtime import Runtime

    runtime = Runtime()
    began, used = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(len(models)) as pool:
        messages = (msgspec.json.encode({"model": model}) for model in models)
        done = [check for check in pool.map(lambda body: handle(runtime, body), messages) if check is not None]
    # VmHWM: unlike ru_maxrss, it does not count what the process was before it became this one.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return Together(
        tuple(check.verdict for check in done),
        tuple(len(check.quarantined) for check in done),
        int(peak.split()[1]) // 1024,
        time.monotonic() - began,
        time.process_time() - used,
    )


@click.command()
@click.option("--checks", type=click.IntRange(1, 16), default=CHECKS, show_default=True, help="at the same time")
def main(checks: int) -> None:
    """Measure the memory of checks over hostile files."""
    found = measure(checks)
    click.echo(f"{checks} checks at once, {len(LARGE_INSIDE)} hostile files each")
    click.echo(f"  verdicts  {', '.join(found.verdicts)}; files set aside: {', '.join(map(str, found.set_aside))}")
    click.echo(f"  memory    {found.megabytes} MB at most, limit {LIMIT}")
    click.echo(f"  time      {found.seconds:.1f} s, {found.cpu:.1f} s of CPU in the app")


if __name__ == "__main__":
    main()
