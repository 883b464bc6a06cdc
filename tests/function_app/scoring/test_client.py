"""Asking an endpoint: the way to it, what it may answer, and one clear word for each way that it fails."""

import logging
import socket
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from starlette.responses import JSONResponse, Response

from function_app.scoring import client as module
from function_app.scoring.client import ScoringClient
from function_app.scoring.failures import FieldRefusedError, ScoringError
from function_app.scoring.locating import Locator
from sandbox.serving import Server
from tests.function_app.conftest import LoopbackCredential
from tests.function_app.scoring.workspace import HOSTILE, PLACE, Workspace, loaded
from training.serving import openapi

RECORD: dict[str, Any] = {"age": 50.0, "bmi": 31.5, "free": None, "sex": "2", HOSTILE: HOSTILE}


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    made = Workspace(loaded())
    with Server(made.application()) as server:
        made.url = server.url
        yield made


def client_of(workspace: Workspace, **settings: str) -> ScoringClient:
    environ = {**PLACE, "ARM_CLOUD_METADATA_URL": f"{workspace.url}/metadata", **settings}
    return ScoringClient(environ, Locator(environ, module._session(), LoopbackCredential()))


def test_a_prediction_comes_with_its_interval_and_what_drove_it(workspace: Workspace) -> None:
    found = client_of(workspace).predict("clinic-x7", RECORD)
    assert found.interval is not None
    assert isinstance(found.value, float)
    assert found.explanation is not None
    assert sum(found.explanation.contributions.values()) + found.explanation.typical == pytest.approx(found.value)
    assert found.novelty is not None
    assert found.novelty.unlike is False
    assert found.version == "3"
    assert workspace.asked == [{"data": [RECORD], "explain": True}]


@pytest.mark.parametrize("classes", [False, True])
def test_the_stand_in_answers_what_the_endpoints_description_promises(workspace: Workspace, classes: bool) -> None:
    workspace.model = loaded(classes=classes)
    model = workspace.model.model
    document = openapi.version_3(model.schema, model.answer)
    for body in ({"data": [RECORD]}, {"data": [RECORD], "explain": True}):
        said = workspace.score(module.msgspec.json.encode(body))
        jsonschema.validate(
            module.msgspec.json.decode(bytes(said.body)), {**document, "$ref": "#/components/schemas/ServiceOutput"}
        )


def test_the_way_is_asked_for_once_and_again_when_the_key_has_changed(workspace: Workspace) -> None:
    client = client_of(workspace)
    for _ in range(3):
        client.predict("clinic-x7", RECORD)
    assert workspace.calls == ["endpoint", "keys"]
    workspace.key = "regenerated"
    client.predict("clinic-x7", RECORD)
    assert workspace.calls == ["endpoint", "keys"] * 2


def test_an_endpoint_that_takes_tokens_is_asked_without_a_key(workspace: Workspace) -> None:
    workspace.mode = "AADToken"
    client_of(workspace).predict("clinic-x7", RECORD)
    assert workspace.calls == ["endpoint"]


def test_a_version_of_before_there_were_explanations_is_asked_without(workspace: Workspace) -> None:
    def old(body: bytes) -> Response:
        if b"explain" in body:
            refusal = {"error": 'the body must be {"data": [record, ...]}', "field": "data"}
            return JSONResponse(refusal, 424, {"ms-azureml-model-error-statuscode": "400"})
        return workspace.score(body)

    workspace.answering = old
    found = client_of(workspace).predict("clinic-x7", RECORD)
    assert (found.explanation, found.novelty, found.reading) == (None, None, None)
    assert len(workspace.asked) == 2


def test_a_value_that_the_model_does_not_take_is_named(workspace: Workspace) -> None:
    with pytest.raises(FieldRefusedError) as refused:
        client_of(workspace).predict("clinic-x7", {**RECORD, "bmi": 500.0})
    assert refused.value.field == "bmi"


