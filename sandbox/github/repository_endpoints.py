"""What can be read of the repository: itself, its workflow files and their texts on the default branch."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.github import documents
from sandbox.github.auth import DOCS, ApiError
from sandbox.github.gate import HERE, Gate
from sandbox.github.repository import Repository
from sandbox.github.snapshot import Snapshot

REPOSITORY_DOCS = f"{DOCS}/repos/repos#get-a-repository"
WORKFLOWS_DOCS = f"{DOCS}/actions/workflows#list-repository-workflows"
CONTENTS_DOCS = f"{DOCS}/repos/contents#get-repository-content"
RAW = "application/vnd.github.raw+json"


class RepositoryEndpoints:
    """GET of the repository, of .../actions/workflows and of .../contents/{path} as raw text."""

    def __init__(self, gate: Gate, repository: Repository) -> None:
        self._gate, self._repository = gate, repository

    def routes(self) -> list[Route]:
        """Its endpoints."""
        return [
            self._gate.route("GET", HERE, self._one),
            self._gate.route("GET", f"{HERE}/actions/workflows", self._workflows),
            self._gate.route("GET", f"{HERE}/contents/{{path:path}}", self._contents),
        ]

    async def _one(self, request: Request) -> Response:
        self._gate.allow(request, "metadata", "read", REPOSITORY_DOCS)
        shown = documents.repository(self._gate.url(), self._gate.owner_repo, self._repository.default_branch)
        return JSONResponse({**shown, "archived": False, "disabled": False})

    async def _workflows(self, request: Request) -> Response:
        self._gate.allow(request, "actions", "read", WORKFLOWS_DOCS)
        disabled, snapshot = self._repository.disabled, self._snapshot()
        listed = [
            documents.workflow(
                self._gate.url(), self._gate.owner_repo, path, disabled=path.rpartition("/")[2] in disabled
            )
            for path in sorted({*snapshot.workflows, *snapshot.broken})
        ]
        page, link = self._gate.page(request, listed)
        return JSONResponse({"total_count": len(listed), "workflows": page}, headers=link)

    async def _contents(self, request: Request) -> Response:
        self._gate.allow(request, "contents", "read", CONTENTS_DOCS)
        snapshot, path = self._snapshot(request.query_params.get("ref")), request.path_params["path"]
        if path not in snapshot.digests:
            raise ApiError(404, "Not Found", CONTENTS_DOCS)
        if request.headers.get("accept") != RAW:
            raise ApiError(415, f"The sandbox gives contents as {RAW} alone.", CONTENTS_DOCS)
        return PlainTextResponse((snapshot.folder / path).read_text(encoding="utf-8"), media_type=RAW)

    def _snapshot(self, branch: str | None = None) -> Snapshot:
        name = branch or self._repository.default_branch
        if name not in self._repository.branches:
            raise ApiError(404, f"No commit found for the ref {name}", CONTENTS_DOCS)
        return self._repository.branches[name]
