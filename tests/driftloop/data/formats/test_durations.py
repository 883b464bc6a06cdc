"""Durations in text, as clocks, with days, and as ISO 8601 writes them."""

import pytest

from driftloop.data.formats.durations import duration

HOUR, DAY = 3_600.0, 86_400.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("36:15", 36.25 * HOUR),
        ("36:15:00", 36.25 * HOUR),
        ("36:15:00.5", 36.25 * HOUR + 0.5),
        ("36:15:00,5", 36.25 * HOUR + 0.5),
        ("-36:15:00", -36.25 * HOUR),
        ("36:60:00", None),
        ("36:15:60", None),
        ("1 day, 2:03:04", DAY + 2 * HOUR + 184),
        ("2 days, 0:00:00", 2 * DAY),
        ("1 days 02:03:04", DAY + 2 * HOUR + 184),
        ("-1 day, 22:00:00", -2 * HOUR),
        ("-1 days +22:00:00", -2 * HOUR),
        ("1.02:03:04", DAY + 2 * HOUR + 184),
        ("-1.02:00:00", -DAY - 2 * HOUR),
        ("1 day, 2:03:99", None),
        ("PT36H", 36 * HOUR),
        ("P1DT2H3M4.5S", DAY + 2 * HOUR + 184.5),
        ("-PT1H", -HOUR),
        ("P2W", 14 * DAY),
        ("P1D", DAY),
        ("P1M", None),
        ("P1Y", None),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("36", None),
        ("3 days", None),
        ("", None),
    ],
)
def test_seconds_of_a_text(text, seconds):
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))
