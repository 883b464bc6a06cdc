"""GitHub's `repository_dispatch`, and the runs that it starts: on github.com and on GitHub Enterprise Server alike."""

import re
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.config.models import GitHubTarget
from driftloop.errors import DispatchError
from driftloop.times import format_time
from function_app.dispatch.github_limits import limit_of, message_of
from function_app.dispatch.http_session import request, session
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError, Event, Run, always

if TYPE_CHECKING:
    import requests

    from function_app.dispatch.github_tokens import TokenSource

PAGE = 100  # the most that GitHub gives
MOST_PAGES = 5  # a repository with more runs since the drift was found is searched by its next tries
CLOCK_SKEW = timedelta(minutes=10)  # GitHub's clock and ours


class _Run(msgspec.Struct, frozen=True):
    id: int
    html_url: str
    status: str | None = None
    conclusion: str | None = None
    display_title: str = ""


class _Runs(msgspec.Struct, frozen=True):
    workflow_runs: list[_Run]


class GitHubDispatcher:
    """A `Dispatcher` for one repository."""

    dry = False

    def __init__(self, target: GitHubTarget, tokens: "TokenSource") -> None:
        self._repository = target.repository
        self._url = f"{target.api_url.rstrip('/')}/repos/{target.repository}"
        self._tokens = tokens
        self._session = session(
            {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "driftloop"}
        )

    def send(self, event: Event, may_send: Callable[[], bool] = always) -> Run | None:
        answer = self._request(
            "POST", "/dispatches", may_send, json={"event_type": event.event_type, "client_payload": event.payload()}
        )
        if answer.status_code == 204:
            return None
        raise self._problem(answer, "contents: write")

    def find(self, correlation: str, since: datetime, exclude: Collection[str] = ()) -> Run | None:
        word = re.compile(rf"(?<!\S){re.escape(correlation)}(?!\S)")  # version 1 is not version 12
        created = format_time((since - CLOCK_SKEW).replace(microsecond=0))
        for page in range(1, MOST_PAGES + 1):
            query = {
                "event": "repository_dispatch",
                "created": f">={created}",
                "per_page": str(PAGE),
                "page": str(page),
            }
            runs = self._decoded(self._request("GET", "/actions/runs", params=query), _Runs).workflow_runs
            for run in runs:
                if word.search(run.display_title) and str(run.id) not in exclude:
                    return _run(run)
            if len(runs) < PAGE:
                return None
        return None

    def run(self, run_id: str) -> Run | None:
        answer = self._request("GET", f"/actions/runs/{run_id}")
        if answer.status_code != 404:
            return _run(self._decoded(answer, _Run))
        # The same answer comes of a repository that the token cannot see: only where runs are listed it was deleted.
        self._decoded(self._request("GET", "/actions/runs", params={"per_page": "1"}), _Runs)
        return None

    def _request(
        self, method: str, path: str, may_send: Callable[[], bool] = always, **options: Any
    ) -> "requests.Response":
        for fresh in (False, True):
            headers = {"Authorization": f"Bearer {self._tokens.token(fresh=fresh)}"}
            answer = request(self._session, method, self._url + path, may_send=may_send, headers=headers, **options)
            # A rotated key or an installation token that was revoked: a new one is worth one more try.
            if answer.status_code != 401 or fresh or not self._tokens.renewable:
                break
        return answer

    def _decoded(self, answer: "requests.Response", kind: type[Any]) -> Any:
        if answer.status_code != 200:
            raise self._problem(answer, "actions: read")
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except (msgspec.DecodeError, RecursionError) as error:
            raise DispatchError(
                f"GitHub's answer for {self._repository} cannot be read ({error}): is api_url a GitHub API?"
            ) from error

    def _problem(self, answer: "requests.Response", permission: str) -> DispatchError:
        status, where = answer.status_code, self._repository
        limit = limit_of(answer, where)
        if limit is not None:
            return limit
        match status:
            case 401:
                text = (
                    "the token is not valid (expired, revoked, or the app's key was rotated): renew "
                    "DRIFTLOOP_GITHUB_APP_KEY or DRIFTLOOP_GITHUB_TOKEN"
                )
            case 403:
                text = f"the token may not do this: give it '{permission}' on {where}"
            case 404:
                text = (
                    "no such repository, or the token cannot see it: check the name, and that the token has "
                    f"'{permission}' on {where}"
                )
            case 422:
                text = (
                    f"GitHub does not take the request ({message_of(answer)}): this version of Driftloop does not fit "
                    "that GitHub"
                )
            case 301 | 302 | 307 | 308:
                text = "the repository has moved to another host: correct `repository` and `api_url` in driftloop.toml"
            case _ if status >= 500:
                return DispatchUncertainError(
                    f"GitHub failed for {where} ({status}); the run is looked for before it is sent again"
                )
            case _:
                text = f"an answer that GitHub does not document ({status}): is api_url a GitHub API?"
        return DispatchRefusedError(f"GitHub refused {where} ({status}): {text}")


def _run(run: _Run) -> Run:
    return Run(str(run.id), run.html_url, run.status == "completed", run.conclusion)
