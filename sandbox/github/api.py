"""GitHub's REST API, the part that Driftloop and its workflows talk to, with GitHub's status codes and error bodies."""

import json
import operator
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.github import documents
from sandbox.github.auth import DOCS, ApiError, Tokens
from sandbox.github.issues import PLACE, Issues
from sandbox.github.records import RunRecord, now
from sandbox.github.repository import Repository
from sandbox.github.scheduler import Scheduler

Handler = Callable[[Request], Awaitable[Response]]
VERSIONS = ("2022-11-28", "2026-03-10")
EVENT_TYPE_LIMIT, PAYLOAD_KEYS, PAYLOAD_CHARACTERS, INPUTS = 100, 10, 65_535, 25
DISPATCH_DOCS = f"{DOCS}/repos/repos#create-a-repository-dispatch-event"
RUNS_DOCS = f"{DOCS}/actions/workflow-runs"


class Api:
    """Routes over one repository. `run_lag` seconds pass before a new run is listed, as on a busy day."""

    def __init__(
        self, repository: Repository, tokens: Tokens, issues: Issues, scheduler: Scheduler, url: Callable[[], str]
    ) -> None:
        self._repository, self._tokens, self._issues, self._scheduler, self._url = (
            repository,
            tokens,
            issues,
            scheduler,
            url,
        )
        self.run_lag = 0.0
        self.requests: list[tuple[str, str, bytes]] = []
        here = "/repos/{owner}/{repo}"
        self.app = Starlette(
            routes=[
                self._route("POST", here + "/dispatches", self._dispatch),
                self._route("GET", here + "/actions/runs", self._runs),
                self._route("GET", here + "/actions/runs/{run:int}", self._run),
                self._route("GET", here + "/actions/runs/{run:int}/jobs", self._jobs),
                self._route("POST", here + "/actions/runs/{run:int}/cancel", self._cancel),
                self._route("POST", here + "/actions/runs/{run:int}/rerun", self._rerun),
                self._route("POST", here + "/actions/workflows/{workflow}/dispatches", self._dispatch_workflow),
                self._route("GET", here + "/issues", self._list_issues),
                self._route("POST", here + "/issues", self._create_issue),
                self._route("PATCH", here + "/issues/{number:int}", self._update_issue),
                self._route("POST", here + "/issues/{number:int}/comments", self._comment),
                self._route("GET", here + "/installation", self._installation),
                self._route("POST", "/app/installations/{installation:int}/access_tokens", self._installation_token),
            ],
            exception_handlers={404: _not_found, 405: _not_found},
        )

    def _route(self, method: str, path: str, handler: Handler) -> Route:
        async def guarded(request: Request) -> Response:
            body = await request.body()
            self.requests.append((method, request.url.path, body))
            try:
                _check_headers(request)
                response = await handler(request)
            except ApiError as error:
                response = JSONResponse(error.document(), error.status)
            response.headers.update(
                {
                    "x-github-request-id": f"SBOX:{len(self.requests):08X}",
                    "x-ratelimit-limit": "5000",
                    "x-ratelimit-remaining": str(max(0, 5000 - len(self.requests))),
                    "x-ratelimit-used": str(len(self.requests)),
                    "x-ratelimit-reset": str(int(time.time()) + 3600),
                    "x-ratelimit-resource": "core",
                }
            )
            return response

        return Route(path, guarded, methods=[method])

    def _allow(self, request: Request, scope: str, level: str, docs: str) -> None:
        """The token first, then the repository: who may not see a repository learns nothing about it."""
        self._tokens.require(request.headers.get("authorization"), scope, level, docs)
        asked = f"{request.path_params['owner']}/{request.path_params['repo']}"
        if asked.lower() != self._repository.owner_repo.lower():
            raise ApiError(404, "Not Found", docs)

    async def _dispatch(self, request: Request) -> Response:
        self._allow(request, "contents", "write", DISPATCH_DOCS)
        body = await _json_object(request, DISPATCH_DOCS)
        _check_dispatch(body)
        self._repository.dispatch(body["event_type"], body.get("client_payload") or {})
        return Response(status_code=204)

    async def _dispatch_workflow(self, request: Request) -> Response:
        docs = f"{DOCS}/actions/workflows#create-a-workflow-dispatch-event"
        self._allow(request, "actions", "write", docs)
        body = await _json_object(request, docs)
        inputs = body.get("inputs") or {}
        if not isinstance(body.get("ref"), str):
            raise ApiError(422, 'Invalid request.\n\n"ref" wasn\'t supplied.', docs)
        if not isinstance(inputs, dict) or len(inputs) > INPUTS:
            raise ApiError(422, f"Invalid request.\n\nNo more than {INPUTS} properties are allowed.", docs)
        run = self._repository.dispatch_workflow(request.path_params["workflow"], body["ref"], inputs)
        if body.get("return_run_details") or request.headers.get("x-github-api-version") == "2026-03-10":
            shown = self._document(run)
            return JSONResponse(
                {"workflow_run_id": run.id, "run_url": shown["url"], "html_url": shown["html_url"]}, 200
            )
        return Response(status_code=204)

    async def _runs(self, request: Request) -> Response:
        self._allow(request, "actions", "read", f"{RUNS_DOCS}#list-workflow-runs-for-a-repository")
        query = request.query_params
        listed = [run for run in reversed(self._repository.runs) if self._is_listed(run)]
        if "event" in query:
            listed = [run for run in listed if run.event == query["event"]]
        if "status" in query:
            listed = [run for run in listed if query["status"] in (run.status, run.conclusion)]
        if "branch" in query:
            listed = [run for run in listed if run.happened.branch == query["branch"]]
        if "head_sha" in query:
            listed = [run for run in listed if run.happened.sha == query["head_sha"]]
        if "created" in query:
            listed = [run for run in listed if _within(run.created_at, query["created"])]
        page, link = _page(request, listed, self._url())
        shown = [self._document(run) for run in page]
        return JSONResponse({"total_count": len(listed), "workflow_runs": shown}, headers=link)

    async def _run(self, request: Request) -> Response:
        return JSONResponse(self._document(self._found(request, "read")))

    async def _jobs(self, request: Request) -> Response:
        run = self._found(request, "read")
        page, link = _page(request, run.jobs, self._url())
        shown = [documents.job(self._url(), self._repository.owner_repo, run, job) for job in page]
        return JSONResponse({"total_count": len(run.jobs), "jobs": shown}, headers=link)

    async def _cancel(self, request: Request) -> Response:
        run = self._found(request, "write")
        if not self._scheduler.cancel(run):
            raise ApiError(409, "Cannot cancel a workflow run that is completed.", f"{RUNS_DOCS}#cancel-a-workflow-run")
        return JSONResponse({}, 202)

    async def _rerun(self, request: Request) -> Response:
        run = self._found(request, "write")
        if run.status != "completed":
            raise ApiError(403, "This workflow is already running", f"{RUNS_DOCS}#re-run-a-workflow")
        self._repository.rerun(run)
        return JSONResponse({}, 201)

    async def _list_issues(self, request: Request) -> Response:
        self._allow(request, "issues", "read", PLACE)
        found = self._issues.select(request.query_params.get("state", "open"), request.query_params.get("labels"))
        page, link = _page(request, found, self._url())
        return JSONResponse(page, headers=link)

    async def _create_issue(self, request: Request) -> Response:
        self._allow(request, "issues", "write", PLACE)
        body = await _json_object(request, PLACE)
        return JSONResponse(self._issues.create(body, self._url(), self._repository.owner_repo), 201)

    async def _update_issue(self, request: Request) -> Response:
        self._allow(request, "issues", "write", PLACE)
        body = await _json_object(request, PLACE)
        return JSONResponse(self._issues.update(request.path_params["number"], body))

    async def _comment(self, request: Request) -> Response:
        self._allow(request, "issues", "write", PLACE)
        body = await _json_object(request, PLACE)
        number = request.path_params["number"]
        return JSONResponse(self._issues.comment(number, body, self._url(), self._repository.owner_repo), 201)

    async def _installation(self, request: Request) -> Response:
        self._tokens.require_app(request.headers.get("authorization"))
        asked = f"{request.path_params['owner']}/{request.path_params['repo']}"
        if asked.lower() != self._repository.owner_repo.lower():
            raise ApiError(
                404, "Not Found", f"{DOCS}/apps/apps#get-a-repository-installation-for-the-authenticated-app"
            )
        identity = self._tokens.installation_id
        return JSONResponse(
            {
                "id": identity,
                "app_id": self._tokens.app_id,
                "account": documents.user(self._url(), request.path_params["owner"]),
                "repository_selection": "selected",
                "access_tokens_url": f"{self._url()}/app/installations/{identity}/access_tokens",
                "permissions": self._tokens.app_permissions,
                "events": [],
            }
        )

    async def _installation_token(self, request: Request) -> Response:
        docs = f"{DOCS}/apps/apps#create-an-installation-access-token-for-an-app"
        self._tokens.require_app(request.headers.get("authorization"))
        if request.path_params["installation"] != self._tokens.installation_id:
            raise ApiError(404, "Not Found", docs)
        body = await _json_object(request, docs) if await request.body() else {}
        own = self._repository.owner_repo.split("/")[1]
        if any(name.lower() != own.lower() for name in body.get("repositories", [])):
            raise ApiError(
                422,
                "There is at least one repository that does not exist or is not accessible to the parent installation.",
                docs,
            )
        value, permissions, expires = self._tokens.installation_token(body.get("permissions"))
        moment = datetime.fromtimestamp(expires, tz=now().tzinfo)
        return JSONResponse(
            {
                "token": value,
                "expires_at": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "permissions": dict(permissions),
                "repository_selection": "selected",
            },
            201,
        )

    def _found(self, request: Request, level: str) -> RunRecord:
        self._allow(request, "actions", level, RUNS_DOCS)
        for run in self._repository.runs:
            if run.id == request.path_params["run"]:
                return run
        raise ApiError(404, "Not Found", RUNS_DOCS)

    def _is_listed(self, run: RunRecord) -> bool:
        return self.run_lag <= 0 or (now() - run.created_at).total_seconds() >= self.run_lag

    def _document(self, run: RunRecord) -> dict[str, Any]:
        return documents.run(self._url(), self._repository.owner_repo, self._repository.default_branch, run)


