"""The two endpoints that start workflows: repository_dispatch, and workflow_dispatch of one file."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.github import documents
from sandbox.github.auth import DOCS, ApiError
from sandbox.github.gate import HERE, NEWEST_VERSION, Gate, json_object
from sandbox.github.repository import Repository

EVENT_TYPE_LIMIT, PAYLOAD_KEYS, PAYLOAD_CHARACTERS, INPUTS = 100, 10, 65_535, 25
EVENT_DOCS = f"{DOCS}/repos/repos#create-a-repository-dispatch-event"
WORKFLOW_DOCS = f"{DOCS}/actions/workflows#create-a-workflow-dispatch-event"


class Dispatches:
    """POST .../dispatches and POST .../actions/workflows/{workflow}/dispatches."""

    def __init__(self, gate: Gate, repository: Repository) -> None:
        self._gate, self._repository = gate, repository

    def routes(self) -> list[Route]:
        """Its endpoints."""
        return [
            self._gate.route("POST", f"{HERE}/dispatches", self._event),
            self._gate.route("POST", f"{HERE}/actions/workflows/{{workflow}}/dispatches", self._workflow),
        ]

    async def _event(self, request: Request) -> Response:
        self._gate.allow(request, "contents", "write", EVENT_DOCS)
        body = await json_object(request, EVENT_DOCS)
        _check(body)
        self._repository.dispatch(body["event_type"], body.get("client_payload") or {})
        return Response(status_code=204)

    async def _workflow(self, request: Request) -> Response:
        self._gate.allow(request, "actions", "write", WORKFLOW_DOCS)
        body = await json_object(request, WORKFLOW_DOCS)
        inputs = body.get("inputs") or {}
        if not isinstance(body.get("ref"), str):
            raise ApiError(422, 'Invalid request.\n\n"ref" wasn\'t supplied.', WORKFLOW_DOCS)
        if not isinstance(inputs, dict) or len(inputs) > INPUTS:
            raise ApiError(422, f"Invalid request.\n\nNo more than {INPUTS} properties are allowed.", WORKFLOW_DOCS)
        run = self._repository.dispatch_workflow(request.path_params["workflow"], body["ref"], inputs)
        if body.get("return_run_details") or request.headers.get("x-github-api-version") == NEWEST_VERSION:
            shown = documents.run(self._gate.url(), self._gate.owner_repo, self._repository.default_branch, run)
            return JSONResponse({"workflow_run_id": run.id, "run_url": shown["url"], "html_url": shown["html_url"]})
        return Response(status_code=204)


def _check(body: dict[str, Any]) -> None:
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
    elif len(json.dumps(payload, ensure_ascii=False, separators=(",", ":"))) > PAYLOAD_CHARACTERS:
        problem = "client_payload is too large."
    if problem:
        raise ApiError(422, f"Invalid request.\n\n{problem}", EVENT_DOCS)
