"""Times as text: ISO 8601 in UTC, written in one way and read in every way.

Everything that is stored or sent writes a time as `2026-11-23T06:00:00Z`, so that a person can compare two by eye.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from driftloop.errors import InputError

SECONDS_A_DAY = 86_400.0
CLOCKS_APART = SECONDS_A_DAY
"""By how much clocks and time zones may differ before a time counts as ahead. Local times without a zone run up to 14
hours ahead of UTC.
"""
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
Precision = Literal["auto", "seconds", "microseconds"]


def format_time(moment: datetime, precision: Precision = "auto") -> str:
    """ISO 8601 in UTC.

    Parameters
    ----------
    moment : with a time zone.
    precision : `auto` writes microseconds only where there are some; `seconds` cuts them off.

    Raises
    ------
    ValueError
        For a moment without a time zone: whose clock it was would be a guess.

    Examples
    --------
    >>> from datetime import timedelta, timezone
    >>> format_time(datetime(2026, 11, 23, 7, tzinfo=timezone(timedelta(hours=1))))
    '2026-11-23T06:00:00Z'
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def format_seconds(seconds: float | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC; None for None, and for what is no date (years beyond 1 to 9999).

    Examples
    --------
    >>> format_seconds(0.0)
    '1970-01-01T00:00:00Z'
    >>> format_seconds(1e18) is None
    True
    """
    if seconds is None:
        return None
    try:
        # Not `fromtimestamp`: on Windows it knows no moment before 1970.
        return format_time(_1970 + timedelta(seconds=seconds))
    except (ValueError, OverflowError):
        return None


def parse_time(text: str) -> datetime:
    """The moment that an ISO 8601 text names; no time zone means UTC.

    Raises
    ------
    InputError
        For any other text.

    Examples
    --------
    >>> parse_time("2026-11-23") == parse_time("2026-11-23T01:00:00+01:00")
    True
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text[:40]!r} is not a time in ISO 8601") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def latest(first: str, *others: str | None) -> str:
    """The latest of some ISO 8601 times, as it was written; None is passed over.

    Raises
    ------
    InputError
        For a text that is no time.

    Examples
    --------
    >>> latest("2026-11-23", None, "2026-11-22T23:30:00-01:00")
    '2026-11-22T23:30:00-01:00'
    """
    return max((first, *(other for other in others if other)), key=parse_time)


def earliest(*times: str | None) -> str | None:
    """The earliest of some ISO 8601 times, as it was written; None when there is none. Raises InputError like `latest`.

    Examples
    --------
    >>> earliest(None, "2026-11-23", "2026-11-23T00:30:00+01:00")
    '2026-11-23T00:30:00+01:00'
    """
    return min((time for time in times if time is not None), key=parse_time, default=None)


def utc_now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)
