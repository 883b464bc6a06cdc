"""Ranges and categories for a schema: what a value must be to be refused tomorrow.

A schema's range is what can be true, not what was seen. A record beyond it is left out of training and makes a feed
look broken. So a range is far wider than the data, and a list of categories is only closed where it is surely complete.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from decimal import Decimal

from driftloop.data.redaction import COMMON, may_name
from driftloop.data.schema import Column
from driftloop.profile.counting.column_profile import ColumnProfile

SPANS = 10
"""By how many times the span that was seen each end moves out. A log-normal column with a standard deviation of 2 is as
skewed as incomes come. Of 400 of its values the range refuses one later value in 20,000. Of ordinary columns it refuses
none. What is left to find is another unit (a factor of 1,000) or a 99999 that stands for missing.
"""
SURELY = 300
"""Records from which on what was never seen is taken for impossible, such as a negative value or a further category. By
the rule of three (Hanley and Lippman-Hand 1983) at most 3 / 300 = 1 % of all records have it, at 95 % confidence.
"""
MOST_LISTED = 50
"""Categories that are listed; a longer list is one that grows."""
STEPS = tuple(map(Decimal, (1, 2, 5, 10)))
"""Ends are rounded to 1, 2 or 5 times a power of ten, so that nobody's value can be read from them."""
LARGEST = sys.float_info.max
RANGE_RULE = (
    f"Each end of a range lies {SPANS} times the span of the values beyond them, rounded outwards to 1, 2 or 5 times a "
    f"power of ten; 0 is the lower end where {SURELY} values or more were seen and none was negative."
)
CATEGORY_RULE = (
    f"Categories are listed, and any other value is then refused, where each was seen in {COMMON} records or more and "
    f"there are two of them, or at most {MOST_LISTED} texts in {SURELY} records or more. The classes of a target need "
    "the first alone."
)


def suggested_range(column: ColumnProfile) -> tuple[float, float] | None:
    """The range of a numeric column, or None where it has no value.

    Examples
    --------
    >>> suggested_range(ColumnProfile(rows=400, minimum=18.0, maximum=79.0))
    (0.0, 1000.0)
    """
    low, high = column.minimum, column.maximum
    if low is None or high is None:
        return None
    span = (high - low) or abs(low) or 1.0
    known = column.rows - column.missing - column.infinite
    positive = low >= 0 and known >= SURELY
    return 0.0 if positive else outward(low - SPANS * span, up=False), outward(high + SPANS * span, up=True)


def outward(value: float, *, up: bool) -> float:
    """The nearest 1, 2 or 5 times a power of ten that is not smaller (`up`) or not larger.

    Examples
    --------
    >>> outward(689.0, up=True), outward(-592.0, up=False), outward(30.0, up=False)
    (1000.0, -1000.0, 20.0)
    """
    if value == 0:
        return 0.0
    if abs(value) > LARGEST:
        return LARGEST if value > 0 else -LARGEST
    size = Decimal(abs(value))
    power = Decimal(1).scaleb(size.adjusted())
    away = up == (value > 0)  # from zero
    fitting = [step * power for step in STEPS if (step * power >= size if away else step * power <= size)]
    rounded = min(float(min(fitting) if away else max(fitting)), LARGEST)
    return rounded if value > 0 else -rounded


def left_open(column: Column, counts: Mapping[str, int], *, more: bool = False) -> str:
    """Why the categories of a column are left open; empty where they may be listed. `more`: not all were counted.

    The classes of a target are the ones that a model tells apart, so that others are not waited for.

    Examples
    --------
    >>> left_open(Column("town", kind="categorical"), {"Ulm": 40, "Bonn": 2})
    '1 of 2 is found in fewer than 6 records, too few to be named, and others may come'
    """
    if more or not counts or len(counts) > MOST_LISTED:
        return f"more than {MOST_LISTED} of them" if counts else "no value was seen"
    private = sum(not may_name(name, column, records) for name, records in counts.items())
    if private:
        return f"{_of(private, counts)} in fewer than {COMMON} records, too few to be named, and others may come"
    rare = sum(records < COMMON for records in counts.values())
    if rare:
        return f"{_of(rare, counts)} in fewer than {COMMON} records, so that others may come"
    return "" if column.role == "target" or len(counts) <= 2 else _others_may_come(counts)


def _others_may_come(counts: Mapping[str, int]) -> str:
    if all(map(_is_whole, counts)):
        return "whole numbers, so that the next ones may come"
    few = sum(counts.values()) < SURELY
    return f"fewer than {SURELY} records were seen, so that others may come" if few else ""


def _is_whole(name: str) -> bool:
    return name.removeprefix("-").isdecimal()


def _of(some: int, counts: Mapping[str, int]) -> str:
    return f"{some} of {len(counts)} {'is' if some == 1 else 'are'} found"
