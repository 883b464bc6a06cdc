"""How often records come in, and from that how often to check, how large a window will be, and which budget to set."""

from __future__ import annotations

from dataclasses import dataclass

from driftloop.times import SECONDS_A_DAY
from driftloop.wording.counts import count_of

WINDOW = 60
"""Records that a window should hold: of some 50, weekly windows find a shift of half a standard deviation in three
(README, Numbers).
"""


@dataclass(frozen=True)
class Rhythm:
    """A way of checking: every so many days, with as many checks in ten years, and the cron of a slower timer."""

    words: str
    days: float
    budget: int
    schedule: str | None


RHYTHMS = (
    Rhythm("a day", 1.0, 3_650, None),
    Rhythm("a week", 7.0, 520, "0 0 6 * * mon"),
    Rhythm("a month", 365.25 / 12, 120, "0 0 6 1 * *"),
)
"""Budgets of one false retrain in ten years, which is what the default of 520 means for a weekly check."""
"""The timer ticks every day; longer than a month nobody would wait for."""
UNKNOWN = RHYTHMS[1]


@dataclass(frozen=True)
class Suggestion:
    """The rhythm, how many records one window will hold (None: unknown), and the ground."""

    rhythm: Rhythm
    window: int | None
    ground: str


def suggest(rows: int, first: float | None, last: float | None) -> Suggestion:
    """The shortest rhythm whose windows hold enough records.

    Parameters
    ----------
    rows
        Records of the table.
    first, last
        Times of the first and last record, in seconds since 1970; None where the table has no time column.

    Examples
    --------
    >>> suggest(3_660, 0.0, 365 * SECONDS_A_DAY).rhythm.words, suggest(3_660, 0.0, 365 * SECONDS_A_DAY).window
    ('a week', 70)
    """
    if first is None or last is None or not last > first:
        why = "no time column says" if first is None else "one time for all records does not say"
        return Suggestion(UNKNOWN, None, f"{why} how often records come in: for a check a week")
    daily = (rows - 1) / max((last - first) / SECONDS_A_DAY, 1.0)  # what came within a day is what comes in a day
    rhythm = next((rhythm for rhythm in RHYTHMS if daily * rhythm.days >= WINDOW), RHYTHMS[-1])
    window = round(daily * rhythm.days)
    ground = f"about {count_of(_plain(daily * rhythm.days), 'record comes', 'records come')} in {rhythm.words}"
    if window < WINDOW:
        ground += f", fewer than the {WINDOW} that a window should hold: only large changes will be found"
    return Suggestion(rhythm, window, ground)


def _plain(value: float) -> str:
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"
