"""Times as whole numbers: the unit of a count since 1970, or a date written as one number such as 20260801."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

from driftloop.times import SECONDS_A_DAY

Floats = npt.NDArray[np.float64]
TimeUnit = Literal["s", "ms", "us", "ns", "yyyymmdd", "excel"]

PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
MOST_SECONDS = 3e11
"""Counts below it are seconds: the year 11476. In milliseconds it is mid-1979, before computers counted them."""
STEP = 1e3
EXCEL_DIGITS = 3
"""Decimals of seconds that survive: Excel shows milliseconds, and a fraction of a day has no exact double."""
EXCEL_EPOCH = 25_569.0
"""The day 1 January 1970 in Excel's count of days."""
EXCEL_DAYS = (36_526.0, 51_502.0)
"""Excel's days of the years 2000 to 2040. As seconds since 1970 they lie within a few hours of one day."""
YEAR_9999 = (253_370_764_800.0, 253_402_300_800.0)
"""Seconds of the year 9999, which stands for an open end and says nothing of the unit."""
MOSTLY = 0.95
"""Part of the values that must be dates: a few slips do not make a column of dates one of counts."""
COMPACT_DATES = (19_000_000.0, 21_000_000.0)
"""Years 1900 to 2099, with four digits of month and day behind them."""
EPOCH = date(1970, 1, 1)


def time_unit(values: Floats) -> TimeUnit:
    """How a column of numbers that are times is to be read, from its finite values.

    Examples
    --------
    >>> [time_unit(np.array(values)) for values in ([1.7e9], [1.7e12], [1.7e18], [20260801.0, 20261231.0])]
    ['s', 'ms', 'ns', 'yyyymmdd']
    """
    if are_compact_dates(values):
        return "yyyymmdd"
    values = values[(values < YEAR_9999[0]) | (values >= YEAR_9999[1])]
    # The lower median: the mean of two that are near the largest double would be infinite.
    typical = (
        float(np.partition(np.abs(values), (len(values) - 1) // 2)[(len(values) - 1) // 2]) if len(values) else 0.0
    )
    limit = MOST_SECONDS
    units: tuple[TimeUnit, ...] = ("s", "ms", "us")
    for unit in units:
        if typical < limit:
            return unit
        limit *= STEP
    return "ns"


def are_excel_days(values: Floats) -> bool:
    """Whether times are days as Excel counts them, with the time of day as their fraction.

    Examples
    --------
    >>> are_excel_days(np.array([45370.5, 45371.25])), are_excel_days(np.array([1.7e9]))
    (True, False)
    """
    within = (values >= EXCEL_DAYS[0]) & (values < EXCEL_DAYS[1])
    return len(values) > 0 and float(np.mean(within)) >= MOSTLY


def are_compact_dates(values: Floats) -> bool:
    """Whether whole numbers are dates written as year, month and day without marks, of the years 1900 to 2099."""
    within = (values >= COMPACT_DATES[0]) & (values < COMPACT_DATES[1])
    if not len(values) or float(np.mean(within)) < MOSTLY:
        return False  # most columns, and taking all their numbers apart is slow
    return float(np.mean(_parts(values)[3])) >= MOSTLY


def seconds(values: Floats, unit: TimeUnit) -> Floats:
    """Seconds since 1970 of numbers in a unit; NaN where a number is no date."""
    if unit == "excel":
        return np.round((values - EXCEL_EPOCH) * SECONDS_A_DAY, EXCEL_DIGITS)
    if unit != "yyyymmdd":
        if unit == "ns":
            return np.floor(values / STEP) / PER_SECOND["us"]
        return values / PER_SECOND[unit]
    year, month, day, good = _parts(values)
    result = np.full(len(values), np.nan)
    for index in np.flatnonzero(good):
        try:
            moment = date(int(year[index]), int(month[index]), int(day[index]))
        except ValueError:
            continue  # a day that no calendar has stays missing
        result[index] = (moment - EPOCH) / timedelta(seconds=1)
    return result


def _parts(values: Floats) -> tuple[Floats, Floats, Floats, npt.NDArray[np.bool_]]:
    with np.errstate(invalid="ignore"):
        year, month, day = np.floor(values / 1e4), np.floor(values / 100) % 100, values % 100
        good = (year >= 1900) & (year < 2100) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
        return year, month, day, good & (values == np.floor(values))
