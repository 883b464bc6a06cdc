"""The endpoints over issues."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.github.gate import HERE, Gate, json_object
from sandbox.github.issues import PLACE, Issues


class IssueEndpoints:
    """.../issues and below."""

    def __init__(self, gate: Gate, issues: Issues) -> None:
        self._gate, self._issues = gate, issues

    def routes(self) -> list[Route]:
        """Its endpoints."""
        one = f"{HERE}/issues/{{number:int}}"
        return [
            self._gate.route("GET", f"{HERE}/issues", self._list),
            self._gate.route("POST", f"{HERE}/issues", self._create),
            self._gate.route("PATCH", one, self._update),
            self._gate.route("POST", f"{one}/comments", self._comment),
        ]

    async def _list(self, request: Request) -> Response:
        self._gate.allow(request, "issues", "read", PLACE)
        query = request.query_params
        page, link = self._gate.page(request, self._issues.select(query.get("state", "open"), query.get("labels")))
        return JSONResponse(page, headers=link)

    async def _create(self, request: Request) -> Response:
        self._gate.allow(request, "issues", "write", PLACE)
        body = await json_object(request, PLACE)
        return JSONResponse(self._issues.create(body, self._gate.url(), self._gate.owner_repo), 201)

    async def _update(self, request: Request) -> Response:
        self._gate.allow(request, "issues", "write", PLACE)
        body = await json_object(request, PLACE)
        return JSONResponse(self._issues.update(request.path_params["number"], body))

    async def _comment(self, request: Request) -> Response:
        self._gate.allow(request, "issues", "write", PLACE)
        body = await json_object(request, PLACE)
        number = request.path_params["number"]
        return JSONResponse(self._issues.comment(number, body, self._gate.url(), self._gate.owner_repo), 201)
