"""GitHub's REST API, the part that Driftloop and its workflows talk to, with GitHub's status codes and error bodies."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.github.auth import ApiError, Tokens
from sandbox.github.commits import Commits
from sandbox.github.dispatches import Dispatches
from sandbox.github.gate import Gate
from sandbox.github.installations import Installations
from sandbox.github.issue_endpoints import IssueEndpoints
from sandbox.github.issues import Issues
from sandbox.github.repository import Repository
from sandbox.github.repository_endpoints import RepositoryEndpoints
from sandbox.github.run_listing import RunListing
from sandbox.github.scheduler import Scheduler


class Api:
    """All endpoints over one repository."""

    def __init__(
        self, repository: Repository, tokens: Tokens, issues: Issues, scheduler: Scheduler, url: Callable[[], str]
    ) -> None:
        self._gate = Gate(repository.owner_repo, tokens, url)
        self._listing = RunListing(self._gate, repository, scheduler)
        parts = (
            Dispatches(self._gate, repository),
            Commits(self._gate, repository),
            IssueEndpoints(self._gate, issues),
            Installations(self._gate),
            RepositoryEndpoints(self._gate, repository),
        )
        routes = [route for part in (self._listing, *parts) for route in part.routes()]
        self.app = Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})

    @property
    def requests(self) -> list[tuple[str, str, bytes]]:
        """What came in so far: method, path, body."""
        return self._gate.requests

    @property
    def run_lag(self) -> float:
        """Seconds before a new run can be seen, as on a busy day; may be set."""
        return self._listing.lag

    @run_lag.setter
    def run_lag(self, seconds: float) -> None:
        self._listing.lag = seconds


async def _not_found(request: Request, error: Exception) -> Response:
    del request, error
    return JSONResponse(ApiError(404, "Not Found").document(), 404)
