"""Dates and times in text: whether the day or the month comes first, and the moment that a text stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal

from driftloop.data.formats.patterns import Pattern
from driftloop.data.reading import DateOrder

_CLOCK = r"(?P<clock>\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)?) ?(?P<half>[AaPp]\.?[Mm]\.?)?"
HOURS_OF = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7} | {
    "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MEZ": 1, "MESZ": 2
}  # fmt: skip
"""Zones by name: those of the United States as RFC 822 has them, and Europe's."""
_ZONE = rf"(?P<zone>Z|UTC|GMT|(UTC|GMT)?[+-]\d{{2}}(:?\d{{2}})?|{'|'.join(HOURS_OF)})?"
_TIME = rf"([T ,]+{_CLOCK} ?{_ZONE})?"
_ISO = Pattern(rf"(?P<y>\d{{4}})(?P<mark>[-/.])(?P<m>\d{{1,2}})(?P=mark)(?P<d>\d{{1,2}}){_TIME}", re.ASCII)
_ORDERED = Pattern(rf"(?P<p>\d{{1,2}})(?P<mark>[-/.])(?P<q>\d{{1,2}})(?P=mark)(?P<y>\d{{4}}|\d{{2}}){_TIME}")
_NAMED = Pattern(
    rf"([A-Za-z]{{3,9}}\.?,? )?(?P<d>\d{{1,2}})[ ./-]{{0,2}}(?P<name>[A-Za-z]{{3,9}})\.?,?[ /-]?(?P<y>\d{{4}}|\d{{2}})"
    rf"([T ,:]+{_CLOCK} ?{_ZONE})?"
)
"""Also as Oracle (31-JAN-26), SAS (31JAN2026:10:00:00) and Apache (31/Jan/2026:10:00:00 +0000) write them."""
_CTIME = Pattern(rf"[A-Za-z]{{3}} (?P<name>[A-Za-z]{{3}}) {{1,2}}(?P<d>\d{{1,2}}) {_CLOCK} ?{_ZONE} (?P<y>\d{{4}})")
"""As C's ctime and Java's Date.toString write it: Fri Mar 01 10:00:00 CET 2024."""
_EAST_ASIAN = Pattern(rf"(?P<y>\d{{4}})[年년] ?(?P<m>\d{{1,2}})[月월] ?(?P<d>\d{{1,2}})[日일]( ?{_CLOCK} ?{_ZONE})?")
_ORDINAL = Pattern(rf"(?P<y>\d{{4}})-(?P<n>\d{{3}}){_TIME}", re.ASCII)
_ISO_WEEK = Pattern(rf"(?P<y>\d{{4}})(?P<mark>-?)W(?P<w>\d{{2}})(?P=mark)(?P<n>[1-7]){_TIME}", re.ASCII)
_AMERICAN = Pattern(rf"([A-Za-z]{{3,9}},? )?(?P<name>[A-Za-z]{{3,9}})\.? (?P<d>\d{{1,2}}),? (?P<y>\d{{4}}){_TIME}")
_MONTH = Pattern(r"(?P<y>\d{4})-(?P<m>0[1-9]|1[0-2])")
_COMPACT = Pattern(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})([T ]?(?P<clock>\d{6}) ?(?P<zone>Z)?)?", re.ASCII)
_LONG_YEAR = Pattern(r"\d{4}")
_TIME_OF_DAY = Pattern(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,9})?))?", re.ASCII)
_MONTH_NAMES = ("january february march april may june july august september october november december").split()  # noqa: SIM905
MONTHS = {name: index + 1 for index, full in enumerate(_MONTH_NAMES) for name in (full, full[:3])} | {"sept": 9}
LAST_MONTH, LAST_DAY = 12, 31
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
    if (found := _MONTH.fullmatch(text)) is not None:
        return _seconds(int(found["y"]), int(found["m"]), 1, {})
    if (found := _EAST_ASIAN.fullmatch(text)) is not None:
        return _seconds(int(found["y"]), int(found["m"]), int(found["d"]), found.groupdict())
    return _by_day_of_year(text)


def _by_day_of_year(text: str) -> float | None:
    """Ordinal dates (2024-075) and days of ISO 8601 weeks (2024-W11-5, 2024W115)."""
    if found := _ORDINAL.fullmatch(text):
        day = date(int(found["y"]), 1, 1) + timedelta(days=int(found["n"]) - 1)
        if day.year != int(found["y"]):
            return None
    elif found := _ISO_WEEK.fullmatch(text):
        day = date.fromisocalendar(int(found["y"]), int(found["w"]), int(found["n"]))
    else:
        return None
    return _seconds(day.year, day.month, day.day, found.groupdict())


