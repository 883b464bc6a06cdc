"""When many drifts at once are too many for chance.

Drifts of models that have nothing to do with each other come as a Poisson process. It adds each model's false alarms at
the rate of its policy, and real drifts of its own. A day with more of them than `LEVEL` allows has a common cause.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from driftloop.config.cron import Cron
from driftloop.config.models import Model
from driftloop.config.policy import DRIFT_SHARE, ERROR_SHARE
from driftloop.ledger.drifts import Moment

DAY = timedelta(days=1)
"""Within which drifts are counted together: one round of daily checks."""
LEVEL = 1e-3
"""How often a day without a common cause is taken for one: once in three years."""
OWN_DRIFTS = 4 / 365
"""Real drifts of one model a day for reasons of its own: one a season. More would hide a common cause in a large fleet;
of fewer a season's change would look like one."""
MOST_COLUMNS = 10
"""Of one drift that are kept: a common cause shows among the surest."""


class Found(msgspec.Struct, frozen=True):
    """A drift that was found: of which model, when, and in which columns, the surest first."""

    model: str
    drift_id: str
    at: Moment
    columns: tuple[str, ...] = ()


def expected_drifts(models: Iterable[Model], schedule: str | None) -> float:
    """How many models drift on a day on which all are checked, without a common cause.

    Parameters
    ----------
    schedule : str | None
        The timer's, for models that have none of their own; once a day where it is not known.

    Returns
    -------
    float
        The sum over models of `checks a day * (DRIFT_SHARE + ERROR_SHARE) / budget + days between checks * OWN_DRIFTS`.
        Both numbers are at least 1: models with weekly checks are counted as on the day of their check.
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
