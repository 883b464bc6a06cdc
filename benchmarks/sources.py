"""Sources at size: `python -m benchmarks.sources --gigabytes 5 --format parquet` and `--files 10000`.

One new window is checked as the function app checks it: `handle` with one message, in a process of its own. It is read
from Azurite on the same machine. What is generated lies below out/ and is deleted afterwards.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks.account import UPLOADERS, account
from driftloop import Baseline, Schema
from driftloop.events import InService
from function_app.storage.accounts import Storage

OUT = Path(__file__).resolve().parent.parent / "out"
MODEL = "large"
COLUMNS = 10
BLOCK = 500_000  # rows that are generated, and written as one row group
FORMATS = ("parquet", "csv", "csv.gz", "jsonl", "jsonl.gz")
SMALL = ("parquet", "csv", "jsonl")


@dataclass(frozen=True)
class Checked:
    """One check. Memory is the most that its process held, in MB; CPU seconds are its own."""

    verdict: str
    files: int
    rows: int
    seconds: float
    cpu: float
    memory: float


def large_file(gigabytes: float, form: str) -> tuple[float, Checked]:
    """A file of at least this size (before gzip), checked; its size in GB as it is stored."""
    with _account() as (storage, environment, folder):
        _deploy(storage)
        path = folder / f"day.{form}"
        _write(path, form, int(gigabytes * 1e9))
        size = path.stat().st_size / 1e9
        with path.open("rb") as content:
            storage.container("incoming").upload_blob(
                f"{MODEL}/records/{path.name}", content, max_concurrency=2, length=path.stat().st_size
            )
        path.unlink()
        return size, _in_a_process(environment)


def small_files(count: int, rows: int = 20) -> Checked:
    """Many files of a few rows each, Parquet, CSV and JSON Lines in turn, checked as one window."""
    with _account() as (storage, environment, _):
        _deploy(storage)
        dice = np.random.default_rng(3)
        container = storage.container("incoming")

        def upload(item: tuple[int, bytes]) -> None:
            number, content = item
            container.upload_blob(f"{MODEL}/records/{number:06}.{SMALL[number % 3]}", content)

        with ThreadPoolExecutor(UPLOADERS) as pool:
            made = ((number, _encoded(_records(dice, rows), SMALL[number % 3])) for number in range(count))
            for _ in pool.map(upload, made):
                pass
        return _in_a_process(environment)


@contextmanager
def _account() -> Iterator[tuple[Storage, dict[str, str], Path]]:
    OUT.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="sources-", dir=OUT))
    try:
        with account(folder) as (storage, variables):
            settings = folder / "driftloop.toml"
            settings.write_text(
                f'[[model]]\nname = "{MODEL}"\nsettle_seconds = 0\n[model.dispatch]\ntarget = "dry-run"\n'
            )
            environment = {
                **variables,
                "DRIFTLOOP_CONFIG": str(settings),
                "OPENBLAS_NUM_THREADS": "1",  # as function_app sets it, but numpy is imported here before
            }
            yield storage, environment, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _deploy(storage: Storage) -> None:
    reference = _records(np.random.default_rng(1), 10_000)
    baseline = Baseline.build(reference, Schema.infer(reference.to_batches())).to_bytes()
    pointer = InService(MODEL, "1", hashlib.sha256(baseline).hexdigest())
    storage.container("baselines").upload_blob(f"{MODEL}/1.parquet", baseline)
    storage.container("baselines").upload_blob(f"{MODEL}/in-service.json", msgspec.json.encode(pointer))


def _records(dice: np.random.Generator, rows: int) -> pa.Table:
    return pa.table({f"x{number}": dice.normal(size=rows).astype(np.float64) for number in range(COLUMNS)})


def _write(path: Path, form: str, size: int) -> None:
    dice = np.random.default_rng(2)
    with path.open("wb") as file:
        if form == "parquet":
            with pq.ParquetWriter(file, _records(dice, 1).schema, compression="none", use_dictionary=False) as writer:
                while file.tell() < size:
                    writer.write_table(_records(dice, BLOCK), row_group_size=BLOCK)
            return
        with gzip.open(file, "wb", compresslevel=1) if form.endswith(".gz") else nullcontext(file) as out:
            written = 0
            while written < size:
                text = _encoded(_records(dice, BLOCK // 10), form.removesuffix(".gz"), header=written == 0)
                out.write(text)
                written += len(text)


def _encoded(table: pa.Table, form: str, *, header: bool = True) -> bytes:
    buffer = io.BytesIO()
    if form == "parquet":
        pq.write_table(table, buffer)
    elif form == "csv":
        pyarrow.csv.write_csv(table, buffer, pyarrow.csv.WriteOptions(include_header=header))
    else:
        encode = msgspec.json.Encoder().encode_lines
        buffer.write(encode(table.to_pylist()))
    return buffer.getvalue()


def _in_a_process(environment: Mapping[str, str]) -> Checked:
    with multiprocessing.get_context("spawn").Pool(1, _begin, (dict(environment),)) as pool:
        found: Checked = pool.apply(_check)
    return found


def _begin(environment: dict[str, str]) -> None:
    os.environ.update(environment)


def _check() -> Checked:
    from function_app.queue.handling import handle
    from function_app.runtime import Runtime

    began, used = time.monotonic(), time.process_time()
    check = handle(Runtime(), msgspec.json.encode({"model": MODEL}))
    if check is None:
        raise SystemExit("nothing was checked")
    # VmHWM: unlike ru_maxrss, it does not count what the process was before it became this one.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    memory = int(peak.split()[1]) / 1024
    seconds, cpu = time.monotonic() - began, time.process_time() - used
    return Checked(check.verdict, check.files, check.rows, seconds, cpu, memory)


@click.command()
@click.option("--gigabytes", type=click.FloatRange(0.01, 100), help="one file of this size")
@click.option("--format", "form", type=click.Choice(FORMATS), default="parquet")
@click.option("--files", type=click.IntRange(1, 100_000), help="so many small files")
def main(gigabytes: float | None, form: str, files: int | None) -> None:
    """Measure one window from large or many files."""
    if gigabytes:
        size, found = large_file(gigabytes, form)
        _tell(f"one {form} file of {size:.2f} GB", found)
    if files:
        _tell(f"{files} small files", small_files(files))


def _tell(what: str, found: Checked) -> None:
    click.echo(what)
    click.echo(f"  verdict   {found.verdict} on {found.rows:,} rows of {found.files} files")
    click.echo(f"  time      {found.seconds:.1f} s, {found.cpu:.1f} s of CPU in the app")
    click.echo(f"  memory    {found.memory:.0f} MB at most")


if __name__ == "__main__":
    main()
