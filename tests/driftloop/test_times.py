"""Times as text: written in one way, read in every way, compared as moments."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftloop.errors import InputError
from driftloop.times import earliest, format_seconds, format_time, latest, parse_time

NOON = datetime(2026, 11, 23, 12, 0, 0, 250, tzinfo=UTC)


def test_times_are_written_in_utc() -> None:
    assert format_time(datetime(2026, 11, 23, 7, tzinfo=timezone(timedelta(hours=1)))) == "2026-11-23T06:00:00Z"
    with pytest.raises(ValueError, match="without a time zone"):
        format_time(datetime(2026, 11, 23))  # noqa: DTZ001


def test_microseconds_are_written_where_there_are_some_or_as_asked() -> None:
    assert format_time(NOON) == "2026-11-23T12:00:00.000250Z"
    assert format_time(NOON, "seconds") == "2026-11-23T12:00:00Z"
    assert format_time(NOON.replace(microsecond=0), "microseconds") == "2026-11-23T12:00:00.000000Z"


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=ZONES))  # noqa: DTZ001
def test_what_is_written_is_read_as_the_same_moment(moment: datetime) -> None:
    assert parse_time(format_time(moment)) == moment


@pytest.mark.parametrize("text", ["2026-11-23", "2026-11-23T00:00:00", "2026-11-23T01:00+01:00", "20261123T000000Z"])
def test_every_spelling_is_read_and_no_zone_means_utc(text: str) -> None:
    assert parse_time(text) == datetime(2026, 11, 23, tzinfo=UTC)


def test_another_text_is_an_error_that_shows_its_beginning() -> None:
    with pytest.raises(InputError, match="'yesterday' is not a time in ISO 8601"):
        parse_time("yesterday")
    with pytest.raises(InputError) as raised:
        parse_time("x" * 1000)
    assert len(str(raised.value)) < 80


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, None),
        (0.0, "1970-01-01T00:00:00Z"),
        (1e18, None),
        (float("nan"), None),
        (-1.5, "1969-12-31T23:59:58.500000Z"),
    ],
)
def test_seconds_become_a_time_where_there_is_one(seconds: float | None, text: str | None) -> None:
    assert format_seconds(seconds) == text


def test_the_latest_and_the_earliest_are_found_across_zones_and_spellings() -> None:
    half_past_five = "2026-11-23T06:30:00+01:00"
    assert latest("2026-11-23T06:00:00Z", None, half_past_five) == "2026-11-23T06:00:00Z"
    assert latest("2026-11-23", "2026-11-23T00:00:01+00:00") == "2026-11-23T00:00:01+00:00"
    assert earliest("2026-11-23T06:00:00Z", None, half_past_five) == half_past_five
    assert earliest(None, None) is None
    with pytest.raises(InputError, match="not a time"):
        latest("yesterday", "2026-11-23")
