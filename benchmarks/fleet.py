"""A fleet of models through the queue: `python -m benchmarks.fleet --models 1000`.

Each model has one new window of 1,000 rows. The timer is fired once, and the clock runs until the last check is in
the ledger. Storage is Azurite on the same machine, so its work is in the time as well.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.account import UPLOADERS, account, cpu_seconds
from driftloop import Baseline, Schema
from driftloop.events import InService
from function_app.storage.accounts import Storage
from function_app.storage.ledger_table import TableLedger
from sandbox.functions_host import FunctionsHost

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 10
SAMPLE_SECONDS = 0.5


@dataclass(frozen=True)
class Fleet:
    """What was measured, of the app's process.

    CPU is its own: Azurite's is not in it. Memory is in MB, when a tenth of the time was over and at its most. `growth`
    is the slope of a line through its second half, in MB for 1,000 checks.
    """

    models: int
    rows: int
    seconds: float
    cpu: float
    checked: int
    memory_early: float
    memory_most: float
    growth: float


def fleet(models: int, rows: int = 1000, timeout: float = 1800) -> Fleet:
    """Makes the fleet, fires the timer, waits for the last check."""
    with tempfile.TemporaryDirectory() as name, account(folder := Path(name)) as (storage, variables):
        names = _prepare(storage, models, rows)
        tables = "".join(f'[[model]]\nname = "{model}"\n' for model in names)
        (folder / "driftloop.toml").write_text(tables, encoding="utf-8")
        environment = {
            "PATH": os.environ["PATH"],
            **variables,
            "DRIFT_CHECK_SCHEDULE": "0 0 6 * * *",
            "DRIFTLOOP_CONFIG": str(folder / "driftloop.toml"),
        }
        with FunctionsHost(ROOT, environment, folder / "functions") as host:
            return _measured(host, TableLedger(storage.tables), models, rows, timeout)


def _prepare(storage: Storage, models: int, rows: int) -> list[str]:
    dice = np.random.default_rng(1)
    reference = _records(dice, rows)
    schema = Schema.infer(reference.to_batches())
    baseline = Baseline.build(reference, schema).to_bytes()
    sha256 = hashlib.sha256(baseline).hexdigest()
    names = [f"model-{number:04}" for number in range(models)]
    windows = [(name, _parquet(_records(dice, rows))) for name in names]

    def upload(item: tuple[str, bytes]) -> None:
        name, window = item
        pointer = msgspec.json.encode(InService(name, "1", sha256))
        storage.container("baselines").upload_blob(f"{name}/1.parquet", baseline)
        storage.container("baselines").upload_blob(f"{name}/in-service.json", pointer)
        storage.container("incoming").upload_blob(f"{name}/records/day.parquet", window)

    with ThreadPoolExecutor(UPLOADERS) as pool:
        list(pool.map(upload, windows))
    return names


def _records(dice: np.random.Generator, rows: int) -> pa.Table:
    values = dice.normal(size=(rows, COLUMNS)) @ np.triu(np.full((COLUMNS, COLUMNS), 0.2) + np.eye(COLUMNS))
    return pa.table({f"x{number}": values[:, number] for number in range(COLUMNS)})


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _measured(host: FunctionsHost, ledger: TableLedger, models: int, rows: int, timeout: float) -> Fleet:
    memory: list[float] = []
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(host.pid, memory, ended), daemon=True)
    watcher.start()
    began, used = time.monotonic(), cpu_seconds(host.pid)
    host.fire("check_drift", timeout=timeout)
    seconds, cpu = time.monotonic() - began, cpu_seconds(host.pid) - used
    ended.set()
    watcher.join()
    checked = sum(state.verdict in ("stable", "drift") for state in ledger.overviews())
    early = memory[min(len(memory) - 1, len(memory) // 10)] if memory else float("nan")
    late = memory[len(memory) // 2 :]
    slope = float(np.polyfit(np.arange(len(late)), late, 1)[0]) if len(late) > 2 else float("nan")
    growth = slope * len(memory) / models * 1000
    return Fleet(models, rows, seconds, cpu, checked, early, max(memory, default=float("nan")), growth)


def _watch(pid: int, memory: list[float], ended: threading.Event) -> None:
    status = Path(f"/proc/{pid}/status")
    while not ended.wait(SAMPLE_SECONDS) and status.exists():
        resident = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        memory.append(int(resident.split()[1]) / 1024)


@click.command()
@click.option("--models", type=click.IntRange(1, 10_000), default=1000)
@click.option("--rows", type=click.IntRange(20, 1_000_000), default=1000)
def main(models: int, rows: int) -> None:
    """Measure a fleet."""
    found = fleet(models, rows)
    click.echo(f"models                   {found.models} (one window of {found.rows} rows and {COLUMNS} columns each)")
    click.echo(f"checked                  {found.checked} in {found.seconds:.1f} s, {os.cpu_count()} cores")
    click.echo(f"CPU of the app           {found.cpu:.1f} s")
    click.echo(f"memory of the app        {found.memory_early:.0f} MB early, {found.memory_most:.0f} MB at most")
    click.echo(f"growth, second half      {found.growth:+.0f} MB for 1,000 checks")


if __name__ == "__main__":
    main()