def are_ordinal_dates(texts: Iterable[str]) -> bool:
    """Whether dates are years and days of the year alone, which numbers of cases look like (2024-075).

    Examples
    --------
    >>> are_ordinal_dates(["2024-075", "2024-366"]), are_ordinal_dates(["2024-075", "2024-07-05"])
    (True, False)
    """
    return all(_ORDINAL.fullmatch(text) for text in texts)


def _with_year_last(text: str, order: DateOrder | None) -> float | None:
    if found := _ORDERED.fullmatch(text):
        if order is None or (order == "year-first" and len(found["y"]) == 4):
            order = _decided(date_order(text))
        if order is None:
            return None
        if order == "year-first":
            return _seconds(_year(found["p"]), int(found["q"]), int(found["y"]), found.groupdict())
        day, month = (found["p"], found["q"]) if order == "day-first" else (found["q"], found["p"])
        return _seconds(_year(found["y"]), int(month), int(day), found.groupdict())
    found = _NAMED.fullmatch(text) or _AMERICAN.fullmatch(text) or _CTIME.fullmatch(text)
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

    Dates with points are written with the day first wherever they are written; only 05.25.2026 says otherwise. A year
    of two digits may come first or last: it is told only where one of both ends is no day.

    Examples
    --------
    >>> [date_order(text) for text in ("25/03/2026", "03/25/2026", "03/04/2026", "03.04.2026", "2026-03-04")]
    ['day-first', 'month-first', 'either', 'day-first', None]
    >>> [date_order(text) for text in ("26/08/01", "85/08/01", "25/08/85")]
    ['either', 'year-first', 'day-first']
    """
    found = _ORDERED.fullmatch(text)
    if found is None:
        return None
    first, second, last = int(found["p"]), int(found["q"]), int(found["y"])
    is_short = len(found["y"]) == 2
    if is_short and first > LAST_DAY:
        return "year-first" if 1 <= second <= LAST_MONTH and 1 <= last <= LAST_DAY else None
    if first > LAST_DAY or second > LAST_DAY or (first > LAST_MONTH and second > LAST_MONTH):
        return None
    if is_short and last <= LAST_DAY and found["mark"] != ".":
        return "either"  # 26/08/01 may have the year first
    if first > LAST_MONTH or second > LAST_MONTH:
        return "day-first" if first > LAST_MONTH else "month-first"
    return "day-first" if found["mark"] == "." else "either"


@dataclass(frozen=True)
class DateEvidence:
    """How many of a column's distinct texts show each order."""

    day_first: int = 0
    month_first: int = 0
    either: int = 0
    short_years: int = 0
    """Of all, those with a year of two digits, which may come first."""
    year_first: int = 0
    """Years of two digits that can be no day: 85-03-12."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> DateEvidence:
        """Count texts; those that are no dates, or begin with a year of four digits, show nothing."""
        counts = {"day-first": 0, "month-first": 0, "either": 0, "year-first": 0}
        short_years = 0
        for text in texts:
            order = date_order(text)
            if order is not None:
                counts[order] += 1
                short_years += _LONG_YEAR.search(text) is None
        return cls(counts["day-first"], counts["month-first"], counts["either"], short_years, counts["year-first"])

    def __add__(self, more: DateEvidence) -> DateEvidence:
        """Both together."""
        return DateEvidence(
            self.day_first + more.day_first,
            self.month_first + more.month_first,
            self.either + more.either,
            self.short_years + more.short_years,
            self.year_first + more.year_first,
        )

    @property
    def told(self) -> list[tuple[int, DateOrder]]:
        """How often each order is shown, the most frequent first."""
        told: list[tuple[int, DateOrder]] = [
            (self.day_first, "day-first"),
            (self.month_first, "month-first"),
            (self.year_first, "year-first"),
        ]
        return sorted(told, reverse=True)

    @property
    def contradicts_itself(self) -> bool:
        """Whether two orders are in use beyond single slips."""
        return self.told[1][0] > SLIPS * sum(count for count, _ in self.told)

    @property
    def order(self) -> DateOrder | None:
        """The order that the texts can only have; None where they leave it open."""
        (most, order), (next_most, _), _ = self.told
        return None if most == next_most else order


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
    if text in HOURS_OF:
        return timezone(timedelta(hours=HOURS_OF[text]))
    text = text.removeprefix("UTC").removeprefix("GMT").removeprefix("Z").replace(":", "")
    if not text:
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[3:5] or 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