@pytest.mark.parametrize("answer", [
    b"", b"null", b"<html>", b"[" * 50_000, b"\xff", b"{}",
    b'{"predictions": [], "model_version": "3"}',
    b'{"predictions": [1.0, 2.0], "model_version": "3"}',
    b'{"predictions": [NaN], "model_version": "3"}',
    b'{"predictions": [1e999], "model_version": "3"}',
    b'{"predictions": [1.0], "model_version": "<b>"}',
    b'{"predictions": [true], "model_version": "3"}',
    b'{"predictions": ["benign"], "model_version": "3"}',
    b'{"predictions": [1.0], "intervals": [[2.0, 1.0]], "model_version": "3"}',
    b'{"predictions": [1.0], "intervals": [], "model_version": "3"}',
    b'{"predictions": ["a"], "probabilities": [{"a": 1.5, "b": -0.5}], "model_version": "3"}',
    b'{"predictions": ["a"], "probabilities": [{"a": 0.5}], "model_version": "3"}',
    b'{"predictions": ["c"], "probabilities": [{"a": 0.5, "b": 0.5}], "model_version": "3"}',
    b'{"predictions": ["a"], "probabilities": [{"a": 0.5, "b": 0.5}], "sets": [["c"]], "model_version": "3"}',
    b'{"predictions": [5.0], "explanations": [{"method": "m", "output": "prediction", "typical": 1.0, '
    b'"contributions": {"age": 1.0}, "error": 0, "evaluations": 3}], "model_version": "3"}',
    b'{"predictions": [2.0], "explanations": [{"method": "m", "output": "prediction", "typical": 1.0, '
    b'"contributions": {"unknown": 1.0}, "error": 0, "evaluations": 3}], "model_version": "3"}',
    b'{"predictions": [1.0], "novelty": [{"p_value": 0, "unlike": true, "level": 0.01, "records": 9}], '
    b'"model_version": "3"}',
    b'{"predictions": [1.0], "model_version": "3", "padding": "' + b"x" * module.LONGEST_ANSWER + b'"}',
])  # fmt: skip
def test_an_answer_that_makes_no_sense_is_never_shown(workspace: Workspace, answer: bytes) -> None:
    workspace.answering = lambda _: Response(answer, media_type="application/json")
    with pytest.raises(ScoringError) as failed:
        client_of(workspace).predict("clinic-x7", RECORD)
    assert failed.value.kind == "nonsense"


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (500, {}, "down"),
        (502, {}, "down"),
        (302, {"location": "http://127.0.0.1:9/"}, "down"),
        (404, {}, "not-deployed"),
        (408, {}, "slow"),
        (429, {}, "busy"),
        (403, {}, "not-allowed"),
        (424, {"ms-azureml-model-error-statuscode": "500"}, "down"),
        (424, {"ms-azureml-model-error-statuscode": "400"}, "nonsense"),
    ],
)
def test_each_way_to_fail_has_its_word(workspace: Workspace, status: int, headers: dict[str, str], kind: str) -> None:
    workspace.answering = lambda _: Response(b"no", status, headers)
    with pytest.raises(ScoringError) as failed:
        client_of(workspace).predict("clinic-x7", RECORD)
    assert failed.value.kind == kind


def test_an_endpoint_that_is_slow_or_silent_is_given_up(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)
    ended = module.threading.Event()
    workspace.answering = lambda body: (ended.wait(), workspace.score(body))[1]
    try:
        with pytest.raises(ScoringError) as failed:
            client_of(workspace).predict("clinic-x7", RECORD)
        assert failed.value.kind == "slow"
    finally:
        ended.set()


def test_an_endpoint_that_is_gone_is_down(workspace: Workspace) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        workspace.scheme = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ScoringError) as failed:
            client_of(workspace).predict("clinic-x7", RECORD)
    assert failed.value.kind == "down"


@pytest.mark.parametrize("address", ["http://example.com", "ftp://127.0.0.1", "", "http://127.0.0.1.example.com"])
def test_a_record_never_travels_unencrypted(workspace: Workspace, address: str) -> None:
    workspace.scheme = address or "/nothing"
    with pytest.raises(ScoringError) as failed:
        client_of(workspace).predict("clinic-x7", RECORD)
    assert failed.value.kind == "not-deployed"
    assert workspace.asked == []


@pytest.mark.parametrize("name", ["", "../keys", "a/b", "clinic-x7?x", "other-endpoint", "a" * 40])
def test_a_pointer_leads_to_no_other_resource(workspace: Workspace, name: str) -> None:
    with pytest.raises(ScoringError) as failed:
        client_of(workspace).predict(name, RECORD)
    assert failed.value.kind == "not-deployed"
    assert workspace.calls in ([], ["endpoint"])


@pytest.mark.parametrize("setting", list(PLACE))
def test_a_missing_setting_is_named(workspace: Workspace, setting: str) -> None:
    with pytest.raises(ScoringError, match=setting) as failed:
        client_of(workspace, **{setting: ""}).predict("clinic-x7", RECORD)
    assert failed.value.kind == "not-set-up"


def test_an_identity_without_the_role_is_told(workspace: Workspace) -> None:
    workspace.allowed = False
    with pytest.raises(ScoringError) as failed:
        client_of(workspace).predict("clinic-x7", RECORD)
    assert failed.value.kind == "not-allowed"


def test_only_so_many_are_asked_at_once(workspace: Workspace) -> None:
    client = client_of(workspace)
    for _ in range(module.MOST_AT_ONCE):
        assert client._places.acquire(blocking=False)
    with pytest.raises(ScoringError) as failed:
        client.predict("clinic-x7", RECORD)
    assert failed.value.kind == "busy"


def test_neither_errors_nor_logs_hold_a_measurement(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    for answer in (Response(b"no", 500), Response(b'{"predictions": ["87.654321"]}'), Response(b"no", 424)):
        workspace.answering = lambda _, answer=answer: answer  # type: ignore[misc]
        with pytest.raises(ScoringError) as failed:
            client_of(workspace).predict("clinic-x7", {**RECORD, "bmi": 87.654321})
        said.append(str(failed.value))
    assert "87.654321" not in "".join(said) + caplog.text
