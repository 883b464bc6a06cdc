"""Dates that are written as one whole number of digits, or counted in days: no amounts, although they are numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from driftloop.data.inference.finding import MOSTLY
from driftloop.stats.sorting import distinct_values

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

DATE_WORDS = frozenset("date day dt datetime timestamp time period month ym yearmonth yyyymm when".split())  # noqa: SIM905
"""Words of a column's name that say that its numbers are dates."""
COUNTED_WORDS = frozenset({"date", "datetime", "timestamp", "dt"})
"""The same for plain counts of days, which are ordinary numbers by their digits."""
COUNTS = {
    "days since 1900, as Excel counts": (36_526.0, 51_502.0),
    "days since 1970": (10_957.0, 25_933.0),
    "days since 1960, as SAS counts": (14_610.0, 29_586.0),
    "Julian days": (2_451_544.0, 2_466_520.0),
    "years": (1990.0, 2041.0),
}
"""Days of the years 2000 to 2040, from the zero of each way of counting; Excel's before the others, which it meets."""


def _parts(values: Floats, *places: int) -> list[Floats]:
    """The groups of digits of whole numbers, the first group first; `places`: digits of each group but the first."""
    groups: list[Floats] = []
    for digits in reversed(places):
        groups.insert(0, values % 10**digits)
        values = np.floor(values / 10**digits)
    return [values, *groups]


def _years(values: Floats) -> Marks:
    return (values >= 1900) & (values < 2100)


def _days(month: Floats, day: Floats) -> Marks:
    return (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)


def _year_month(values: Floats) -> Marks:
    year, month = _parts(values, 2)
    return _years(year) & (month >= 1) & (month <= 12)


def _short_date(values: Floats) -> Marks:
    year, month, day = _parts(values, 2, 2)
    return (year >= 10) & (year < 100) & _days(month, day)


def _day_of_year(values: Floats) -> Marks:
    year, day = _parts(values, 3)
    return _years(year) & (day >= 1) & (day <= 366)


def _date_and_clock(values: Floats) -> Marks:
    year, month, day, hour, minute = _parts(values, 2, 2, 2, 2)
    return _years(year) & _days(month, day) & (hour < 24) & (minute < 60)


def _date_and_seconds(values: Floats) -> Marks:
    return _date_and_clock(np.floor(values / 100)) & (values % 100 < 60)


WAYS: dict[str, tuple[Callable[[Floats], Marks], int, int]] = {
    "year and month": (_year_month, 8, 1),
    "year (two digits), month and day": (_short_date, 6, 2),
    "year and day of the year": (_day_of_year, 20, 4),
    "date, hour and minute": (_date_and_clock, 4, 1),
    "date and time": (_date_and_seconds, 4, 1),
}
"""How digits write a date, and how many different ones there must be: under any name, and under one that says so.

Numbers drawn at random from the same range may look like dates. A year and month fit 12 %, a short date 3.7 %, a day of
a year 37 %, a date with a clock time 0.5 %. So that many would all be dates in one of ten million columns. Under a name
that says so, it is one of fifty, most of which are dates."""
FEWEST_DAYS = 2
"""Different counts of days that are asked for, beside a name that says so."""


def digit_dates(words: Sequence[str], values: Floats) -> str | None:
    """How a column of numbers writes dates, by its digits and its name; None where it may be amounts.

    Parameters
    ----------
    words
        The words of the column's name, in lower case.
    values
        Its finite values.

    Examples
    --------
    >>> digit_dates(["period"], np.array([202601.0, 202602.0])), digit_dates(["date"], np.array([46000.0, 46001.5]))
    ('year and month', 'days since 1900, as Excel counts')
    >>> digit_dates(["income"], np.array([46000.0, 46001.5])) is None
    True
    """
    are_whole, may_be_counted = bool(np.all(values == np.floor(values))), bool(COUNTED_WORDS & set(words))
    if not are_whole and not may_be_counted:
        return None  # most columns, and sorting them is slow
    distinct = distinct_values(values)
    if are_whole:
        named = bool(DATE_WORDS & set(words))
        for name, (are_dates, fewest, fewest_named) in WAYS.items():
            if len(distinct) >= (fewest_named if named else fewest) and are_dates(distinct).mean() >= MOSTLY:
                return name
    if may_be_counted and len(distinct) >= FEWEST_DAYS:
        for name, (low, high) in COUNTS.items():
            if low <= distinct[0] and distinct[-1] <= high:
                return name
    return None
