"""Parts of a date as numbers: months, weekdays, hours. They follow the calendar, so any two windows differ in them."""

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
OF: dict[str, dict[str, tuple[int, int]]] = {
    "year": {"day": (0, 366), "week": (0, 53), "month": (0, 12)},
    "month": {"day": (0, 31)},
    "week": {"day": (0, 7)},
    "day": {"hour": (0, 24)},
}
"""The same where the name goes on: day of year, week of year, day of month, day of week, hour of day."""
OTHER_WORDS = frozenset(
    {
        "of", "the", "in", "number", "num", "no", "calendar", "date", "time", "datetime", "timestamp", "utc",
        "local", "created", "recorded", "record", "event", "order", "arrival", "admission", "visit",
        "transaction", "request", "pickup", "start", "name", "iso", "fiscal", "school", "academic", "financial"
    }
)  # fmt: skip
"""Words that may stand beside it. Any other (gestational week, hours worked) makes it a measurement."""
SYNONYMS = {
    "dayofweek": ("day", "week"), "dayofmonth": ("day",), "dayofyear": ("day", "year"), "weekofyear": ("week", "year"),
    "hourofday": ("hour",), "monthnum": ("month",), "weeknum": ("week",), "isoweek": ("week",), "calweek": ("week",),
    "monat": ("month",), "mois": ("month",), "mes": ("month",), "mese": ("month",), "maand": ("month",),
    "woche": ("week",), "kalenderwoche": ("week",), "semaine": ("week",), "semana": ("week",),
    "settimana": ("week",), "wochentag": ("weekday",), "jahr": ("year",), "annee": ("year",), "jaar": ("year",),
    "stunde": ("hour",), "heure": ("hour",), "hora": ("hour",), "quartal": ("quarter",), "trimestre": ("quarter",),
    "kwartaal": ("quarter",)
}  # fmt: skip
"""Words written together, and words of other languages, as words of `RANGES`. Short ones with another meaning in
English (tag, ora, ano) are left out."""
FLAGS = frozenset("weekend holiday weekday workday workingday businessday holidays vacation".split())  # noqa: SIM905
BESIDE_FLAGS = frozenset({"is", "on", "public", "bank", "school", "working", "business", "day", "flag", "national"})
"""Words of a name that says whether a day is one of some kind; those beside it say of which."""
CYCLES = frozenset({"sin", "cos", "sine", "cosine"})
"""Words of a name that holds a part of a date as a point of a circle."""


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
    words = [word for given in words for word in SYNONYMS.get(given, (given,))]
    parts = [word for word in words if word in RANGES]
    if not parts or not set(words) <= OTHER_WORDS | RANGES.keys() | CYCLES or not len(values):
        return None
    if CYCLES & set(words):
        return f"{parts[0]} on a circle" if np.abs(values).max() <= 1.0 else None
    part, low, high = parts[0], *RANGES[parts[0]]
    if len(parts) > 1:
        of = OF.get(parts[-1], {})
        if part not in of:
            return None
        low, high = of[part]
        part = f"{part} of the {parts[-1]}"
    whole = bool(np.all(values == np.floor(values)))
    return part if whole and values.min() >= low and values.max() <= high else None


def is_day_flag(words: Sequence[str]) -> bool:
    """Whether a name says that a column of true and false tells of a day: a weekend, a holiday.

    Examples
    --------
    >>> is_day_flag(["is", "weekend"]), is_day_flag(["weekend", "drinker"])
    (True, False)
    """
    return bool(FLAGS & set(words)) and set(words) <= FLAGS | BESIDE_FLAGS
