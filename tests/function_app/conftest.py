"""Azurite for the tests of the function app: one for each worker process; tests keep apart by the names of their
models.
"""

import dataclasses
import hashlib
import io
import itertools
import os
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from azure.core.credentials import AccessToken
from starlette.applications import Starlette

from driftloop import Baseline, Column, Schema
from driftloop.config.models import Model
from driftloop.events import InService, Outcome
from driftloop.ledger.drifts import Drift
from driftloop.ledger.ledger import CheckRecord, Ledger
from driftloop.ledger.model_state import ModelState
from function_app.checks.checking import ModelCheck
from function_app.dispatch.requests import DispatchUncertainError, Event, Run, always, too_late
from function_app.storage.accounts import Storage
from function_app.storage.ledger_table import TableLedger
from sandbox.azurite import Azurite
from sandbox.certificate import issue
from sandbox.identity import Identity
from sandbox.serving import Server

CONTAINERS = ("incoming", "baselines", "quarantine", "reports", "outcomes", "collector")


class LoopbackCredential:
    """Tokens as the managed identity gets them, without the way over HTTP."""

    def __init__(self) -> None:
        self._identity = Identity()

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        token, expires = self._identity.token(scopes[0].removesuffix("/.default"))
        return AccessToken(token, expires)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    folder: Path = tmp_path_factory.mktemp("azurite")
    with Azurite(folder / "data", issue(folder / "certificate")) as running:
        yield running


@pytest.fixture(scope="session")
def storage(azurite: Azurite) -> Storage:
    """An account with the containers, tables and queues that infra makes in Azure."""
    found = Storage(
        azurite.blob_url,
        azurite.queue_url,
        azurite.table_url,
        LoopbackCredential(),
        connection_verify=str(azurite.certificate.authority),
    )
    for name in CONTAINERS:
        found.blobs.create_container(name)
    for name in ("states", "drifts", "checks"):
        found.tables.create_table(name)
    for name in ("checks", "checks-poison"):
        found.queue(name).create_queue()
    return found


@pytest.fixture
def model_name() -> str:
    return f"model-{time.time_ns() % 1_000_000}-{uuid.uuid4().hex[:6]}"


class RecordingTarget:
    """A dispatch target in memory: keeps what was sent, starts a run for each event, and fails on request."""

    dry = False

    def __init__(self) -> None:
        self.sent: list[Event] = []
        self.runs: list[Run] = []
        self.titles: dict[str, str] = {}
        self.failures: list[Exception] = []
        self.lag = False  # runs are not listed

    def send(self, event: Event, may_send: Callable[[], bool] = always) -> Run | None:
        if not may_send():
            raise too_late()
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, DispatchUncertainError) and "taken" in str(failure):
                self._start(event)
            raise failure
        self._start(event)
        return None

    def _start(self, event: Event) -> None:
        self.sent.append(event)
        run = Run(str(len(self.runs) + 1), f"https://github.example/runs/{len(self.runs) + 1}", completed=False)
        self.runs.append(run)
        self.titles[run.run_id] = event.correlation

    def end(self, conclusion: str, number: int = -1) -> None:
        run = self.runs[number]
        self.runs[number] = dataclasses.replace(run, completed=True, conclusion=conclusion)

    def find(self, correlation: str, since: datetime, exclude: Collection[str] = ()) -> Run | None:
        listed = [] if self.lag else [run for run in reversed(self.runs) if run.run_id not in exclude]
        return next((run for run in listed if self.titles[run.run_id] == correlation), None)

    def run(self, run_id: str) -> Run | None:
        return next((run for run in self.runs if run.run_id == run_id), None)


SCHEMA = Schema(
    columns=(
        Column(name="id", kind="categorical", role="id"),
        Column(name="at", kind="datetime", role="timestamp"),
        Column(name="bmi", unit="kg/m2", range=(5, 120)),
        Column(name="sex", kind="categorical", categories=("1", "2")),
        Column(name="progression", role="target"),
    )
)


class Clinic:
    """One watched model on Azurite: a baseline in service, files that land, a clock that stands still until it is
    moved.
    """

    def __init__(self, storage: Storage, name: str, ledger: Ledger) -> None:
        self.storage, self.name, self.ledger = storage, name, ledger
        self.model = Model(
            name=name, records=f"incoming/{name}/records/**", labels=f"incoming/{name}/labels/**", labels_required=0
        )
        self.target = RecordingTarget()
        self.now = datetime.now(UTC)
        self.dice = np.random.default_rng(7)
        self._ids = itertools.count()

    def configure(self, **changes: object) -> None:
        self.model = msgspec.structs.replace(self.model, **changes)

    def rows(self, count: int, shift: float = 0.0) -> pa.Table:
        minutes = np.sort(self.dice.uniform(0, 60, count))
        start = self.now - timedelta(hours=2)
        return pa.table(
            {
                "id": [f"r{next(self._ids):06}" for _ in range(count)],
                "at": [start + timedelta(minutes=float(minute)) for minute in minutes],
                "bmi": np.round(self.dice.normal(26 + 4 * shift, 4, count), 2),
                "sex": self.dice.integers(1, 3, count).astype(str),
            }
        )

    def deploy(self, version: str = "1", shift: float = 0.0, drift_id: str | None = None) -> InService:
        content = Baseline.build(self.rows(300, shift), SCHEMA).to_bytes()
        pointer = InService(self.name, version, hashlib.sha256(content).hexdigest(), drift_id=drift_id)
        baselines = self.storage.container("baselines")
        baselines.upload_blob(f"{self.name}/{version}.parquet", content, overwrite=True)
        baselines.upload_blob(f"{self.name}/in-service.json", msgspec.json.encode(pointer), overwrite=True)
        return pointer

    def land(self, table: pa.Table | bytes, name: str = "day.parquet", kind: str = "records") -> None:
        if isinstance(table, bytes):
            content = table
        else:
            buffer = io.BytesIO()
            writer = pq.write_table if name.endswith(".parquet") else pyarrow.csv.write_csv
            writer(table, buffer)
            content = buffer.getvalue()
        self.storage.container("incoming").upload_blob(f"{self.name}/{kind}/{name}", content, overwrite=True)

    def outcome(self, drift: str, outcome: str, version: str | None = None, at: str = "2026-11-23T08:00:00Z") -> None:
        body = Outcome(drift, outcome, self.name, at, version)  # type: ignore[arg-type]
        self.storage.container("outcomes").upload_blob(f"{drift}.json", msgspec.json.encode(body), overwrite=True)

    def task(self) -> ModelCheck:
        return ModelCheck(self.model, self.storage, self.ledger, self.target, lambda: self.now, lambda _: None)

    def check(self) -> CheckRecord:
        return self.task().check()[0]

    def state(self) -> ModelState:
        return self.ledger.state(self.name, self.now)

    def drift(self) -> Drift:
        return self.ledger.drifts(self.name)[-1]


@pytest.fixture
def clinic(storage: Storage, model_name: str) -> Clinic:
    return Clinic(storage, model_name, TableLedger(storage.tables))


@pytest.fixture
def target() -> RecordingTarget:
    return RecordingTarget()


@pytest.fixture(scope="session")
def identity_environment(azurite: Azurite) -> Iterator[dict[str, str]]:
    """What a process needs to sign in and to find storage, by environment variables alone."""
    identity = Identity()
    with Server(Starlette(routes=[identity.route()])) as server:
        yield {
            "PATH": os.environ["PATH"],
            **identity.environment(server.url),
            **azurite.certificate.environment(),
            **azurite.environment(),
        }
