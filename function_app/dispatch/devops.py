"""Azure DevOps: runs a pipeline by REST, signed in with Entra; the event's fields become template parameters."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from driftloop.config.models import AzureDevOpsTarget
from function_app.dispatch.http_session import request, session
from function_app.dispatch.rate_limits import retry_after, server_time
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError, Event, Run, always

if TYPE_CHECKING:
    import requests
    from azure.core.credentials import TokenCredential

_SCOPE = "499b84ac-1321-427f-aa17-267ca6975798/.default"  # Azure DevOps, the same in every tenant
_VERSION = "7.1"
_NEWEST = 30  # how many runs are looked into: their parameters come one request each
_CLOCK_SKEW = timedelta(minutes=10)  # its clock and ours
_PAUSE = timedelta(minutes=1)  # where it names no time


class _Run(msgspec.Struct, frozen=True, rename="camel"):
    id: int
    state: str
    created_date: datetime | None = None
    result: str | None = None
    template_parameters: dict[str, Any] = {}
    links: dict[str, Any] = msgspec.field(default_factory=dict, name="_links")


class _Runs(msgspec.Struct, frozen=True):
    value: list[_Run]


class AzureDevOpsDispatcher:
    """A `Dispatcher` for one pipeline."""

    dry = False

    def __init__(self, target: AzureDevOpsTarget, token: Callable[[], str] | None = None) -> None:
        self._target = target
        organization, project = quote(target.organization, safe=""), quote(target.project, safe="")
        self._url = f"{target.api_url.rstrip('/')}/{organization}/{project}/_apis/pipelines/{target.pipeline}/runs"
        self._token = token or _entra_token
        self._session = session({"Accept": "application/json", "User-Agent": "driftloop"})

    def send(self, event: Event, may_send: Callable[[], bool] = always) -> Run | None:
        body = {
            "resources": {"repositories": {"self": {"refName": f"refs/heads/{self._target.branch}"}}},
            "templateParameters": {
                "event_type": event.event_type,
                **{name: str(value) for name, value in event.payload().items()},
            },
        }
        return _run(self._decoded(self._request("POST", "", may_send, json=body), _Run))

    def find(self, correlation: str, since: datetime, exclude: Collection[str] = ()) -> Run | None:
        runs = self._decoded(self._request("GET", ""), _Runs).value
        for run in sorted(runs, key=lambda run: run.id, reverse=True)[:_NEWEST]:
            if str(run.id) in exclude or (run.created_date and _utc(run.created_date) < since - _CLOCK_SKEW):
                continue
            parameters = (
                run.template_parameters or self._decoded(self._request("GET", f"/{run.id}"), _Run).template_parameters
            )
            if correlation in (parameters.get("drift_id"), f"{parameters.get('model')} {parameters.get('version')}"):
                return _run(run)
        return None

    def run(self, run_id: str) -> Run | None:
        answer = self._request("GET", f"/{run_id}")
        if answer.status_code != 404:
            return _run(self._decoded(answer, _Run))
        # The same answer comes of a pipeline that the identity cannot see: only where runs are listed it was deleted.
        self._decoded(self._request("GET", ""), _Runs)
        return None

    def _request(
        self, method: str, path: str, may_send: Callable[[], bool] = always, **options: Any
    ) -> "requests.Response":
        options |= {"headers": {"Authorization": f"Bearer {self._token()}"}, "params": {"api-version": _VERSION}}
        return request(self._session, method, self._url + path, may_send=may_send, **options)

    def _decoded(self, answer: "requests.Response", kind: type[Any]) -> Any:
        where = f"pipeline {self._target.pipeline} of {self._target.organization}/{self._target.project}"
        status = answer.status_code
        if status == 200:
            try:
                return msgspec.json.decode(answer.content, type=kind)
            except (msgspec.DecodeError, RecursionError) as error:
                raise DispatchUncertainError(f"Azure DevOps' answer for {where} cannot be read ({error})") from error
        if status == 429 or (status == 503 and "retry-after" in answer.headers):
            now = server_time(answer.headers, datetime.now(UTC))
            raise DispatchRefusedError(
                f"Azure DevOps limits requests ({status}); sent again when it allows",
                retry_at=retry_after(answer.headers, now) or now + _PAUSE,
                wait=True,
            )
        if status >= 500:
            raise DispatchUncertainError(
                f"Azure DevOps failed for {where} ({status}); the run is looked for before it is sent again"
            )
        text = {
            # Azure DevOps answers an unknown identity with a redirect to, or the page of, its sign-in: 302 and 203.
            203: "the identity is not known there: add the function app's managed identity to the organization",
            302: "the identity is not known there: add the function app's managed identity to the organization",
            400: "it does not take the parameters: the pipeline must declare each of them (workflows/azure-pipelines)",
            401: "the identity is not known there: add the function app's managed identity to the organization",
            403: "the identity may not queue builds: give it 'Queue builds' on the pipeline",
            404: "no such organization, project or pipeline, or the identity cannot see it",
        }.get(status, "an answer that Azure DevOps does not document: check api_url")
        raise DispatchRefusedError(f"Azure DevOps refused {where} ({status}): {text}")


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _entra_token() -> str:
    from azure.core.exceptions import ClientAuthenticationError

    try:
        return _credential().get_token(_SCOPE).token
    except ClientAuthenticationError as error:
        raise DispatchRefusedError(
            "no Entra token for Azure DevOps: does the function app have a managed identity?"
        ) from error


@cache  # one for the process: it keeps its tokens
def _credential() -> "TokenCredential":
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()


def _run(run: _Run) -> Run:
    web = run.links.get("web")
    return Run(
        str(run.id), str(web.get("href", "")) if isinstance(web, dict) else "", run.state == "completed", run.result
    )
