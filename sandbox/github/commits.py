"""The endpoint over commits: what changed from one to another."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.github.auth import DOCS, ApiError
from sandbox.github.gate import HERE, Gate
from sandbox.github.repository import Repository

COMPARE_DOCS = f"{DOCS}/commits/commits#compare-two-commits"
MOST_FILES = 300  # GitHub lists no more, and says nowhere that it left some out


class Commits:
    """GET .../compare/{base}...{head}, for two commits that one push connects."""

    def __init__(self, gate: Gate, repository: Repository) -> None:
        self._gate, self._repository = gate, repository

    def routes(self) -> list[Route]:
        """Its endpoint."""
        return [self._gate.route("GET", f"{HERE}/compare/{{basehead}}", self._compare)]

    async def _compare(self, request: Request) -> Response:
        self._gate.allow(request, "contents", "read", COMPARE_DOCS)
        before, _, after = request.path_params["basehead"].partition("...")
        changed = self._repository.changed_between(before, after)
        if changed is None:
            raise ApiError(404, "Not Found", COMPARE_DOCS)
        files = [{"filename": path, "status": "modified"} for path in changed[:MOST_FILES]]
        status = "ahead" if changed else "identical"
        return JSONResponse({"status": status, "ahead_by": 1, "behind_by": 0, "total_commits": 1, "files": files})
