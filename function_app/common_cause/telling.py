"""A common cause is told as one: once while its drifts still come in, and again when no more can join it.

What is told is noted on the cause's row afterwards. A process that dies in between leaves it to the next one, whose
alerts have the same ids. So people are told at least once, and a receiver once.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec

from driftloop.common_cause.causes import Cause, common_columns, members_of, sentence
from driftloop.common_cause.rule import Found
from driftloop.config.models import Model
from driftloop.config.receivers import Receiver
from driftloop.ledger.drifts import Announcement
from driftloop.ledger.ledger import Ledger, LedgerConflictError
from driftloop.times import format_time
from function_app.common_cause.rows import CauseRows
from function_app.common_cause.together import Together
from function_app.telemetry.announcing import plain_fields
from function_app.telemetry.events import emit

FIRST_TOLD = timedelta(
    minutes=10
)  # after it was opened: a thousand checks take minutes, and the first number would lag
Tell = Callable[[Announcement, tuple[Found, ...]], None]
LATE = timedelta(minutes=1)  # clocks of two instances: whoever is asked to tell must not find that it is too early


def told_apart(said: tuple[Announcement, ...], ledger: Ledger, together: Together | None) -> tuple[Announcement, ...]:
    """The announcements without drifts that have a common cause: people are told of that as one.

    Every drift is counted here as soon as it is found. Raises LedgerError: then it is announced again.
    """
    if together is None:
        return said
    apart = []
    for each in said:
        drift_id = each.fields.get("drift_id") if each.event == "drift" else None
        drift = None if drift_id is None else ledger.drift(str(each.fields["model"]), str(drift_id))
        if drift is None or together.cause_of(drift) is None:
            apart.append(each)
    return tuple(apart)


def next_telling(cause: Cause) -> datetime | None:
    """When people are to be told of a cause; None once all is told."""
    if cause.complete:
        return None
    return cause.until + LATE if cause.told else cause.opened_at + FIRST_TOLD


def tell_causes(rows: CauseRows, now: datetime, action: str, tell: Tell) -> datetime | None:
    """Tells what is due, and logs it.

    Parameters
    ----------
    action : str
        The policy's: what becomes of the retrains.
    tell : Tell
        Is handed what to tell, and the drifts that it is about, one a model.

    Returns
    -------
    datetime | None
        When to tell more; None where nothing is left.

    Raises
    ------
    LedgerError
        It is told again later.
    """
    later = []
    for cause in rows.causes():
        at = next_telling(cause)
        if at is not None and at <= now:
            at = next_telling(_told(rows, cause, now, action, tell))
        if at is not None:
            later.append(at)
    return min(later, default=None)


def announcement_of(cause: Cause, found: tuple[Found, ...], action: str) -> Announcement:
    """What is told of a cause: with one id for each number of models.

    Parameters
    ----------
    found : tuple[Found, ...]
        One a model.
    action : str
        The policy's: what becomes of the retrains.
    """
    then = {
        "hold": "no retrain starts until a person releases them: see the runbook",
        "pace": "their retrains go on one after the other",
        "send": "their retrains go on",
    }[action if cause.released_at is None or action == "send" else "pace"]
    fields = {
        "cause_id": cause.cause_id,
        "models": len(found),
        "watched": cause.watched,
        "columns": [column for column, _ in common_columns(found)],
        "since": format_time(found[0].at),
        "reasons": [sentence(cause, found), then],
    }
    return Announcement(f"{cause.cause_id}-{len(found)}", "common_cause", fields)


def members(rows: CauseRows, cause: Cause) -> tuple[Found, ...]:
    """The drifts of a cause, one a model, the oldest first."""
    return members_of(cause, rows.causes(), rows.found_between(cause.since, cause.until))


def released(rows: CauseRows, cause_id: str, now: datetime) -> Cause | None:
    """The cause, released now or before; None where there is none. Raises LedgerConflictError: it is tried again."""
    for cause in rows.causes():
        if cause.cause_id == cause_id:
            if cause.released_at is not None:
                return cause
            after = msgspec.structs.replace(cause, released_at=now)
            rows.write(after)
            return after
    return None


def carriers(found: Iterable[Found], models: Iterable[Model]) -> dict[str, list[Receiver]]:
    """Which models' boxes tell of a cause, and whom: every address of the models once.

    Examples
    --------
    >>> shared = Receiver("slack", "https://hooks.slack.com/services/x", name="slack")
    >>> models = [Model(name=name, alerts=(shared,)) for name in ("a", "b", "c")]
    >>> from datetime import UTC
    >>> found = [Found(name, "drift-1", datetime(2026, 11, 27, tzinfo=UTC)) for name in ("c", "b")]
    >>> {model: [each.name for each in receivers] for model, receivers in carriers(found, models).items()}
    {'b': ['slack']}
    """
    drifting = {each.model for each in found}
    seen: set[tuple[str, str]] = set()
    chosen: dict[str, list[Receiver]] = {}
    for model in sorted(models, key=lambda model: model.name):
        for receiver in model.alerts if model.name in drifting else ():
            if "common_cause" in receiver.on and (receiver.to, receiver.url) not in seen:
                seen.add((receiver.to, receiver.url))
                chosen.setdefault(model.name, []).append(receiver)
    return chosen


def _told(rows: CauseRows, cause: Cause, now: datetime, action: str, tell: Tell) -> Cause:
    found = members(rows, cause)
    if len(found) != cause.told:
        said = announcement_of(cause, found, action)
        tell(said, found)
        emit("common_cause", event_id=said.event_id, **plain_fields(said))
    after = msgspec.structs.replace(cause, told=len(found), complete=now > cause.until)
    with suppress(LedgerConflictError):  # another process told the same, or released it: the next look sees which
        rows.write(after)
    return after
