"""Event Grid's events: both schemas, duplicates, disorder, other types, and failures of the request that follows."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import msgspec
import pytest

from driftloop.config.models import Config, Model
from driftloop.errors import DispatchError
from driftloop.events import InService
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError
from function_app.event_grid.registered_models import REGISTERED, SENT, version_registered
from tests.driftloop.sqlite_ledger import SqliteLedger


class FakeRuntime:
    """One watched model, a ledger in a file, a target in memory."""

    def __init__(self, path: Any, target: Any) -> None:
        self.config = Config(
            (Model(name="m", records="incoming/m/records/**"), Model(name="n", records="incoming/n/records/*.csv"))
        )
        self.ledger, self.target = SqliteLedger(path / "ledger.db"), target
        self.pointer: InService | None = InService("m", "3", "b" * 64)

    def dispatcher(self, _: Model) -> Any:
        return self.target

    def check(self, _: Model) -> Any:
        return SimpleNamespace(blobs=SimpleNamespace(in_service=lambda: self.pointer))


@pytest.fixture
def runtime(tmp_path: Any, target: Any) -> FakeRuntime:
    return FakeRuntime(tmp_path, target)


def in_event_grid_schema(data: Any, kind: str = REGISTERED, number: str = "e1") -> func.EventGridEvent:
    return func.EventGridEvent(
        id=number,
        data=data,
        topic="/t",
        subject="models/m:4",
        event_type=kind,
        event_time=datetime.now(UTC),
        data_version="1",
    )


def in_cloud_events_schema(data: Any, kind: str = REGISTERED, number: str = "e1") -> func.CloudEvent:
    return func.CloudEvent(
        id=number, source="/s", type=kind, specversion="1.0", time=datetime.now(UTC), subject="models/m:4", data=data
    )


def registered(version: object = "4", **more: Any) -> dict[str, Any]:
    return {"ModelName": "m", "ModelVersion": version, "ModelTags": {}, "ModelProperties": {}, **more}


def as_the_sdks_spell(data: dict[str, Any]) -> dict[str, Any]:
    return {name[0].lower() + name[1:]: value for name, value in data.items()}


@pytest.mark.parametrize("spelling", [dict, as_the_sdks_spell])
@pytest.mark.parametrize("schema", [in_event_grid_schema, in_cloud_events_schema])
def test_a_new_version_is_deployed_by_a_dispatch(
    runtime: FakeRuntime, schema: Callable[..., Any], spelling: Callable[..., Any]
) -> None:
    assert version_registered(runtime, schema(spelling(registered(4))))

    assert [event.payload() for event in runtime.target.sent] == [{"model": "m", "version": "4", "event_id": "e1"}]


def test_a_duplicate_event_sends_nothing(runtime: FakeRuntime) -> None:
    version_registered(runtime, in_event_grid_schema(registered()))

    assert not version_registered(runtime, in_event_grid_schema(registered()))
    assert not version_registered(runtime, in_event_grid_schema(registered(), number="another id"))
    assert len(runtime.target.sent) == 1


def test_events_out_of_order_never_bring_back_an_older_version(runtime: FakeRuntime) -> None:
    version_registered(runtime, in_event_grid_schema(registered(10)))

    assert not version_registered(runtime, in_event_grid_schema(registered(9))), "10 was requested already"
    assert not version_registered(runtime, in_event_grid_schema(registered(3))), "3 is in service"
    assert not version_registered(runtime, in_event_grid_schema(registered(2))), "older than the one in service"
    assert [event.payload()["version"] for event in runtime.target.sent] == ["10"]


def test_the_first_version_of_all_is_deployed(runtime: FakeRuntime) -> None:
    runtime.pointer = None

    assert version_registered(runtime, in_event_grid_schema(registered(1)))


def test_a_version_that_its_training_run_deploys_is_left_to_it(runtime: FakeRuntime) -> None:
    assert not version_registered(runtime, in_event_grid_schema(registered(ModelTags={"deploy": "run"})))
    assert runtime.target.sent == []


def test_tags_are_read_in_the_spelling_of_the_sdks_too(runtime: FakeRuntime) -> None:
    data = as_the_sdks_spell(registered(ModelTags={"deploy": "run"}))
    assert not version_registered(runtime, in_event_grid_schema(data))


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        5,
        {},
        {"ModelName": "m"},
        {"modelName": "m"},
        {"modelName": "stranger", "ModelName": "m", "ModelVersion": 4},
        {1: "m", "modelVersion": 4},
        {"ModelName": "m", "ModelVersion": None},
        {"ModelName": "stranger", "ModelVersion": 1},
        {"ModelName": "m", "ModelVersion": "4\n::set-output"},
        {"ModelName": "m", "ModelVersion": "$(id)"},
        {"ModelName": {}, "ModelVersion": []},
    ],
)
def test_what_is_not_a_version_of_a_watched_model_is_ignored(runtime: FakeRuntime, data: Any) -> None:
    assert not version_registered(runtime, in_cloud_events_schema(data))
    assert runtime.target.sent == []


def test_other_event_types_are_ignored(runtime: FakeRuntime) -> None:
    kind = "Microsoft.MachineLearningServices.RunCompleted"

    assert not version_registered(runtime, in_event_grid_schema(registered(), kind=kind))


def test_a_refused_request_is_repeated_with_the_event(runtime: FakeRuntime) -> None:
    runtime.target.failures = [DispatchRefusedError("403")]
    with pytest.raises(DispatchError):
        version_registered(runtime, in_event_grid_schema(registered()))

    assert version_registered(runtime, in_event_grid_schema(registered()))
    assert len(runtime.target.sent) == 1


@pytest.mark.parametrize(("what", "sent"), [("the event was taken", 1), ("the event was lost", 1)])
def test_after_a_doubt_the_run_is_looked_for_first(runtime: FakeRuntime, what: str, sent: int) -> None:
    runtime.target.failures = [DispatchUncertainError(what)]
    with pytest.raises(DispatchUncertainError):
        version_registered(runtime, in_event_grid_schema(registered()))
    with pytest.raises(DispatchError, match="being handled"):
        version_registered(runtime, in_event_grid_schema(registered()))

    state = runtime.ledger.state("m", datetime.now(UTC))
    old = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    runtime.ledger.commit(msgspec.structs.replace(state, announced={"4": f"claimed {old}"}))
    version_registered(runtime, in_event_grid_schema(registered()))

    assert len(runtime.target.sent) == sent
    assert runtime.ledger.state("m", datetime.now(UTC)).announced == {"4": SENT}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"modelName": "m"},
        {"modelVersion": "4"},
        {"modelName": "m", "modelVersion": None},
        {"modelName": "m", "modelVersion": "4", "modelTags": ["not", "tags"]},
        {"ModelName": "m", "ModelVersion": "4\n::set-output"},
        [],
        "text",
    ],
)
def test_a_registered_model_that_cannot_be_read_is_an_alert(
    runtime: FakeRuntime, data: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A version may wait for a deployment that nobody asks for."""
    assert not version_registered(runtime, in_cloud_events_schema(data))

    (alert,) = [record for record in caplog.records if '"event": "event_unreadable"' in record.message]
    assert alert.levelno == logging.WARNING
    assert "registered model" in alert.message


