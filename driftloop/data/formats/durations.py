"""Durations in text: more than 24 hours of a clock, days with a clock, and ISO 8601's."""

from __future__ import annotations

import re

from driftloop.data.formats.patterns import Pattern
from driftloop.times import SECONDS_A_DAY

_CLOCK = Pattern(r"(?P<sign>[+-]?)(?P<h>\d{1,6}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d(?:[.,]\d{1,9})?))?", re.ASCII)
_DAYS = Pattern(r"(?P<sign>[+-]?)(?P<days>\d{1,6})(?: days?,? |\.)(?P<clock>[+-]?\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?)")
"""As Python, pandas and PostgreSQL write it (1 day, 2:03:04; 1 days 02:03:04; -1 days +22:00:00), and .NET
(1.02:03:04)."""
_ISO = Pattern(
    r"(?P<sign>-?)P(?=[\dT])(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:[.,]\d+)?)S)?)?",
    re.ASCII,
)
"""Without years and months, which are of no length."""


def duration(text: str) -> float | None:
    """Seconds of a duration; None where a text is none.

    Examples
    --------
    >>> [duration(text) for text in ("36:15:00", "1 day, 2:03:04", "-1 days +22:00:00", "PT36H", "P1DT2H", "36")]
    [130500.0, 93784.0, -7200.0, 129600.0, 93600.0, None]
    """
    if found := _CLOCK.fullmatch(text):
        seconds = int(found["h"]) * 3600 + int(found["m"]) * 60 + _number(found["s"])
    elif found := _DAYS.fullmatch(text):
        days = int(found["days"]) * SECONDS_A_DAY
        clock = duration(found["clock"])
        if clock is None:
            return None
        # pandas and Python count back from whole days: -1 days +22:00:00 is minus two hours. .NET's sign is of all.
        is_floored = found["sign"] == "-" and "day" in text
        return clock - days if is_floored else -(days + clock) if found["sign"] == "-" else days + clock
    elif found := _ISO.fullmatch(text):
        seconds = 7 * SECONDS_A_DAY * _number(found["w"]) + SECONDS_A_DAY * _number(found["d"])
        seconds += 3600 * _number(found["h"]) + 60 * _number(found["m"]) + _number(found["s"])
    else:
        return None
    return -seconds if found["sign"] == "-" else float(seconds)


def _number(text: str | None) -> float:
    return float(text.replace(",", ".")) if text else 0.0
