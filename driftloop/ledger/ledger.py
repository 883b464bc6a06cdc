"""The store of checks, drifts and states: what a `Ledger` must do, and how a write that others win is repeated.

Everything rests on two properties of the stores. A write with an old ETag is refused. And `commit` stores a check, its
drift and the new state of the model together or not at all.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from driftloop.errors import LedgerError
from driftloop.ledger.drifts import Drift, Moment
from driftloop.ledger.model_state import ModelState
from driftloop.ledger.overview import Overview, Position

MOST_TRIES = 8
"""At a write that others win: of ten processes at one row none has needed more than five."""
VerdictName = Literal["stable", "drift", "incident", "insufficient"]
_Written = TypeVar("_Written")


class LedgerConflictError(LedgerError):
    """Another process wrote first: read again, and decide again."""


class CheckRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One check of one window, as it is stored.

    `verdict` is the engine's word; `summary` its numbers as they stand in the report; `evidence` the certainty, 0 to 1.
    """

    check_id: str
    model: str
    at: Moment
    verdict: VerdictName
    reasons: tuple[str, ...] = ()
    rows: int = 0
    files: int = 0
    baseline_version: str | None = None
    baseline_sha256: str | None = None
    window_sha256: str | None = None
    window_first: str | None = None
    window_last: str | None = None
    evidence: float | None = None
    drift_id: str | None = None
    degraded: bool = False
    quarantined: tuple[str, ...] = ()
    report: str | None = None
    seconds: float = 0.0
    summary: dict[str, Any] = {}


class Ledger(Protocol):
    """Stores checks, drifts and states. Every read gives the newest write; ETags are set by the store."""

    def state(self, model: str, now: datetime) -> ModelState:
        """The model's state; a new one, watched since `now`, is stored when there is none."""
        ...

    def overviews(self, model: str | None = None) -> list[Overview]:
        """Every model's state in short, by name, or that of one; nothing is written, one request for a thousand."""
        ...

    def commit(self, state: ModelState, check: CheckRecord | None = None, drift: Drift | None = None) -> ModelState:
        """Stores `state` with the check and the drift that led to it, or nothing.

        A drift that exists already is left as it is.

        Returns
        -------
        The state with its new ETag.

        Raises
        ------
        LedgerConflictError
            When the state was written since `state.etag` was read.
        """
        ...

    def write(self, drift: Drift) -> Drift:
        """Replaces a drift; gives it back with its new ETag.

        Raises
        ------
        LedgerConflictError
            When it was written since `drift.etag` was read.
        """
        ...

    def drift(self, model: str, drift_id: str) -> Drift | None:
        """The drift, or None."""
        ...

    def drifts(self, model: str | None = None, *, open_only: bool = False, or_failed: bool = False) -> list[Drift]:
        """Drifts, oldest first: all, or those that are open, or (`or_failed`) open or failed."""
        ...

    def check(self, check_id: str) -> CheckRecord | None:
        """The check, or None."""
        ...

    def checks(
        self,
        model: str | None = None,
        limit: int = 50,
        *,
        before: Position | None = None,
        verdict: VerdictName | None = None,
    ) -> list[CheckRecord]:
        """The newest checks first; those behind a position, and of one verdict, where they are given."""
        ...


def until_written(attempt: Callable[[], _Written], what: str) -> _Written:
    """What `attempt` gives: it reads, decides and writes, and is made again when another process wrote in between.

    Raises LedgerError after `MOST_TRIES` conflicts: the caller's own repetition (queue, Event Grid) comes later.
    """
    for _ in range(MOST_TRIES):
        try:
            return attempt()
        except LedgerConflictError as error:
            lost = error
    raise LedgerError(f"{what}: another process wrote first, {MOST_TRIES} times in a row: it is tried again") from lost
