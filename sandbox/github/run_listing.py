"""The endpoints over workflow runs: list, look at, cancel, run again."""

import operator
from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from driftloop.errors import InputError
from driftloop.times import parse_time
from sandbox.github import documents
from sandbox.github.auth import DOCS, ApiError
from sandbox.github.gate import HERE, Gate
from sandbox.github.records import RunRecord, now
from sandbox.github.repository import Repository
from sandbox.github.scheduler import Scheduler

RUNS_DOCS = f"{DOCS}/actions/workflow-runs"


class RunListing:
    """GET .../actions/runs and below. `lag` seconds pass before a new run is listed, as on a busy day."""

    def __init__(self, gate: Gate, repository: Repository, scheduler: Scheduler) -> None:
        self._gate, self._repository, self._scheduler = gate, repository, scheduler
        self.lag = 0.0

    def routes(self) -> list[Route]:
        """Its endpoints."""
        runs = f"{HERE}/actions/runs"
        return [
            self._gate.route("GET", runs, self._list),
            self._gate.route("GET", runs + "/{run:int}", self._one),
            self._gate.route("GET", runs + "/{run:int}/jobs", self._jobs),
            self._gate.route("POST", runs + "/{run:int}/cancel", self._cancel),
            self._gate.route("POST", runs + "/{run:int}/rerun", self._rerun),
        ]

    async def _list(self, request: Request) -> Response:
        self._gate.allow(request, "actions", "read", f"{RUNS_DOCS}#list-workflow-runs-for-a-repository")
        query = request.query_params
        wanted: dict[str, Callable[[RunRecord, str], bool]] = {
            "event": lambda run, value: run.event == value,
            "status": lambda run, value: value in (run.status, run.conclusion),
            "branch": lambda run, value: run.happened.branch == value,
            "head_sha": lambda run, value: run.happened.sha == value,
            "created": lambda run, value: _within(run.created_at, value),
        }
        listed = [
            run
            for run in reversed(self._repository.runs)
            if self._is_visible(run) and all(holds(run, query[key]) for key, holds in wanted.items() if key in query)
        ]
        page, link = self._gate.page(request, listed)
        shown = [self._document(run) for run in page]
        return JSONResponse({"total_count": len(listed), "workflow_runs": shown}, headers=link)

    async def _one(self, request: Request) -> Response:
        return JSONResponse(self._document(self._found(request, "read")))

    async def _jobs(self, request: Request) -> Response:
        run = self._found(request, "read")
        page, link = self._gate.page(request, run.jobs)
        shown = [documents.job(self._gate.url(), self._gate.owner_repo, run, job) for job in page]
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

    def _found(self, request: Request, level: str) -> RunRecord:
        self._gate.allow(request, "actions", level, RUNS_DOCS)
        for run in self._repository.runs:
            if run.id == request.path_params["run"] and self._is_visible(run):
                return run
        raise ApiError(404, "Not Found", RUNS_DOCS)

    def _is_visible(self, run: RunRecord) -> bool:
        return self.lag <= 0 or (now() - run.created_at).total_seconds() >= self.lag

    def _document(self, run: RunRecord) -> dict[str, Any]:
        return documents.run(self._gate.url(), self._gate.owner_repo, self._repository.default_branch, run)


def _within(moment: datetime, asked: str) -> bool:
    """GitHub's search syntax for dates: `>=D`, `>D`, `<=D`, `<D`, `A..B` with `*` for open, one moment, or one day."""

    try:
        if ".." in asked:
            first, last = asked.split("..")
            return (first == "*" or parse_time(first) <= moment) and (last == "*" or moment <= parse_time(last))
        for sign, accepts in ((">=", operator.ge), ("<=", operator.le), (">", operator.gt), ("<", operator.lt)):
            if asked.startswith(sign):
                return bool(accepts(moment, parse_time(asked.removeprefix(sign))))
        return moment == parse_time(asked) if "T" in asked else moment.date() == parse_time(asked).date()
    except (ValueError, InputError) as error:
        raise ApiError(422, f"{asked} is not a date that the search understands", RUNS_DOCS) from error
