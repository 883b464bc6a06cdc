"""Dates and times in text: whether the day or the month comes first, and the moment that a text stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal

from driftloop.data.reading import DateOrder

_CLOCK = r"(?P<clock>\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)?) ?(?P<half>[AaPp]\.?[Mm]\.?)?"
_ZONE = r"(?P<zone>Z|UTC|GMT|(UTC|GMT)?[+-]\d{2}(:?\d{2})?)?"
_TIME = rf"([T ,]+{_CLOCK} ?{_ZONE})?"
_ISO = re.compile(rf"(?P<y>\d{{4}})(?P<mark>[-/.])(?P<m>\d{{1,2}})(?P=mark)(?P<d>\d{{1,2}}){_TIME}", re.ASCII)
_ORDERED = re.compile(rf"(?P<p>\d{{1,2}})(?P<mark>[-/.])(?P<q>\d{{1,2}})(?P=mark)(?P<y>\d{{4}}|\d{{2}}){_TIME}")
_NAMED = re.compile(
    rf"([A-Za-z]{{3,9}}\.?,? )?(?P<d>\d{{1,2}})[ .-]{{0,2}}(?P<name>[A-Za-z]{{3,9}})\.?,?[ -]?(?P<y>\d{{4}}|\d{{2}})"
    rf"([T ,:]+{_CLOCK} ?{_ZONE})?"
)
"""Also as Oracle (31-JAN-26) and SAS (31JAN2026:10:00:00) write them."""
_AMERICAN = re.compile(rf"([A-Za-z]{{3,9}},? )?(?P<name>[A-Za-z]{{3,9}})\.? (?P<d>\d{{1,2}}),? (?P<y>\d{{4}}){_TIME}")
_MONTH = re.compile(r"(?P<y>\d{4})-(?P<m>0[1-9]|1[0-2])")
_COMPACT = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})([T ]?(?P<clock>\d{6}) ?(?P<zone>Z)?)?", re.ASCII)
_LONG_YEAR = re.compile(r"\d{4}")
_TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,9})?))?", re.ASCII)
_MONTH_NAMES = ("january february march april may june july august september october november december").split()  # noqa: SIM905
MONTHS = {name: place + 1 for place, full in enumerate(_MONTH_NAMES) for name in (full, full[:3])} | {"sept": 9}
PIVOT = 69
"""Years of two digits below it are of this century, as POSIX has it."""
COMPACT_YEARS = (1900, 2100)
"""Years that eight digits in a row may begin with to be read as a date: no unit of epoch time falls there today."""

Order = DateOrder | Literal["either"]


def moment(text: str, order: DateOrder | None = None) -> float | None:
    """Seconds since 1970 (UTC where no zone is written) of a date, with or without a time; None where it is none.

    A text such as 01/02/2026 is a date only when its `order` is told, or when one of the two cannot be a month.

    Examples
    --------
    >>> moment("1970-01-02 00:00:01Z"), moment("02/01/1970"), moment("02/01/1970", "day-first")
    (86401.0, None, 86400.0)
    """
    try:
        return _with_year_first(text) if text[:4].isdigit() else _with_year_last(text, order)
    except (ValueError, OverflowError):
        return None


def _with_year_first(text: str) -> float | None:
    if found := _ISO.fullmatch(text):
        return _seconds(int(found["y"]), int(found["m"]), int(found["d"]), found.groupdict())
    if (found := _COMPACT.fullmatch(text)) and COMPACT_YEARS[0] <= int(found["y"]) < COMPACT_YEARS[1]:
        return _seconds(int(found["y"]), int(found["m"]), int(found["d"]), found.groupdict())
    found = _MONTH.fullmatch(text)
    return None if found is None else _seconds(int(found["y"]), int(found["m"]), 1, {})


def _with_year_last(text: str, order: DateOrder | None) -> float | None:
    if found := _ORDERED.fullmatch(text):
        order = order or _decided(date_order(text))
        if order is None:
            return None
        day, month = (found["p"], found["q"]) if order == "day-first" else (found["q"], found["p"])
        return _seconds(_year(found["y"]), int(month), int(day), found.groupdict())
    found = _NAMED.fullmatch(text) or _AMERICAN.fullmatch(text)
    month_number = None if found is None else MONTHS.get(found["name"].lower())
    if found is None or month_number is None:
        return None
    return _seconds(_year(found["y"]), month_number, int(found["d"]), found.groupdict())


def time_of_day(text: str) -> float | None:
    """Seconds since midnight of a clock time such as 14:30 or 14:30:05.5; None where it is none."""
    found = _TIME_OF_DAY.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59 or float(found[3] or 0) >= 60:
        return None
    return int(found[1]) * 3600.0 + int(found[2]) * 60.0 + float(found[3] or 0)


def date_order(text: str) -> Order | None:
    """Which of two numbers before the year is the day: `either` where both may be; None for other ways of writing.

    Dates with points are written with the day first wherever they are written; only 05.25.2026 says otherwise. With a
    year of two digits nothing is told.

    Examples
    --------
    >>> [date_order(text) for text in ("25/03/2026", "03/25/2026", "03/04/2026", "03.04.2026", "2026-03-04")]
    ['day-first', 'month-first', 'either', 'day-first', None]
    """
    found = _ORDERED.fullmatch(text)
    if found is None:
        return None
    first, second = int(found["p"]), int(found["q"])
    if first > 31 or second > 31 or (first > 12 and second > 12):
        return None
    if len(found["y"]) == 2 and found["mark"] != ".":
        return "either"  # 26/08/01 may have the year first
    if first > 12 or second > 12:
        return "day-first" if first > 12 else "month-first"
    return "day-first" if found["mark"] == "." else "either"


@dataclass(frozen=True)
class DateEvidence:
    """How many of a column's distinct texts show each order."""

    day_first: int = 0
    month_first: int = 0
    either: int = 0
    short_years: int = 0
    """Of `either`, those whose year may also come first, because it has two digits."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> DateEvidence:
        """Count texts; those that are no dates, or have the year first, show nothing."""
        counts = {"day-first": 0, "month-first": 0, "either": 0}
        short_years = 0
        for text in texts:
            order = date_order(text)
            if order is not None:
                counts[order] += 1
                short_years += order == "either" and _LONG_YEAR.search(text) is None
        return cls(counts["day-first"], counts["month-first"], counts["either"], short_years)

    def __add__(self, more: DateEvidence) -> DateEvidence:
        """Both together."""
        return DateEvidence(
            self.day_first + more.day_first,
            self.month_first + more.month_first,
            self.either + more.either,
            self.short_years + more.short_years,
        )

    @property
    def contradicts_itself(self) -> bool:
        """Whether both orders are in use beyond single slips."""
        return min(self.day_first, self.month_first) > SLIPS * (self.day_first + self.month_first)

    @property
    def order(self) -> DateOrder | None:
        """The order that the texts can only have; None where they leave it open."""
        if self.day_first == self.month_first:
            return None
        return "day-first" if self.day_first > self.month_first else "month-first"


SLIPS = 0.05
"""As for numbers: a few slips are malformed values, more than a few are two ways of writing in one column."""


def _decided(order: Order | None) -> DateOrder | None:
    return None if order == "either" else order


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < PIVOT else 1900)


def _seconds(year: int, month: int, day: int, parts: dict[str, str | None]) -> float:
    clock, half, zone = parts.get("clock"), parts.get("half"), parts.get("zone")
    hour = minute = second = micro = 0
    if clock:
        pieces = clock.replace(",", ".").split(":") if ":" in clock else [clock[:2], clock[2:4], clock[4:]]
        hour, minute = int(pieces[0]), int(pieces[1])
        whole, _, fraction = (pieces[2] if len(pieces) > 2 else "0").partition(".")
        second, micro = int(whole), int(fraction[:6].ljust(6, "0") or 0)
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of half a day")
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    return datetime(year, month, day, hour, minute, second, micro, _zone(zone or "Z")).timestamp()


@lru_cache(64)
def _zone(text: str) -> timezone:
    text = text.removeprefix("UTC").removeprefix("GMT").removeprefix("Z").replace(":", "")
    if not text:
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[3:5] or 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
