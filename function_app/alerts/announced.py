"""Which announcements of the ledger are alerts for people, and what an alert says."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from driftloop.events import Alert, AlertKind
from driftloop.ledger.drifts import Announcement
from function_app.telemetry.events import LONGEST, MOST_ITEMS

MOST_REASONS = 5  # of a message: the report holds them all
_CLOSED: dict[str, AlertKind] = {"promoted": "promotion", "rejected": "rejection", "failed": "failure"}


def alerts_of(said: Sequence[Announcement], now: datetime) -> list[Alert]:
    """The alerts among announcements, with the announcements' ids.

    Parameters
    ----------
    said : Sequence[Announcement]
        What an outbox holds.
    now : datetime
        When they were found.
    """
    return [alert for each in said if (alert := _alert(each, now)) is not None]


def _alert(said: Announcement, now: datetime) -> Alert | None:
    fields = said.fields
    kind = _kind(said.event, fields)
    if kind is None:
        return None
    certainty = fields.get("certainty")
    reasons = fields.get("reasons") or [text for name in ("note", "reason") if (text := fields.get(name))]
    return Alert(
        said.event_id,
        kind,
        str(fields["model"]),
        now,
        reasons=tuple(str(reason)[:LONGEST] for reason in reasons[:MOST_REASONS]),
        check_id=fields.get("check_id"),
        drift_id=fields.get("drift_id"),
        p=None if certainty is None else 1 - certainty,
        files=tuple(fields.get("quarantined", ())[:MOST_ITEMS]),
        files_set_aside=fields.get("files_set_aside", 0),
        version=fields.get("model_version"),
        previous=fields.get("previous"),
        run_url=fields.get("run_url"),
        report=fields.get("report"),
        since=fields.get("since"),
    )


def _kind(event: str, fields: dict[str, Any]) -> AlertKind | None:
    match event:
        case "incident" | "drift" | "overdue" | "common_cause":
            return event
        case "drift_closed":
            return _CLOSED.get(str(fields.get("state")))
        case "deployed":
            if fields.get("rolled_back"):
                return "rollback"
            # Of a drift's version its own end tells.
            return None if fields.get("drift_id") else "promotion"
    return None
