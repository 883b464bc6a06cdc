"""Azure DevOps as a target: a pipeline run by REST, against a small stand-in for its API."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DefaultAzureCredential
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from driftloop.config.models import AzureDevOpsTarget
from driftloop.events import DriftDetected, ModelRegistered
from function_app.dispatch import devops
from function_app.dispatch.devops import AzureDevOpsDispatcher
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError
from sandbox.serving import Server

EVENT = DriftDetected("drift-0123456789ab", "chk-1", "m", "3", "drift", "2026-11-22T00:00:00Z", "2026-11-20T00:00:00Z")
NOW = datetime.now(UTC)


class Pipelines:
    """`_apis/pipelines/5/runs`: list without parameters, get and create with them, as Azure DevOps answers."""

    def __init__(self) -> None:
        self.runs: list[dict[str, object]] = []
        self.bodies: list[dict[str, object]] = []
        self.answers: list[Response] = []
        path = "/org/my%20project/_apis/pipelines/5/runs"
        path = path.replace("%20", " ")
        self.app = Starlette(
            routes=[Route(path, self.all, methods=["GET", "POST"]), Route(path + "/{run:int}", self.one)]
        )

    async def all(self, request: Request) -> Response:
        if self.answers:
            return self.answers.pop(0)
        assert request.headers["authorization"] == "Bearer entra-token"
        assert request.query_params["api-version"] == "7.1"
        if request.method == "GET":
            hidden = [{name: value for name, value in run.items() if name != "templateParameters"} for run in self.runs]
            return JSONResponse({"count": len(hidden), "value": hidden})
        body = json.loads(await request.body())
        self.bodies.append(body)
        run = {
            "id": len(self.runs) + 100,
            "state": "inProgress",
            "createdDate": datetime.now(UTC).isoformat(),
            "templateParameters": body["templateParameters"],
            "_links": {"web": {"href": f"https://dev.azure.com/org/p/_build/results?buildId={len(self.runs) + 100}"}},
        }
        self.runs.append(run)
        return JSONResponse(run)

    async def one(self, request: Request) -> Response:
        found = [run for run in self.runs if run["id"] == request.path_params["run"]]
        return JSONResponse(found[0]) if found else Response(status_code=404)


@pytest.fixture
def pipelines() -> Pipelines:
    return Pipelines()


@pytest.fixture
def target(pipelines: Pipelines) -> Iterator[AzureDevOpsDispatcher]:
    with Server(pipelines.app) as server:
        settings = AzureDevOpsTarget("org", "my project", 5, "main", server.url)
        yield AzureDevOpsDispatcher(settings, lambda: "entra-token")


def test_an_event_becomes_a_run_with_template_parameters(pipelines: Pipelines, target: AzureDevOpsDispatcher) -> None:
    assert not target.dry
    run = target.send(EVENT)

    assert run is not None
    assert (run.run_id, run.completed) == ("100", False)
    assert run.url.endswith("buildId=100")
    assert pipelines.bodies == [
        {
            "resources": {"repositories": {"self": {"refName": "refs/heads/main"}}},
            "templateParameters": {"event_type": "drift-detected", **EVENT.payload(), "attempt": "1"},
        }
    ]


def test_a_run_is_found_by_what_it_was_started_with(pipelines: Pipelines, target: AzureDevOpsDispatcher) -> None:
    target.send(ModelRegistered("m", "12", "e"))
    target.send(EVENT)

    found = target.find(EVENT.correlation, NOW)
    assert found is not None
    assert found.run_id == "101"
    assert target.find(EVENT.correlation, NOW, ["101"]) is None
    assert target.find("m 12", NOW) is not None
    assert target.find("m 1", NOW) is None
    assert target.find(EVENT.correlation, NOW + timedelta(days=1)) is None


def test_a_run_that_ended_says_how(pipelines: Pipelines, target: AzureDevOpsDispatcher) -> None:
    target.send(EVENT)
    pipelines.runs[0] |= {"state": "completed", "result": "failed"}

    run = target.run("100")

    assert run is not None
    assert (run.completed, run.conclusion) == (True, "failed")
    assert target.run("999") is None


def test_a_run_of_a_pipeline_that_the_identity_cannot_see_was_not_deleted(
    pipelines: Pipelines, target: AzureDevOpsDispatcher
) -> None:
    """Azure DevOps answers 404 to both. A run that is taken for deleted is a failed one, and is started again."""
    pipelines.answers = [Response(status_code=404)]

    with pytest.raises(DispatchRefusedError, match="the identity cannot see it"):
        target.run("999")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (302, "not known there"),
        (203, "not known there"),
        (400, "does not take the parameters"),
        (401, "not known there"),
        (403, "Queue builds"),
        (404, "no such organization"),
        (409, "does not document"),
    ],
)
def test_a_refusal_says_what_to_mend(
    pipelines: Pipelines, target: AzureDevOpsDispatcher, status: int, message: str
) -> None:
    pipelines.answers = [Response(status_code=status)]

    with pytest.raises(DispatchRefusedError, match=message):
        target.send(EVENT)


def test_a_limit_says_until_when(pipelines: Pipelines, target: AzureDevOpsDispatcher) -> None:
    pipelines.answers = [Response(status_code=429, headers={"retry-after": "120"})]

    before = datetime.now(UTC)
    with pytest.raises(DispatchRefusedError) as caught:
        target.send(EVENT)
    assert caught.value.retry_at is not None
    # By the server's clock, which tells whole seconds and is a few old.
    assert before - timedelta(seconds=10) <= caught.value.retry_at - timedelta(seconds=120) <= datetime.now(UTC)


@pytest.mark.parametrize(
    "answer",
    [
        Response(status_code=500),
        Response(status_code=503),
        Response(b"not json", status_code=200),
        Response(b"[" * 100_000, status_code=200),
    ],
)
def test_where_it_is_not_known_the_event_may_have_been_taken(
    pipelines: Pipelines, target: AzureDevOpsDispatcher, answer: Response
) -> None:
    pipelines.answers = [answer]

    with pytest.raises(DispatchUncertainError):
        target.send(EVENT)


def test_a_run_whose_answer_names_no_page_has_no_address(pipelines: Pipelines, target: AzureDevOpsDispatcher) -> None:
    target.send(EVENT)
    for links in ({}, {"web": "https://dev.azure.com"}, {"web": {}}):
        pipelines.runs[0]["_links"] = links
        run = target.run("100")
        assert run is not None
        assert run.url == ""


def test_of_two_runs_of_one_drift_the_newest_is_found_and_one_without_a_time_counts(
    pipelines: Pipelines, target: AzureDevOpsDispatcher
) -> None:
    target.send(EVENT)
    target.send(EVENT)
    for run in pipelines.runs:
        del run["createdDate"]
    found = target.find(EVENT.correlation, NOW)
    assert found is not None
    assert found.run_id == "101"


@pytest.mark.parametrize(("later", "found"), [(29, True), (30, False)])
def test_a_search_looks_into_the_newest_thirty_runs(
    pipelines: Pipelines, target: AzureDevOpsDispatcher, later: int, found: bool
) -> None:
    target.send(EVENT)
    for number in range(later):
        target.send(ModelRegistered("m", str(number), "e"))

    assert (target.find(EVENT.correlation, NOW) is not None) is found


@pytest.mark.parametrize(("seconds", "found"), [(600, True), (601, False)])
def test_a_run_that_its_clock_places_up_to_ten_minutes_before_the_drift_counts(
    pipelines: Pipelines, target: AzureDevOpsDispatcher, seconds: int, found: bool
) -> None:
    target.send(EVENT)
    pipelines.runs[0]["createdDate"] = "2026-11-23T06:00:00"  # without a zone: UTC
    since = datetime(2026, 11, 23, 6, tzinfo=UTC) + timedelta(seconds=seconds)

    assert (target.find(EVENT.correlation, since) is not None) is found


def test_a_limit_that_names_no_time_is_waited_for_a_minute(
    pipelines: Pipelines, target: AzureDevOpsDispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 23, 6, tzinfo=UTC)
    monkeypatch.setattr("function_app.dispatch.devops.server_time", lambda *_: now)
    pipelines.answers = [Response(status_code=429), Response(status_code=503, headers={"retry-after": "5"})]
    for wait in (timedelta(minutes=1), timedelta(seconds=5)):
        with pytest.raises(DispatchRefusedError) as caught:
            target.send(EVENT)
        assert (caught.value.retry_at, caught.value.wait) == (now + wait, True)


def test_without_an_identity_nothing_is_sent_and_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nobody:
        def get_token(self, *scopes: str) -> None:
            raise ClientAuthenticationError(f"no identity for {scopes}")

    monkeypatch.setattr(devops, "_credential", Nobody)
    with pytest.raises(DispatchRefusedError, match="does the function app have a managed identity"):
        devops._entra_token()


def test_the_identity_is_that_of_the_function_app_and_one_for_the_process() -> None:
    assert isinstance(devops._credential(), DefaultAzureCredential)
    assert devops._credential() is devops._credential()
