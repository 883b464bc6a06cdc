"""What one check of one model costs while more and more models are watched: requests, bytes and processor time.

Each model has one small new window. The timer's tick, the checks and a second round without new data are counted apart.
Storage is Azurite on the same machine. What the app asks of it is counted where the app asks, so that it does not
depend on the machine. Seconds would; processor time of this process is given beside them.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.account import UPLOADERS, account
from benchmarks.rates import stream
from driftloop import Baseline, Schema
from driftloop.events import InService
from function_app.queue.handling import handle
from function_app.queue.timer import start_checks
from function_app.runtime import Runtime
from function_app.storage.accounts import Storage
from function_app.storage.ledger_table import TableLedger

MODELS = (100, 1_000, 10_000)
CHECKED = 100  # models whose checks are counted, spread over all: ten thousand checks would count the same
ROWS, COLUMNS = 40, 4
SERVICES = ("blob", "queue", "table")


@dataclass
class Counts:
    """Requests by service, and the bytes of their bodies in both directions."""

    requests: Counter[str] = field(default_factory=Counter)
    bytes: int = 0


@dataclass(frozen=True)
class PerModel:
    """Of one model: requests to each service, kB both ways, and milliseconds of processor time of this process."""

    models: int
    part: str
    blob: float
    queue: float
    table: float
    kilobytes: float
    cpu_ms: float


def many_models(scale: float) -> list[PerModel]:
    """Every number of models; `scale` shrinks them."""
    return [each for models in MODELS for each in measured(max(10, round(models * min(scale, 1.0))))]


def measured(models: int) -> list[PerModel]:
    """One number of models, in an account of its own."""
    with tempfile.TemporaryDirectory() as name, account(folder := Path(name)) as (storage, _):
        names = [f"model-{number:05}" for number in range(models)]
        chosen = names[:: max(1, len(names) // CHECKED)][:CHECKED]
        _prepare(storage, names, set(chosen))
        (folder / "driftloop.toml").write_text("".join(f'[[model]]\nname = "{each}"\n' for each in names))
        environ = {"DRIFTLOOP_CONFIG": str(folder / "driftloop.toml"), "DRIFT_CHECK_SCHEDULE": "0 0 6 * * *"}
        runtime = Runtime(environ, storage)
        _check(runtime, chosen[:1])  # imports
        rest = chosen[1:]
        with counted(storage) as counts:
            return [
                _per_model(counts, models, "timer's tick", models, lambda: start_checks(runtime)),
                _per_model(counts, models, "check of a new window", len(rest), lambda: _check(runtime, rest)),
                _per_model(counts, models, "check, nothing new", len(rest), lambda: _check(runtime, rest)),
                _per_model(counts, models, "list of models", models, runtime.ledger.overviews),
            ]


def _per_model(counts: Counts, models: int, part: str, over: int, work: Callable[[], object]) -> PerModel:
    counts.requests.clear()
    counts.bytes = 0
    began = time.process_time()
    work()
    cpu = time.process_time() - began
    found = PerModel(
        models,
        part,
        *(counts.requests[service] / over for service in SERVICES),
        kilobytes=counts.bytes / over / 1000,
        cpu_ms=1000 * cpu / over,
    )
    print(f"many models: {found}", flush=True)
    return found


def _check(runtime: Runtime, names: list[str]) -> None:
    for name in names:
        handle(runtime, msgspec.json.encode({"model": name}))


@contextmanager
def counted(storage: Storage) -> Iterator[Counts]:
    """Counts every request that this process sends with `requests`, which is what Azure's clients send with."""
    import requests

    urls = {"blob": storage.blobs.url, "queue": storage.queue("checks").url, "table": storage.tables.url}
    services = {urlsplit(url).netloc: name for name, url in urls.items()}
    counts, before = Counts(), requests.Session.send

    def send(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        answer = before(session, request, **options)
        counts.requests[services[urlsplit(str(request.url)).netloc]] += 1
        sent = request.body
        counts.bytes += len(sent) if isinstance(sent, bytes | str) else int(request.headers.get("Content-Length", 0))
        counts.bytes += int(answer.headers.get("Content-Length") or len(answer.content))
        return answer

    requests.Session.send = send  # type: ignore[method-assign, assignment]
    try:
        yield counts
    finally:
        requests.Session.send = before  # type: ignore[method-assign]


def _prepare(storage: Storage, names: list[str], checked: set[str]) -> None:
    """A new file and a row of the ledger for each model; a version in service for those that are checked."""
    rng = stream(40, len(names))
    reference = _records(rng)
    baseline = Baseline.build(reference, Schema.infer(reference.to_batches())).to_bytes()
    sha256 = hashlib.sha256(baseline).hexdigest()
    ledger, now = TableLedger(storage.tables), datetime.now(UTC)
    windows = {name: _parquet(_records(rng)) for name in names}

    def upload(name: str) -> None:
        if name in checked:
            pointer = msgspec.json.encode(InService(name, "1", sha256))
            storage.container("baselines").upload_blob(f"{name}/1.parquet", baseline)
            storage.container("baselines").upload_blob(f"{name}/in-service.json", pointer)
        storage.container("incoming").upload_blob(f"{name}/records/day.parquet", windows[name])
        ledger.state(name, now)

    with ThreadPoolExecutor(UPLOADERS) as pool:
        list(pool.map(upload, names))


def _records(rng: np.random.Generator) -> pa.Table:
    return pa.table({f"x{number}": rng.normal(size=ROWS) for number in range(COLUMNS)})


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()
