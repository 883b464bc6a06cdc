"""The HTTP API: its answers, its problems, and the description that it is held to."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.functions as func
import jsonschema
import msgspec
import pytest

from driftloop.config.models import Config, Model
from driftloop.errors import ConfigError, LedgerError
from driftloop.ledger.drifts import Drift, open_drift
from driftloop.ledger.ledger import CheckRecord
from function_app.http import api as http_api
from function_app.http.openapi import DESCRIPTION
from tests.driftloop.sqlite_ledger import SqliteLedger

NOW = datetime.now(UTC)


class FakeRuntime:
    """A runtime with two models, a ledger in a file, and a queue that is a list."""

    schedule = "0 0 * * * *"

    def __init__(self, path: Any) -> None:
        self.config = Config((Model(name="a"), Model(name="b")))
        self.ledger = SqliteLedger(path / "ledger.db")


@pytest.fixture
def runtime(tmp_path: Any) -> FakeRuntime:
    return FakeRuntime(tmp_path)


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []

    def ask_once(runtime: object, model: str) -> bool:
        found.append(model)
        return True

    monkeypatch.setattr(http_api, "ask_once", ask_once)
    return found


def call(runtime: Any, name: str, body: bytes = b"", params: dict[str, str] | None = None, **route: str) -> Any:
    method = "POST" if name == "start_check" else "GET"
    request = func.HttpRequest(method, f"https://app/api/{name}", params=params or {}, route_params=route, body=body)
    answer = http_api.answer(getattr(http_api, name), lambda: runtime, request)
    return answer.status_code, json.loads(answer.get_body()), answer.mimetype


def a_check(**fields: Any) -> CheckRecord:
    return msgspec.structs.replace(
        CheckRecord(check_id="chk-1", model="a", at=NOW, verdict="stable", rows=60), **fields
    )


def test_a_check_is_asked_for_and_done_by_the_queue(runtime: FakeRuntime, queued: list[str]) -> None:
    assert call(runtime, "start_check", b'{"model": "a"}')[:2] == (202, {"queued": ["a"]})
    assert call(runtime, "start_check")[:2] == (202, {"queued": ["a", "b"]})
    assert queued == ["a", "a", "b"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"model": "x"}', 404),
        (b"{", 400),
        (b'{"modle": "a"}', 400),
        (b'{"model": 5}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 4_000, 400),
        (b" " * 5 + b"[" * 20_000, 413),
    ],
)
def test_a_body_that_makes_no_sense_is_a_problem_and_asks_for_nothing(
    runtime: FakeRuntime, queued: list[str], body: bytes, status: int
) -> None:
    found, problem, mimetype = call(runtime, "start_check", body)

    assert (found, problem["status"], mimetype) == (status, status, "application/problem+json")
    assert problem["detail"]
    assert queued == []


def test_checks_are_listed_newest_first(runtime: FakeRuntime) -> None:
    state = runtime.ledger.state("a", NOW)
    state = runtime.ledger.commit(state, a_check(check_id="chk-1"))
    runtime.ledger.commit(state, a_check(check_id="chk-2", at=NOW + timedelta(hours=1)))

    assert [check["check_id"] for check in call(runtime, "list_checks")[1]["checks"]] == ["chk-2", "chk-1"]
    assert [check["check_id"] for check in call(runtime, "list_checks", params={"limit": "1"})[1]["checks"]] == [
        "chk-2"
    ]
    assert call(runtime, "list_checks", params={"model": "b"})[1] == {"checks": []}


@pytest.mark.parametrize(
    "params", [{"limit": "0"}, {"limit": "1e3"}, {"limit": "201"}, {"limit": "٣"}, {"colour": "red"}]
)
def test_wrong_parameters_are_a_problem(runtime: FakeRuntime, params: dict[str, str]) -> None:
    assert call(runtime, "list_checks", params=params)[0] == 400


def test_a_check_is_told_with_the_drift_that_it_found(runtime: FakeRuntime) -> None:
    drift = open_drift(
        Drift(
            drift_id="drift-1",
            check_id="chk-1",
            model="a",
            baseline_version="1",
            baseline_sha256="b",
            epoch=0,
            reason="drift",
            as_of="2026-01-02T00:00:00Z",
            since="2026-01-01T00:00:00Z",
        ),
        NOW,
        "found",
    )
    runtime.ledger.commit(runtime.ledger.state("a", NOW), a_check(verdict="drift", drift_id="drift-1"), drift)

    status, body, _ = call(runtime, "get_check", check_id="chk-1")

    assert (status, body["drift"]["state"]) == (200, "held")
    assert "claimed_by" not in body["drift"]
    assert call(runtime, "get_check", check_id="chk-unknown")[0] == 404
    assert call(runtime, "get_check", check_id="../etc'; drop")[0] == 404


def test_health_is_good_while_checks_run_and_503_when_one_is_overdue(runtime: FakeRuntime) -> None:
    for model in ("a", "b"):
        state = runtime.ledger.state(model, NOW - timedelta(days=2))
        runtime.ledger.commit(msgspec.structs.replace(state, last_checked_at=NOW - timedelta(minutes=10)))
    assert call(runtime, "health")[:2][0] == 200

    state = runtime.ledger.state("b", NOW)
    runtime.ledger.commit(msgspec.structs.replace(state, last_checked_at=NOW - timedelta(hours=3), last_error="boom"))
    status, body, _ = call(runtime, "health")

    assert (status, body["status"]) == (503, "overdue")
    assert [model["model"] for model in body["models"] if model["overdue_since"]] == ["b"]


def test_a_model_that_was_never_checked_is_overdue_from_its_first_missed_tick(runtime: FakeRuntime) -> None:
    runtime.ledger.state("a", NOW)
    runtime.ledger.state("b", NOW - timedelta(days=1))

    models = {model["model"]: model["overdue_since"] for model in call(runtime, "health")[1]["models"]}

    assert models["a"] is None, "it has only just been added"
    assert models["b"] is not None


@pytest.mark.parametrize(
    ("error", "status"),
    [(ConfigError("no [[model]]"), 500), (LedgerError("storage"), 503), (RuntimeError("s3cret"), 500)],
)
def test_every_failure_has_a_problem_body_and_an_unexpected_one_tells_nothing(error: Exception, status: int) -> None:
    def fails() -> Any:
        raise error

    request = func.HttpRequest("GET", "https://app/api/health", body=b"")
    answer = http_api.answer(http_api.health, fails, request)

    assert answer.status_code == status
    assert json.loads(answer.get_body())["status"] == status
    assert b"s3cret" not in answer.get_body()


def test_answers_are_as_described(runtime: FakeRuntime, queued: list[str]) -> None:
    runtime.ledger.commit(runtime.ledger.state("a", NOW), a_check())
    for name, path, method, arguments in [
        ("start_check", "/checks", "post", {}),
        ("list_checks", "/checks", "get", {}),
        ("get_check", "/checks/{check_id}", "get", {"check_id": "chk-1"}),
        ("health", "/health", "get", {}),
        ("openapi", "/openapi.json", "get", {}),
    ]:
        status, body, mimetype = call(runtime, name, **arguments)
        schema = DESCRIPTION["paths"][path][method]["responses"][str(status)]["content"][mimetype]["schema"]
        jsonschema.validate(body, {**schema, "components": DESCRIPTION["components"]})


def test_the_description_is_made_of_the_types_that_the_api_answers() -> None:
    schemas = DESCRIPTION["components"]["schemas"]

    assert set(schemas["CheckRecord"]["properties"]) == {field.name for field in msgspec.structs.fields(CheckRecord)}
    shown = {field.name for field in msgspec.structs.fields(Drift)} - {"etag", "claimed_by", "lease_until", "outbox"}
    assert set(schemas["Drift"]["properties"]) == shown
    assert schemas["CheckRecord"]["properties"]["at"]["format"] == "date-time"
    assert schemas["Start"]["additionalProperties"] is False
    assert schemas["CheckRecord"]["properties"]["verdict"]["enum"] == ["drift", "incident", "insufficient", "stable"]


@pytest.mark.slow
def test_five_hundred_posts_start_one_message(storage: Any, model_name: str) -> None:
    """Checks that are asked for while one waits are one; afterwards the next one is asked for anew."""
    import base64
    from concurrent.futures import ThreadPoolExecutor
    from types import SimpleNamespace

    from function_app.queue.sending import Message
    from function_app.queue.waiting import begun

    queue = storage.queue(f"posts-{model_name}")
    queue.create_queue()
    runtime: Any = SimpleNamespace(
        config=Config((Model(name=model_name),)),
        storage=SimpleNamespace(tables=storage.tables, queue=lambda _: queue),
    )
    body = msgspec.json.encode({"model": model_name})

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: call(runtime, "start_check", body)[0], range(500)))
    first = list(queue.receive_messages(max_messages=32))
    begun(runtime, msgspec.json.decode(base64.b64decode(first[0].content), type=Message))
    assert call(runtime, "start_check", body)[0] == 202
    second = list(queue.receive_messages(max_messages=32))

    assert set(statuses) == {202}
    assert (len(first), len(second)) == (1, 1)
