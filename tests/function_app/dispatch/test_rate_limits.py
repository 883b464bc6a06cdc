"""What a target's headers say of when it may be asked again."""

from datetime import UTC, datetime, timedelta

import pytest

from function_app.dispatch.rate_limits import LONGEST_PAUSE, limit_resets, retry_after, server_time

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_seconds_are_counted_from_the_given_moment() -> None:
    assert retry_after({"retry-after": "90"}, NOW) == NOW + timedelta(seconds=90)
    assert retry_after({"retry-after": "0"}, NOW) == NOW


@pytest.mark.parametrize("text", ["", "-1", "1.5", "soon", "٣", "9" * 13, "1e3"])
def test_what_is_no_whole_number_says_nothing(text: str) -> None:
    assert retry_after({"retry-after": text}, NOW) is None
    assert limit_resets({"x-ratelimit-remaining": "0", "x-ratelimit-reset": text}, NOW) is None


def test_no_pause_is_longer_than_a_day() -> None:
    assert timedelta(days=1) == LONGEST_PAUSE
    assert retry_after({"retry-after": "86401"}, NOW) == NOW + LONGEST_PAUSE
    assert retry_after({"retry-after": "86399"}, NOW) == NOW + timedelta(seconds=86_399)
    assert retry_after({"retry-after": "9" * 12}, NOW) == NOW + LONGEST_PAUSE
    far = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 12}
    assert limit_resets(far, NOW) == NOW + LONGEST_PAUSE


def test_a_limit_resets_when_it_says_and_only_where_no_request_remains() -> None:
    at = NOW + timedelta(minutes=10)
    headers = {"x-ratelimit-reset": str(int(at.timestamp()))}
    assert limit_resets({**headers, "x-ratelimit-remaining": "0"}, NOW) == at
    assert limit_resets({**headers, "x-ratelimit-remaining": "1"}, NOW) is None
    assert limit_resets(headers, NOW) is None
    past = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}
    assert limit_resets(past, NOW) == NOW, "a time that has gone by is now"


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Mon, 23 Nov 2026 06:05:00 GMT", NOW + timedelta(minutes=5)),
        ("Mon, 23 Nov 2026 06:05:00 -0000", NOW + timedelta(minutes=5)),
        ("Sun, 22 Nov 2026 06:00:01 GMT", NOW - timedelta(days=1) + timedelta(seconds=1)),
        ("Sun, 22 Nov 2026 06:00:00 GMT", NOW),
        ("Fri, 31 Dec 9999 23:59:59 GMT", NOW),
        ("yesterday", NOW),
        ("", NOW),
    ],
)
def test_a_clock_that_is_a_day_off_or_none_at_all_is_not_believed(date: str, expected: datetime) -> None:
    assert server_time({"date": date} if date else {}, NOW) == expected


def test_a_date_that_has_passed_is_now() -> None:
    assert retry_after({"retry-after": "Mon, 02 Nov 2026 07:00:00 GMT"}, NOW) == NOW
