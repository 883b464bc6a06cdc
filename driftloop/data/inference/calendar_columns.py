"""Parts of a date as columns: months, weekdays, hours. They follow the calendar, so any two windows differ in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RANGES: dict[str, tuple[int, int]] = {
    "year": (1900, 2200),
    "quarter": (1, 4),
    "month": (0, 12),
    "week": (0, 53),
    "weekday": (0, 7),
    "dow": (0, 7),
    "day": (0, 31),
    "doy": (0, 366),
    "hour": (0, 24),
    "minute": (0, 60),
}
"""The part of a date by a word of the column's name, and the whole numbers that it may be, counted from 0 or 1."""
OF_YEAR, OF_WEEK = {"day": (0, 366), "week": (0, 53)}, {"day": (0, 7)}
"""The same where the name goes on: day of year, week of year, day of week."""
OTHER_WORDS = frozenset(
    {
        "of", "the", "in", "number", "num", "no", "calendar", "date", "time", "datetime", "timestamp", "utc",
        "local", "created", "recorded", "record", "event", "order", "arrival", "admission", "visit",
        "transaction", "request", "pickup", "start", "name"
    }
)  # fmt: skip
"""Words that may stand beside it. Any other (gestational week, hours worked) makes it a measurement."""
NAMES = frozenset(
    {
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "monday", "tuesday", "wednesday", "thursday",
        "friday", "saturday", "sunday", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct",
        "nov", "dec", "january", "february", "march", "april", "june", "july", "august", "september",
        "october", "november", "december"
    }
)  # fmt: skip
"""Weekdays and months as texts."""


def calendar_part(words: Sequence[str], values: Floats) -> str | None:
    """The part of a date that a column of whole numbers is, by its name and range; None where it is none.

    Parameters
    ----------
    words
        The words of the column's name, in lower case.
    values
        Its finite values.

    Examples
    --------
    >>> calendar_part(["admission", "month"], np.array([1.0, 7.0, 12.0]))
    'month'
    >>> calendar_part(["gestational", "week"], np.array([1.0, 7.0, 12.0])) is None
    True
    """
    parts = [word for word in words if word in RANGES]
    if not parts or not set(words) <= OTHER_WORDS | RANGES.keys() or not len(values):
        return None
    part, low, high = parts[0], *RANGES[parts[0]]
    if len(parts) > 1:
        of = OF_YEAR if parts[-1] == "year" else OF_WEEK if parts[-1] == "week" else {}
        if part not in of:
            return None
        low, high = of[part]
        part = f"{part} of the {parts[-1]}"
    whole = bool(np.all(values == np.floor(values)))
    return part if whole and values.min() >= low and values.max() <= high else None


def are_calendar_names(names: Sequence[str]) -> bool:
    """Whether texts are weekdays or months, and more than one of them.

    Examples
    --------
    >>> are_calendar_names(["Mon", "Tue"]), are_calendar_names(["May"])
    (True, False)
    """
    return len(names) > 1 and all(name.strip().rstrip(".").casefold() in NAMES for name in names)
