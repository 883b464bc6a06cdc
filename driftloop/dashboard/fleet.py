"""All models with their state: which need somebody, in that order; filters and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from driftloop.config.models import Model
from driftloop.config.overdue import overdue_since
from driftloop.ledger.drifts import Drift, DriftState
from driftloop.ledger.overview import Overview

Status = Literal["overdue", "failing", "incident", "failed", "drift", "insufficient", "new", "stable"]
STATUSES: tuple[Status, ...] = ("overdue", "failing", "incident", "failed", "drift", "insufficient", "new", "stable")
"""How a model stands, what needs somebody first."""
TONES: Mapping[Status, str] = {
    "overdue": "incident",
    "failing": "incident",
    "incident": "incident",
    "failed": "incident",
    "drift": "drift",
    "insufficient": "insufficient",
    "new": "insufficient",
    "stable": "stable",
}
"""The report's colours."""
PAGE = 50
"""Models on a page: some 60 kB of HTML, three screens."""


@dataclass(frozen=True)
class ModelRow:
    """One model in the list: `drift` is the open or failed one, `due_since` the tick that no check has followed."""

    model: Model
    overview: Overview
    status: Status
    due_since: datetime | None
    drift: Drift | None

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.name

    @property
    def tone(self) -> str:
        """The colour of its status."""
        return TONES[self.status]


@dataclass(frozen=True)
class FleetPage:
    """What is shown of all models: how many there are of each status, and the rows of one page."""

    counts: Mapping[str, int]
    rows: tuple[ModelRow, ...]
    found: int
    page: int
    pages: int


def rows_of(
    models: Sequence[Model],
    overviews: Sequence[Overview],
    drifts: Sequence[Drift],
    schedule: str | None,
    now: datetime,
) -> list[ModelRow]:
    """A row for each watched model, those that need somebody first.

    Parameters
    ----------
    models : of driftloop.toml; what the ledger holds of others is left out.
    overviews : of the ledger.
    drifts : open and failed ones, oldest first.
    schedule : of models that have none of their own.
    now : the present.
    """
    known = {overview.model: overview for overview in overviews}
    newest = {drift.model: drift for drift in drifts}
    rows = [
        _row(model, known.get(model.name, Overview(model=model.name)), newest.get(model.name), schedule, now)
        for model in models
    ]
    order = {status: number for number, status in enumerate(STATUSES)}
    return sorted(rows, key=lambda row: (order[row.status], row.name.casefold()))


def _row(model: Model, overview: Overview, drift: Drift | None, schedule: str | None, now: datetime) -> ModelRow:
    if drift is not None and not still_matters(drift, overview):
        drift = None
    due = overdue_since(model.schedule or schedule, overview.checked_at, overview.watched_since, now)
    return ModelRow(model, overview, _status(overview, drift, due), due, drift)


def still_matters(drift: Drift, overview: Overview) -> bool:
    """Whether somebody should still know of a drift: it is open, or it failed and nothing has come after it."""
    if drift.state is not DriftState.FAILED:
        return not drift.state.closed
    replaced = overview.version is not None and overview.version != drift.baseline_version
    return overview.drift_id in (None, drift.drift_id) and overview.epoch <= drift.epoch + 1 and not replaced


def _status(overview: Overview, drift: Drift | None, due: datetime | None) -> Status:
    if due is not None:
        return "overdue"
    if overview.error:
        return "failing"
    if overview.verdict == "incident":
        return "incident"
    if drift is not None or overview.drift_id is not None or overview.verdict == "drift":
        return "failed" if drift is not None and drift.state is DriftState.FAILED else "drift"
    if overview.checked_at is None:
        return "new"
    return "insufficient" if overview.verdict == "insufficient" else "stable"


def page_of(rows: Sequence[ModelRow], status: str | None, search: str, page: int) -> FleetPage:
    """The rows that fit a filter, one page of them.

    Parameters
    ----------
    rows : all of them, in order.
    status : one of STATUSES; any other means all.
    search : a part of the model's name, whatever the case.
    page : from 1; beyond the last one the last.
    """
    named = [row for row in rows if search.casefold() in row.name.casefold()]
    counts = {"all": len(named)}
    counts.update({name: sum(row.status == name for row in named) for name in STATUSES})
    fitting = [row for row in named if row.status == status] if status in STATUSES else named
    pages = max(-(-len(fitting) // PAGE), 1)
    page = min(page, pages)
    return FleetPage(counts, tuple(fitting[(page - 1) * PAGE : page * PAGE]), len(fitting), page, pages)