def test_a_registered_model_in_brackets_without_end_is_an_alert(
    runtime: FakeRuntime, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = in_event_grid_schema(registered())
    monkeypatch.setattr(event, "get_json", lambda: json.loads("[" * 200_000))
    assert not version_registered(runtime, event)
    assert '"event": "event_unreadable"' in caplog.text


def test_a_model_that_is_not_watched_is_said_and_no_alert(
    runtime: FakeRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "driftloop")
    assert not version_registered(runtime, in_cloud_events_schema({"modelName": "stranger", "modelVersion": 1}))

    assert "event_unreadable" not in caplog.text
    (said,) = [record for record in caplog.records if '"event": "event_ignored"' in record.message]
    assert "driftloop.toml does not name" in said.message
    assert "stranger" not in said.message


def test_a_ledger_that_others_keep_writing_is_an_error_and_not_a_version_forgotten(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from driftloop.errors import LedgerError
    from driftloop.ledger.ledger import LedgerConflictError

    commit, commits = SqliteLedger.commit, []

    def conflicts(ledger: SqliteLedger, *given: Any) -> Any:
        commits.append(1)
        if len(commits) == 1:
            return commit(ledger, *given)  # the claim; what is written after the request loses
        raise LedgerConflictError("another process")

    monkeypatch.setattr(SqliteLedger, "commit", conflicts)
    with pytest.raises(LedgerError, match="8 times in a row"):
        version_registered(runtime, in_event_grid_schema(registered()))
    assert len(runtime.target.sent) == 1
    assert len(commits) == 1 + 8
