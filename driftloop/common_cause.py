"""Do more models drift at once than chance explains? Then one change upstream is likelier than many by themselves.

Drifts of models that have nothing to do with each other come as a Poisson process: each model's false alarms at the
rate of its policy, and real drifts of its own. A day with more of them than `LEVEL` allows has a common cause.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from driftloop.config.cron import Cron
from driftloop.config.models import Model
from driftloop.config.policy import DRIFT_SHARE, ERROR_SHARE
from driftloop.ledger import Moment

DAY = timedelta(days=1)
"""Within which drifts are counted together: one round of daily checks."""
STAYS_OPEN = timedelta(hours=12)
"""For how long after the newest counted drift others join: a round that takes hours, and not the next day's."""
LEVEL = 1e-3
"""How often a day without a common cause is taken for one: once in three years."""
OWN_DRIFTS = 4 / 365
"""Real drifts of one model a day for reasons of its own: one a season. More would hide a common cause in a large fleet;
of fewer a season's change would look like one."""
MOST_COLUMNS = 10
"""Of one drift that are kept: a common cause shows among the surest."""
SHARED = 0.5
"""Of the models a column must have moved in to be called common."""
WAITS_FOR_RELEASE = "held: many models drift at once"
"""Begins the note on a drift that a person must release; the cause's id follows."""
MOST_NAMED = 3
"""Columns in the sentence: it is read on a phone."""


class Found(msgspec.Struct, frozen=True):
    """A drift that was found: of which model, when, and in which columns, the surest first."""

    model: str
    drift_id: str
    at: Moment
    columns: tuple[str, ...] = ()


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Many drifts at once, taken for one. A drift belongs to it that was found from `since` to `until`, a day before
    the newest of those that were counted and half a day after it, and to no earlier one.

    `watched`, `expected` and `bound`: models that are watched, drifts that they have a day without a common cause, and
    the number from which on there is one. `released_at`: when a person let the retrains go on. `told`: how many models
    were named when people were told last; `complete`: they were told after `until`.
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


def expected_drifts(models: Iterable[Model], schedule: str | None) -> float:
    """How many models drift on a day on which all are checked, without a common cause.

    Parameters
    ----------
    schedule : str | None
        The timer's, for models that have none of their own; once a day where it is not known.

    Returns
    -------
    float
        The sum over models of `checks a day * (DRIFT_SHARE + ERROR_SHARE) / budget + days between checks * OWN_DRIFTS`,
        where both numbers are at least 1: models with weekly checks are counted as on the day of their check.
    """
    rates: dict[str | None, float] = {}
    total = 0.0
    for model in models:
        cron = model.schedule or schedule
        if cron not in rates:
            rates[cron] = 1.0 if cron is None else Cron.parse(cron).ticks_a_day
        false_alarms = max(rates[cron], 1.0) * (DRIFT_SHARE + ERROR_SHARE) / model.policy.budget
        total += false_alarms + OWN_DRIFTS * max(1.0, 1 / rates[cron])
    return total


def bound_of(expected: float, least: int) -> int:
    """The number of models from which on a day has a common cause.

    Parameters
    ----------
    expected : float
        Models that drift on a day without one.
    least : int
        Fewer are never taken together.

    Returns
    -------
    int
        The smallest `k`, at least `least`, with `P(X >= k) <= LEVEL` for a Poisson variable X of that mean. The tail is
        the regularised incomplete gamma function P(k, mean) (Abramowitz and Stegun 1964, 26.4.21).

    Examples
    --------
    >>> bound_of(0.1, least=5), bound_of(6.4, least=5)
    (5, 16)
    """
    from driftloop.stats.special import special

    bound = least
    while special.gammainc(bound, expected) > LEVEL:
        bound += 1
    return bound


def at_once(found: Iterable[Found], at: datetime) -> tuple[Found, ...]:
    """The most drifts within any `DAY` that holds `at`, one a model, the oldest first.

    Parameters
    ----------
    found : Iterable[Found]
        In any order; those further than a day from `at` do not count.
    """
    by_model: dict[str, Found] = {}
    for each in sorted(found, key=lambda each: (abs(each.at - at), each.drift_id)):
        if abs(each.at - at) < DAY:
            by_model.setdefault(each.model, each)
    near = sorted(by_model.values(), key=lambda each: (each.at, each.drift_id))
    times = [each.at for each in near]
    best: tuple[Found, ...] = ()
    for first, each in enumerate(near):
        if each.at > at:
            break
        last = bisect_right(times, each.at + DAY)
        if last - first > len(best):
            best = tuple(near[first:last])
    return best


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
    named = [f"column {column} ({times} models)" for column, times in common_columns(found)[:MOST_NAMED]]
    return (
        f"{len(found)} of {cause.watched} models drift since {found[0].at:%Y-%m-%d %H:%M} UTC, "
        f"{cause.expected:.1f} are expected on a day; common: {', '.join(named) or 'no column'}"
    )
