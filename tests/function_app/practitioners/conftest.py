"""One model in service on Azurite with its endpoint, and the page in front of both."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import azure.functions as func
import msgspec
import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline
from driftloop.config.models import Config, Model
from driftloop.events import InService
from driftloop.ledger.ledger import Ledger
from function_app.practitioners import page
from function_app.practitioners.limits import RateLimit
from function_app.scoring import client
from function_app.scoring.client import ScoringClient
from function_app.scoring.locating import Locator
from function_app.storage.accounts import Storage
from function_app.storage.ledger_table import TableLedger
from sandbox.serving import Server
from tests.function_app.conftest import LoopbackCredential
from tests.function_app.scoring.workspace import HOSTILE, PLACE, Workspace, loaded, records
from training.features import frame

GOOD = {"m.age": "50", "m.bmi": "31.5", "m.free": "", "m.sex": "2", f"m.{HOSTILE}": HOSTILE}
SAME = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}


def baseline_of(workspace: Workspace) -> bytes:
    """The baseline that was registered with the workspace's model."""
    schema = workspace.model.model.schema
    table = frame(records(600, np.random.default_rng(5)), schema)
    return Baseline.build(pa.Table.from_pandas(table, preserve_index=False), schema).to_bytes()


def put_in_service(storage: Storage, name: str, workspace: Workspace) -> None:
    """What deploy leaves for the function app."""
    content, version = baseline_of(workspace), workspace.model.version
    pointer = InService(
        name,
        version,
        hashlib.sha256(content).hexdigest(),
        deployed_at="2026-11-20T08:00:00Z",
        endpoint=workspace.endpoint,
    )
    baselines = storage.container("baselines")
    baselines.upload_blob(f"{name}/{version}.parquet", content, overwrite=True)
    baselines.upload_blob(f"{name}/in-service.json", msgspec.json.encode(pointer), overwrite=True)


class Site:
    """The page's own runtime, and requests to it."""

    schedule = "0 0 6 * * *"

    def __init__(self, storage: Storage, name: str, workspace: Workspace) -> None:
        self.name, self.storage, self.workspace = name, storage, workspace
        self.config = Config((Model(name=name),))
        self.ledger: Ledger = TableLedger(storage.tables)
        self.environ: dict[str, str] = {**PLACE, "ARM_CLOUD_METADATA_URL": f"{workspace.url}/metadata"}
        self.scoring = ScoringClient(self.environ, Locator(self.environ, client._session(), LoopbackCredential()))
        self.limit = RateLimit(per_minute=6_000, burst=100)

    def serve(self, model: Any = None) -> None:
        """Put the workspace's model into service."""
        if model is not None:
            self.workspace.model = model
        put_in_service(self.storage, self.name, self.workspace)

    def checked(self, **state: Any) -> None:
        """A check that has just ended."""
        now = datetime.now(UTC)
        found = self.ledger.state(self.name, now)
        self.ledger.commit(msgspec.structs.replace(found, last_checked_at=now, **{"last_verdict": "stable", **state}))

    def get(self, **options: Any) -> func.HttpResponse:
        """The form."""
        return self.ask("GET", **options)

    def post(self, fields: dict[str, str] | None = None, **options: Any) -> func.HttpResponse:
        """A form that is sent."""
        body = urlencode(GOOD | (fields or {})).encode()
        return self.ask("POST", **{"body": body, "headers": SAME, **options})

    def ask(self, method: str, **options: Any) -> func.HttpResponse:
        """A request to the model's page."""
        handler = options.pop("handler", page.show_model)
        request = func.HttpRequest(
            method,
            options.pop("url", f"https://app.example/api/predict/{self.name}"),
            headers=options.pop("headers", {}),
            params=options.pop("params", {}),
            route_params={"model": options.pop("model", self.name)},
            body=options.pop("body", b""),
        )
        assert not options
        return page.answer(handler, lambda: self, request, self.limit)  # type: ignore[arg-type, return-value]


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    made = Workspace(loaded())
    with Server(made.application()) as server:
        made.url = server.url
        yield made


@pytest.fixture
def site(storage: Storage, model_name: str, workspace: Workspace) -> Site:
    made = Site(storage, model_name, workspace)
    made.serve()
    made.checked()
    return made
