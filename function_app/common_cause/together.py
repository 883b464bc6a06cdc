"""One drift among those of all models: does it have a common cause, may it be sent, and when is its turn?

Each drift is remembered before the others are counted, and it is counted before it is sent. So of drifts that come at
once at most one fewer than the bound is sent by itself. That holds however many processes look at the same moment. The
process whose drift is remembered last sees all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from queue import SimpleQueue
from typing import TYPE_CHECKING

from driftloop.common_cause.causes import Cause, cause_at, hold_note, open_cause
from driftloop.common_cause.rule import DAY, MOST_COLUMNS, Found, at_once, bound_of, expected_drifts
from driftloop.config.models import Config
from driftloop.ledger.drifts import Drift
from driftloop.ledger.ledger import CheckRecord, Ledger, until_written
from driftloop.times import utc_now
from function_app.common_cause.rows import CauseRows

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Together:
    """The drifts of all models. Its methods raise LedgerError: nothing is sent while it cannot be counted."""

    rows: CauseRows
    ledger: Ledger
    config: Config
    schedule: str | None
    clock: "Callable[[], datetime]" = utc_now
    opened: "SimpleQueue[Cause]" = field(default_factory=SimpleQueue)  # by this process, and not asked to be told yet

    def cause_of(self, drift: Drift) -> Cause | None:
        """The common cause that a drift belongs to; it is opened with the drift that reaches the bound."""
        at = drift.history[0].at
        if not self.rows.knows(at, drift.drift_id):
            self.rows.note(Found(drift.model, drift.drift_id, at, self._columns(drift)))
        return until_written(lambda: self._covered(at), drift.drift_id)

    def hold(self, drift: Drift) -> str | None:
        """Why a drift must not be sent yet; None where it may be."""
        cause = self.cause_of(drift)
        if cause is None or cause.released_at is not None or self.config.common_cause.action != "hold":
            return None
        return hold_note(cause.cause_id)

    def turn(self, drift: Drift) -> "datetime | None":
        """When a drift with a common cause may be sent; None for one that drifts alone."""
        policy = self.config.common_cause
        if policy.action == "send" or self.cause_of(drift) is None:
            return None
        return self.rows.turn(drift.drift_id, self.clock(), timedelta(hours=1 / policy.retrains_per_hour))

    def _covered(self, at: "datetime") -> Cause | None:
        """One try. Raises LedgerConflictError when another process opened a cause meanwhile."""
        causes = self.rows.causes()
        if (cause := cause_at(causes, at)) is not None:
            return cause
        near = self.rows.found_between(at - DAY, at + DAY)
        found = at_once((each for each in near if cause_at(causes, each.at) is None), at)
        if len(found) < self.config.common_cause.least:
            return None  # the usual case, without a look at all models
        expected = expected_drifts(self.config.models, self.schedule)
        bound = bound_of(expected, self.config.common_cause.least)
        if len(found) < bound:
            return None
        watched = len(self.config.models)
        cause = open_cause(found, len(causes) + 1, self.clock(), watched=watched, expected=expected, bound=bound)
        self.rows.open(cause)
        self.opened.put(cause)
        return cause

    def _columns(self, drift: Drift) -> tuple[str, ...]:
        check = self.ledger.check(drift.check_id)
        return () if check is None else columns_of(check)


def columns_of(check: CheckRecord) -> tuple[str, ...]:
    """The columns that have moved by themselves, the surest first, as the check's row holds them."""
    rows = [row for row in check.summary.get("features", ()) if row.get("drift")]
    surest = sorted(rows, key=lambda row: (row.get("p_value") is None, row.get("p_value") or 0.0, row["name"]))
    return tuple(str(row["name"]) for row in surest[:MOST_COLUMNS])
