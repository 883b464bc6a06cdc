"""How large will a window be, and how small a change can be found in it?"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import numpy as np

from driftloop.checkup.context import OneModel
from driftloop.checkup.findings import Finding, note, warning
from driftloop.config.policy import DRIFT_SHARE
from driftloop.setup.next_commands import power_command
from driftloop.stats.distributions import normal_quantile
from driftloop.times import SECONDS_A_DAY

POWER = 0.8
"""Chance with which a shift shall be found by one window: the usual convention (Cohen 1988)."""
WINDOWS = 10
"""Windows over which a drift that matters should have been found: evidence accumulates."""
LARGE = 0.8
"""Standard deviations from which a shift is large (Cohen 1988, 2.2.3): not to find less is little use."""


def window_finds_enough(model: OneModel) -> Iterator[Finding]:
    """The records between two checks against what a check needs, and the smallest shift of one column that is found.

    It uses the normal approximation of a difference of two means, at the rate that the budget leaves to one column of a
    check. The source is Cohen 1988, "Statistical Power Analysis for the Behavioral Sciences", 2.4. With n records in
    the window and m in the table it is (z(1 - a / 2) + z(0.8)) sqrt(1 / n + 1 / m) standard deviations. Ten windows are
    taken for one of ten times as many records.
    """
    profile, column = model.counted, model.schema.role("timestamp")
    if profile is None or column is None or profile.rows < 2:
        return
    where, policy = f"model {model.name}, window", model.watched.policy
    times = profile.columns[column.name]
    if times.minimum is None or times.maximum is None or times.maximum - times.minimum < SECONDS_A_DAY:
        yield note(where, "how many records come in between two checks cannot be told from the table")
        return
    window = (profile.rows - 1) / (times.maximum - times.minimum) * SECONDS_A_DAY * days_between_checks(model)
    waits = window < policy.min_rows
    if waits:
        what = f"about {window:.2g} records come in between two checks, fewer than min_rows = {policy.min_rows}"
        yield note(where, f"{what}, so that a check waits until there are so many")
        window = float(policy.min_rows)
    once, later = (
        smallest_shift(window * windows, profile.rows, len(model.schema.features), 1 / policy.budget)
        for windows in (1, WINDOWS)
    )
    what = (
        f"one of about {window:,.0f} records finds a shift of one column from {once:.2f} standard deviations on in 8 "
        f"of 10, {WINDOWS} of them from {later:.2f} on (normal approximation, Cohen 1988; simulated in minutes by: "
        f"{power_command(model.data, model.set_up.file, model.name, round(window))})"
    )
    if later <= LARGE:
        yield note(where, what)
    elif profile.rows < window * WINDOWS:
        yield warning(where, what, f"the {profile.rows:,} records of the table limit it: compare with more")
    else:
        longer = "raise `min_rows` in [model.policy]" if waits else "check less often (`schedule`)"
        yield warning(where, what, f"{longer}, so that more records come together")


def days_between_checks(model: OneModel) -> float:
    """From one tick of the model's own schedule to the next; a day where it has none, as the timer has it."""
    if model.watched.schedule is None:
        return 1.0
    from datetime import UTC, datetime, timedelta

    from driftloop.config.cron import Cron

    cron, last = Cron.parse(model.watched.schedule), datetime.now(UTC)
    ticks = []
    for _ in range(8):  # over a week's pattern
        tick = cron.previous(last)
        if tick is None:
            return 1.0
        ticks.append(tick)
        last = tick - timedelta(seconds=1)
    return (ticks[0] - ticks[-1]).total_seconds() / SECONDS_A_DAY / (len(ticks) - 1)


def smallest_shift(window: float, reference: float, columns: int, rate: float) -> float:
    """Standard deviations by which the mean of one of several columns must move.

    Examples
    --------
    >>> round(smallest_shift(60, 350, 10, 1 / 520), 2)
    0.65
    """
    alpha = rate * DRIFT_SHARE / columns
    both = normal_quantile(np.array([1 - alpha / 2, POWER]))
    return float(both.sum()) * sqrt(1 / window + 1 / reference)
