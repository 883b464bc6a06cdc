"""When a target that limits requests allows the next one, from the headers of its answer.

A header may hold anything: what is no number or no date, or lies absurdly far off, is as if it were not there.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_PAUSE = timedelta(days=1)  # whatever a header asks for: limits are by the hour
BELIEVED = timedelta(days=1)  # a clock that is further off than this is no clock
_DIGITS = 12  # of a number of seconds: more is no time


def server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """The target's clock where its answer tells it, else `now`.

    Parameters
    ----------
    headers : Mapping[str, str]
        Of an answer.
    now : datetime
        This machine's clock, for an answer without a usable `Date`.
    """
    found = _moment(headers.get("date"))
    return found if found is not None and abs(found - now) < BELIEVED else now


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """From `retry-after`, in seconds or as a date; None where there is none.

    Parameters
    ----------
    headers : Mapping[str, str]
        Of an answer.
    now : datetime
        The target's clock.

    Returns
    -------
    datetime | None
        At most a day later.
    """
    text = headers.get("retry-after")
    seconds = _whole(text)
    if seconds is not None:
        return now + min(timedelta(seconds=min(seconds, 10**9)), LONGEST_PAUSE)
    found = _moment(text)
    return None if found is None else min(max(found, now), now + LONGEST_PAUSE)


def limit_resets(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """From `x-ratelimit-reset` (seconds since 1970), where no request remains; None where it says nothing usable.

    Parameters
    ----------
    headers : Mapping[str, str]
        Of an answer.
    now : datetime
        The target's clock.

    Returns
    -------
    datetime | None
        At most a day later.
    """
    seconds = _whole(headers.get("x-ratelimit-reset"))
    if headers.get("x-ratelimit-remaining") != "0" or seconds is None:
        return None
    longest = (now + LONGEST_PAUSE).timestamp()
    return max(now, datetime.fromtimestamp(min(seconds, longest), UTC))


def _moment(text: str | None) -> datetime | None:
    """A date as HTTP writes it, in UTC where it names no zone; None for any other text."""
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None
