"""Drifts that are taken for one: which belong to it, what holds them, and what is said of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from driftloop.common_cause.rule import DAY, Found
from driftloop.ledger.drifts import Moment
from driftloop.wording.counts import count_of

STAYS_OPEN = timedelta(hours=12)
"""For how long after the newest counted drift others join: a round that takes hours, and not the next day's."""
SHARED = 0.5
"""Of the models a column must have moved in to be called common."""
WAITS_FOR_RELEASE = "held: many models drift at once"
"""Begins the note on a drift that a person must release; the cause's id follows."""
MOST_NAMED = 3
"""Columns in the sentence: it is read on a phone."""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Many drifts at once, taken for one. A drift belongs to it if it was found from `since` to `until`, and to no
    earlier cause. That is from a day before the newest of those that were counted to half a day after it.

    `watched`, `expected` and `bound` are numbers of models and drifts. They are the models that are watched and the
    drifts that they have a day without a common cause. The last is the number from which on there is one.
    `released_at`: when a person let the retrains go on. `told`: how many models were named when people were told last;
    `complete`: they were told after `until`.
    """

    number: int
    cause_id: str
    opened_at: Moment
    since: Moment
    until: Moment
    watched: int
    expected: float
    bound: int
    released_at: datetime | None = None
    told: int = 0
    complete: bool = False
    etag: str = ""

    def covers(self, at: datetime) -> bool:
        """Whether a drift that was found then belongs to it."""
        return self.since <= at <= self.until


def open_cause(
    found: Sequence[Found], number: int, at: datetime, *, watched: int, expected: float, bound: int
) -> Cause:
    """A cause for drifts that came at once.

    Parameters
    ----------
    found : Sequence[Found]
        One a model, the oldest first; at least one.
    number : int
        Of the cause, from 1 on.
    at : datetime
        The present.
    watched, expected, bound : int, float, int
        As in `Cause`.
    """
    digest = hashlib.sha256(f"{number}\0{found[0].drift_id}".encode()).hexdigest()[:12]
    return Cause(
        number=number,
        cause_id=f"cause-{digest}",
        opened_at=at,
        # Others may have been found before and be counted later: checks do not end in the order in which they began.
        since=found[-1].at - DAY,
        until=found[-1].at + STAYS_OPEN,
        watched=watched,
        expected=expected,
        bound=bound,
    )


def cause_at(causes: Iterable[Cause], at: datetime) -> Cause | None:
    """The earliest of the causes that cover a moment."""
    return min((cause for cause in causes if cause.covers(at)), key=lambda cause: cause.number, default=None)


def members_of(cause: Cause, causes: Iterable[Cause], found: Iterable[Found]) -> tuple[Found, ...]:
    """The drifts that belong to a cause, one a model, the oldest first.

    Parameters
    ----------
    causes : Iterable[Cause]
        All that there are.
    found : Iterable[Found]
        In any order; others may be among them.
    """
    earlier = [each for each in causes if each.number < cause.number]
    by_model: dict[str, Found] = {}
    for each in sorted(found, key=lambda each: (each.at, each.drift_id)):
        if cause.covers(each.at) and cause_at(earlier, each.at) is None:
            by_model.setdefault(each.model, each)
    return tuple(by_model.values())


def hold_note(cause_id: str) -> str:
    """Why a drift of a cause is held.

    Examples
    --------
    >>> cause_in(hold_note("cause-0123456789ab"))
    'cause-0123456789ab'
    """
    return f"{WAITS_FOR_RELEASE}: {cause_id} waits for a person to release it (docs/runbook.md)"


def cause_in(note: str) -> str | None:
    """The id of the cause that a drift's note names as what holds it; None for other notes."""
    if not note.startswith(WAITS_FOR_RELEASE):
        return None
    return note.removeprefix(WAITS_FOR_RELEASE).removeprefix(": ").partition(" ")[0]


def common_columns(found: Sequence[Found]) -> tuple[tuple[str, int], ...]:
    """Columns that moved in at least `SHARED` of the models, and in how many, the commonest first."""
    counts = Counter(column for each in found for column in set(each.columns))
    shared = [(column, times) for column, times in counts.items() if times >= SHARED * len(found) and times > 1]
    return tuple(sorted(shared, key=lambda each: (-each[1], each[0])))


def sentence(cause: Cause, found: Sequence[Found]) -> str:
    """What people are told of it.

    Parameters
    ----------
    found : Sequence[Found]
        What belongs to it, one a model, the oldest first.

    Examples
    --------
    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 27, 6, tzinfo=UTC)
    >>> found = [Found(f"m{number}", f"drift-{number}", at, ("bmi",)) for number in range(47)]
    >>> cause = open_cause(found, 1, at, watched=60, expected=0.77, bound=6)
    >>> print(sentence(cause, found))
    47 of 60 models drift since 2026-11-27 06:00 UTC, 0.8 are expected on a day; common: column bmi (47 models)
    """
    named = [f"column {column} ({count_of(times, 'model')})" for column, times in common_columns(found)[:MOST_NAMED]]
    return (
        f"{len(found):,} of {count_of(cause.watched, 'model drifts', 'models drift')} since "
        f"{found[0].at:%Y-%m-%d %H:%M} UTC, "
        f"{cause.expected:.1f} are expected on a day; common: {', '.join(named) or 'no column'}"
    )
