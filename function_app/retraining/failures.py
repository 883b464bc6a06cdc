"""What becomes of a drift whose request was refused, or whose run failed: when it is tried again, and who is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from driftloop.errors import DispatchError
from driftloop.ledger.drifts import Announcement, Drift, DriftState
from driftloop.times import format_time
from function_app.dispatch.requests import DispatchRefusedError

FIRST_SEND_PAUSE, LONGEST_SEND_PAUSE = timedelta(minutes=1), timedelta(hours=6)
FIRST_RUN_PAUSE, LONGEST_RUN_PAUSE = timedelta(minutes=30), timedelta(hours=24)
MOST_DOUBLINGS = 12  # of the first pause: far beyond the longest, and no number that a timedelta cannot hold


@dataclass(frozen=True)
class Move:
    """A transition to be written: the state, why, what people are told, and the drift's other fields that change."""

    to: DriftState
    note: str
    said: Announcement
    changes: dict[str, Any]


def after_refusal(drift: Drift, error: DispatchError, now: datetime) -> Move:
    """Held until a later try, for ever: after 1 minute, 2, 4, at most 6 hours; not before the target allows it.

    Parameters
    ----------
    drift : Drift
        Claimed or sent.
    error : DispatchError
        What the target answered, or that no run appeared.
    now : datetime
        The time of the refusal.
    """
    pause = min(FIRST_SEND_PAUSE * 2 ** min(drift.sends, MOST_DOUBLINGS), LONGEST_SEND_PAUSE)
    retry_at = error.retry_at if isinstance(error, DispatchRefusedError) else None
    again = max(now + pause, retry_at) if retry_at else now + pause
    said = Announcement(
        f"refused-{drift.drift_id}-{drift.attempts}-{drift.sends}",
        "dispatch_failed",
        {"model": drift.model, "drift_id": drift.drift_id, "error": str(error), "retry_at": format_time(again)},
    )
    changes = {"not_before": again, "claimed_by": None, "lease_until": None, "sends": drift.sends + 1}
    return Move(DriftState.HELD, str(error), said, changes)


def after_failed_run(drift: Drift, why: str, outcome_at: str | None, now: datetime, most: int) -> Move:
    """Held until another run, after 30 minutes, 2 hours, 8, at most a day; failed once `most` runs were tried.

    Parameters
    ----------
    drift : Drift
        Whose run has ended.
    why : str
        For a person.
    outcome_at : str | None
        Of the outcome that the run wrote, so that it is not taken for the next run's.
    now : datetime
        The time at which this was seen.
    most : int
        Runs for one drift.
    """
    attempts = drift.attempts + 1
    over = attempts >= most
    fields = {"model": drift.model, "drift_id": drift.drift_id, "attempts": attempts, "final": over}
    said = Announcement(
        f"failed-{drift.drift_id}-{attempts}", "retrain_failed", {**fields, "run_url": drift.run_url, "error": why}
    )
    changes = {
        "attempts": attempts,
        "outcome_at": outcome_at,
        "past_runs": (*drift.past_runs, *([drift.run_id] if drift.run_id else [])),
        "lease_until": None,
        "claimed_by": None,
    }
    if over:
        return Move(DriftState.FAILED, f"{why}; {attempts} of {attempts} tries are used up", said, changes)
    again = now + min(FIRST_RUN_PAUSE * 4 ** (attempts - 1), LONGEST_RUN_PAUSE)
    changes |= {"not_before": again, "run_id": None, "sent_at": None, "sends": 0}
    return Move(DriftState.HELD, f"{why}; try {attempts + 1} comes later", said, changes)
