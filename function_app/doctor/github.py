"""Would GitHub take a dispatch, and would a workflow start? Nothing is sent that could start one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.checkup.context import SetUp
from driftloop.checkup.findings import Finding, error, warning
from driftloop.config.document import unfilled
from driftloop.config.models import GitHubTarget
from driftloop.errors import DispatchError
from driftloop.events import DriftDetected

if TYPE_CHECKING:
    import requests

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "driftloop"}
RAW = "application/vnd.github.raw+json"
PAGE = 100  # the most that GitHub gives; a repository with more workflow files is searched in its first hundred


class _Repository(msgspec.Struct, frozen=True):
    default_branch: str
    archived: bool = False
    disabled: bool = False


class _Workflow(msgspec.Struct, frozen=True):
    path: str
    state: str


class _Workflows(msgspec.Struct, frozen=True):
    workflows: list[_Workflow]


def repository_takes_dispatches(set_up: SetUp) -> Iterator[Finding]:
    """For each repository that `driftloop.toml` names: is it there, may the token dispatch, does a workflow listen?"""
    targets = dict.fromkeys(m.dispatch for m in set_up.config.models if isinstance(m.dispatch, GitHubTarget))
    for target in targets:
        where = f"GitHub, {target.repository}"
        if unfilled(target.repository) or unfilled(target.api_url):
            fix = "set the environment variable, or write the value into driftloop.toml"
            yield error("GitHub", f"dispatch names {target.repository} at {target.api_url}", fix)
            continue
        try:
            yield from _Asked(target, set_up, where).findings()
        except DispatchError as failed:
            yield error(where, str(failed), "nothing more was asked")


class _Asked:
    """One repository, asked with the token that a dispatch would be sent with."""

    def __init__(self, target: GitHubTarget, set_up: SetUp, where: str) -> None:
        from function_app.dispatch.github_tokens import token_source
        from function_app.dispatch.http_session import session

        self._url = f"{target.api_url.rstrip('/')}/repos/{target.repository}"
        self._tokens, self._where = token_source(target, set_up.environ), where
        self._session = session(HEADERS)

    def findings(self) -> Iterator[Finding]:
        answer = self._send("GET", "")
        if answer.status_code != 200:
            yield self._refused(answer, "cannot be seen", "metadata: read")
            return
        repository = _decoded(answer, _Repository)
        if repository.archived or repository.disabled:
            yield error(self._where, "is archived or disabled", "unarchive it: no workflow starts in it")
        # Without an event type no event is made: 422 says that only the body is wrong, 403 that the token may not.
        answer = self._send("POST", "/dispatches", json={})
        if answer.status_code != 422:
            yield self._refused(answer, "the token may not send a dispatch", "contents: write")
        yield from self._workflows(repository.default_branch)

    def _workflows(self, branch: str) -> Iterator[Finding]:
        answer = self._send("GET", "/actions/workflows", params={"per_page": str(PAGE)})
        if answer.status_code != 200:
            yield self._refused(answer, "its workflows cannot be listed", "actions: read")
            return
        listening = [w for w in _decoded(answer, _Workflows).workflows if self._listens(w.path, branch)]
        if not listening:
            what = f"no workflow on {branch} listens to {DriftDetected.event_type}"
            yield error(self._where, what, f"push a file that does to {branch}: only the default branch counts")
        elif all(workflow.state != "active" for workflow in listening):
            what = f"{listening[0].path} is {listening[0].state.replace('_', ' ')}, so that no drift starts it"
            yield error(self._where, what, "enable it: repository, Actions, the workflow, Enable workflow")

    def _listens(self, path: str, branch: str) -> bool:
        answer = self._send("GET", f"/contents/{path}", params={"ref": branch}, headers={"Accept": RAW})
        text = answer.text if answer.status_code == 200 else ""
        return "repository_dispatch" in text and DriftDetected.event_type in text

    def _send(
        self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> "requests.Response":
        from function_app.dispatch.http_session import request

        signed = {"Authorization": f"Bearer {self._tokens.token()}", **(headers or {})}
        return request(self._session, method, self._url + path, headers=signed, **options)

    def _refused(self, answer: "requests.Response", what: str, permission: str) -> Finding:
        fix = {
            401: "the token is not valid: renew DRIFTLOOP_GITHUB_TOKEN, or the App's key",
            403: f"give the token '{permission}'",
            404: f"check the name, and give the token '{permission}' on this repository",
        }.get(answer.status_code, "ask again later, and check api_url")
        tell = error if answer.status_code in (401, 403, 404) else warning
        return tell(self._where, f"{what} ({answer.status_code})", fix)


def _decoded(answer: "requests.Response", kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.DecodeError, RecursionError) as failed:
        raise DispatchError(f"the answer cannot be read ({failed}): is api_url a GitHub API?") from failed