def _check_headers(request: Request) -> None:
    if not request.headers.get("user-agent"):
        raise ApiError(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
            DOCS,
        )
    version = request.headers.get("x-github-api-version")
    if version is not None and version not in VERSIONS:
        raise ApiError(
            400, f"X-GitHub-Api-Version {version} is not supported.", f"{DOCS}/about-the-rest-api/api-versions"
        )


async def _json_object(request: Request, docs: str) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise ApiError(400, "Problems parsing JSON", docs) from error
    if not isinstance(body, dict):
        raise ApiError(400, "Body should be a JSON object", docs)
    return body


def _check_dispatch(body: dict[str, Any]) -> None:
    kind, payload = body.get("event_type"), body.get("client_payload", {})
    problem = None
    if "event_type" not in body:
        problem = '"event_type" wasn\'t supplied.'
    elif not isinstance(kind, str):
        problem = f"For 'properties/event_type', {json.dumps(kind)} is not a string."
    elif not kind:
        problem = "At least 1 character is required; only 0 were supplied."
    elif len(kind) > EVENT_TYPE_LIMIT:
        problem = f"Only {EVENT_TYPE_LIMIT} characters are allowed; {len(kind)} were supplied."
    elif not isinstance(payload, dict):
        problem = f"For 'properties/client_payload', {json.dumps(payload)} is not an object."
    elif len(payload) > PAYLOAD_KEYS:
        problem = f"No more than {PAYLOAD_KEYS} properties are allowed; {len(payload)} were supplied."
    elif unknown := sorted(body.keys() - {"event_type", "client_payload"}):
        problem = f'"{unknown[0]}" is not a permitted key.'
    if problem:
        raise ApiError(422, f"Invalid request.\n\n{problem}", DISPATCH_DOCS)
    if len(json.dumps(payload, ensure_ascii=False, separators=(",", ":"))) > PAYLOAD_CHARACTERS:
        raise ApiError(422, "client_payload is too large.", DISPATCH_DOCS)


