"""Far fewer or far more records than usual: a feed that has lost a part, or was sent at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from driftloop.profile.window import Baseline, Window
from driftloop.stats.sorting import median
from driftloop.times import SECONDS_A_DAY
from driftloop.wording.counts import count_of

FEWEST_EARLIER = 3
"""Earlier windows that say how many records are usual: of two nobody knows which is."""
KEPT_SIZES = 50
"""Latest windows that are looked at: a feed that grows is compared with what it has become."""
FEWER, MORE = 1 / 10, 20
"""Factors of the usual number from which on a person should know. Weekends, holidays and seasons stay within them."""
FEWEST_BEFORE, FEWEST_NOW = 20, 5
"""Records of the baseline and of the window from which a rate is taken."""
DAYS_OF_MORE = 2
"""Days that a window must span for its rate to be called high: a month's batch may arrive within one."""
ASKED = {"fewer": "has a part been lost", "more": "was more than one window sent"}


def unusual_size(rows: int, earlier: Sequence[int]) -> tuple[str, ...]:
    """A note where a window holds a tenth of the usual records or 20 times as many; `earlier`: of windows before it.

    Usual is the median of the latest 50.

    Examples
    --------
    >>> unusual_size(30, [300, 310, 290])
    ('30 records are far fewer than usual (300 in the middle of the 3 windows before): has a part been lost?',)
    >>> unusual_size(30, [300]), unusual_size(200, [300, 310, 290])
    ((), ())
    """
    latest = earlier[-KEPT_SIZES:]
    if len(latest) < FEWEST_EARLIER:
        return ()
    usual = median(np.array(latest, np.float64))
    question = _question(rows, usual)
    if not question:
        return ()
    before = f"{usual:,.0f} in the middle of the {len(latest)} windows before"
    return (f"{count_of(rows, 'record is', 'records are')} far {question} than usual ({before}): {ASKED[question]}?",)


def unusual_rate(baseline: Baseline, window: Window) -> tuple[str, ...]:
    """A note where the records' times come a tenth as often as in the baseline, or 20 times as often.

    Both rates are records by the time from the first to the last. A window of less than a day may be a part of one;
    one of less than two days may be a month's batch.
    """
    days = _days(window)
    if baseline.rows < FEWEST_BEFORE or window.rows < FEWEST_NOW or min(days, _days(baseline)) < 1:
        return ()
    usual, now = baseline.rows / _days(baseline), window.rows / days
    question = _question(now, usual)
    if not question or (question == "more" and days < DAYS_OF_MORE):
        return ()
    sampled = ", or is the reference a sample" if question == "more" else ""
    rates = (
        f"about {count_of(_plain(now), 'record')} a day, far {question} than in the reference (about "
        f"{_plain(usual)} a day)"
    )
    return (f"{rates}: {ASKED[question]}{sampled}?",)


def _plain(value: float) -> str:
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def _question(now: float, usual: float) -> str:
    if now <= usual * FEWER:
        return "fewer"
    return "more" if now >= usual * MORE else ""


def _days(side: Baseline | Window) -> float:
    """Days from the first record to the last; 0 where no time says."""
    first, last = side.profile.first, side.profile.last
    return 0.0 if first is None or last is None else (last - first) / SECONDS_A_DAY
