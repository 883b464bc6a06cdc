"""Azure DevOps on loopback: a pipeline is run and looked up by REST, as the function app does it."""

import itertools
import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from driftloop.times import format_time
from sandbox.serving import Server
from tests.azure_pipelines.agent import Agent, PipelineRun
from tests.azure_pipelines.templates import TemplateError, expand

JOB_TOKEN = "job-access-token"


class AzurePipelinesStandIn:
    """`with AzurePipelinesStandIn({1: tree / "workflows/azure-pipelines/train.yml"}, agent) as devops`.

    Plays `POST` and `GET .../_apis/pipelines/{id}/runs`, `GET .../runs/{run}` and `GET .../_apis/build/builds` (the
    newest push that succeeded) for one project; `token` is the only Entra token that it knows, `JOB_TOKEN` that of its
    jobs. Runs take turns, as an exclusive lock with `lockBehavior: sequential` makes them.
    """

    def __init__(
        self, pipelines: Mapping[int, Path], agent: Agent, organization: str = "proseware", project: str = "driftloop"
    ) -> None:
        self._pipelines, self._agent, self._organization = pipelines, agent, organization
        self._ids = itertools.count(100)
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._threads: list[threading.Thread] = []
        self.token = "entra-token-of-the-function-app"
        self.documents: list[dict[str, Any]] = []
        self.runs: dict[int, PipelineRun] = {}
        base = f"/{organization}/{project}/_apis/pipelines/{{pipeline:int}}/runs"
        routes = [
            Route(base, self._create, methods=["POST"]),
            Route(base, self._list, methods=["GET"]),
            Route(base + "/{run:int}", self._get, methods=["GET"]),
            Route(f"/{organization}/{project}/_apis/build/builds", self._builds, methods=["GET"]),
        ]
        self._server = Server(Starlette(routes=routes))
        self.url = self._server.url

    def __enter__(self) -> "AzurePipelinesStandIn":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.wait_idle()
        self._server.stop()

    def wait_idle(self) -> None:
        """Return when every run has ended, and every run that one of them started."""
        while alive := [thread for thread in self._threads if thread.is_alive()]:
            alive[0].join()

    async def _create(self, request: Request) -> Response:
        if refused := self._refusal(request):
            return refused
        body = json.loads(await request.body())
        parameters = body.get("templateParameters") or {}
        branch = body.get("resources", {}).get("repositories", {}).get("self", {}).get("refName", "refs/heads/main")
        try:
            pipeline = expand(self._pipelines[request.path_params["pipeline"]], parameters)
        except TemplateError as error:
            return _error(400, "PipelineValidationException", str(error))
        where = f"{self.url}{request.url.path}"
        document = self._queued(where, request.path_params["pipeline"], pipeline, parameters, branch)
        return JSONResponse(document, 200)

    def push(self, pipeline: int, commit: str, branch: str = "refs/heads/main") -> None:
        """What a push does that the pipeline's trigger listens to: a run with every parameter at its default."""
        expanded = expand(self._pipelines[pipeline], {}, "IndividualCI")
        self._queued(f"{self.url}/push", pipeline, expanded, {}, branch, commit, "IndividualCI")

    def _queued(
        self,
        where: str,
        number: int,
        pipeline: Mapping[str, Any],
        parameters: Mapping[str, Any],
        branch: str,
        commit: str = "0" * 40,
        reason: str = "Manual",
    ) -> dict[str, Any]:
        with self._lock:
            identity = next(self._ids)
            here = f"{where}/{identity}"
            document: dict[str, Any] = {
                "id": identity,
                "name": str(identity),
                "state": "inProgress",
                "createdDate": format_time(datetime.now(UTC)),
                "templateParameters": parameters,
                "pipeline": {"id": number},
                "reason": reason,
                "resources": {"repositories": {"self": {"refName": branch, "version": commit}}},
                "url": here,
                "_links": {"self": {"href": here}, "web": {"href": f"{self.url}/_build/results?buildId={identity}"}},
            }
            self.documents.append(document)
        self._start(document, pipeline, branch)
        return document

    def _start(self, document: dict[str, Any], pipeline: Mapping[str, Any], branch: str) -> None:
        build = {
            "Build.BuildId": str(document["id"]),
            "Build.Reason": document["reason"],
            "Build.SourceVersion": document["resources"]["repositories"]["self"]["version"],
            "Build.SourceBranch": branch,
            "System.AccessToken": JOB_TOKEN,
            "System.DefinitionId": str(document["pipeline"]["id"]),
            "System.TeamProject": "driftloop",
            "System.TeamFoundationCollectionUri": f"{self.url}/{self._organization}/",
        }

        def work() -> None:
            result = "failed"
            try:
                with self._turn:
                    run = self._agent.run(pipeline, build)
                self.runs[document["id"]] = run
                result = run.result
            finally:
                document.update(state="completed", result=result)

        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    async def _list(self, request: Request) -> Response:
        if refused := self._refusal(request):
            return refused
        here = request.path_params["pipeline"]
        # the list leaves the parameters out, as Azure DevOps does: they come with a single run
        listed = [
            {key: value for key, value in document.items() if key != "templateParameters"}
            for document in reversed(self.documents)
            if document["pipeline"]["id"] == here
        ]
        return JSONResponse({"count": len(listed), "value": listed})

    async def _get(self, request: Request) -> Response:
        if refused := self._refusal(request):
            return refused
        for document in self.documents:
            if document["id"] == request.path_params["run"]:
                return JSONResponse(document)
        return _error(404, "RunNotFoundException", f"Run {request.path_params['run']} not found.")

    async def _builds(self, request: Request) -> Response:
        if refused := self._refusal(request):
            return refused
        asked = request.query_params
        builds = [
            {"id": document["id"], "sourceVersion": document["resources"]["repositories"]["self"]["version"]}
            for document in reversed(self.documents)
            if document.get("result") == asked["resultFilter"]
            and document["reason"].lower() == asked["reasonFilter"].lower()
            and str(document["pipeline"]["id"]) == asked["definitions"]
        ]
        return JSONResponse({"count": len(builds), "value": builds[: int(asked["$top"])]})

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("authorization") not in (f"Bearer {self.token}", f"Bearer {JOB_TOKEN}"):
            return Response("<html>Azure DevOps Services | Sign In</html>", 401, media_type="text/html")
        if "api-version" not in request.query_params:
            return _error(400, "VssVersionNotSpecifiedException", "No api-version was supplied for the request.")
        if request.path_params.get("pipeline", next(iter(self._pipelines))) not in self._pipelines:
            return _error(404, "PipelineNotFoundException", "The pipeline does not exist.")
        return None


def _error(status: int, kind: str, message: str) -> Response:
    return JSONResponse({"typeKey": kind, "message": message, "errorCode": 0}, status)