def _within(moment: datetime, asked: str) -> bool:
    """GitHub's search syntax for dates: `>=D`, `>D`, `<=D`, `<D`, `A..B` with `*` for open, or one day."""

    def parsed(text: str) -> datetime:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=moment.tzinfo)

    try:
        if ".." in asked:
            first, last = asked.split("..")
            return (first == "*" or parsed(first) <= moment) and (last == "*" or moment <= parsed(last))
        for sign, accepts in ((">=", operator.ge), ("<=", operator.le), (">", operator.gt), ("<", operator.lt)):
            if asked.startswith(sign):
                return bool(accepts(moment, parsed(asked.removeprefix(sign))))
        return moment == parsed(asked) if "T" in asked else moment.date() == parsed(asked).date()
    except ValueError as error:
        raise ApiError(422, f"{asked} is not a date that the search understands", RUNS_DOCS) from error


def _page(request: Request, items: list[Any], api: str) -> tuple[list[Any], dict[str, str]]:
    query = request.query_params
    size = min(100, max(1, int(query.get("per_page", "30"))))
    page = max(1, int(query.get("page", "1")))
    last = max(1, -(-len(items) // size))
    links = [(name, number) for name, number in (("next", page + 1), ("last", last)) if page < last]
    written = ", ".join(
        f'<{api}{request.url.path}?{urlencode(dict(query) | {"page": number})}>; rel="{name}"' for name, number in links
    )
    return items[(page - 1) * size : page * size], {"link": written} if written else {}


async def _not_found(request: Request, error: Exception) -> Response:
    del request, error
    return JSONResponse({"message": "Not Found", "documentation_url": DOCS, "status": "404"}, 404)
