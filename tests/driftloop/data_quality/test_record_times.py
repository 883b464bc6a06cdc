"""Times of the records: a day of grace for zones, a baseline that lies ahead too, and stale records."""

import pandas as pd
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality.record_times import check_record_times
from driftloop.data_quality.sign import CERTAIN

SCHEMA = Schema((Column("at", "datetime", role="timestamp"), Column("x")))
NOW = pd.Timestamp("2026-03-10", tz="UTC")
DAY, SECOND = pd.Timedelta(days=1), pd.Timedelta(seconds=1)


def texts(baseline, window, now=NOW):
    """What is said of records with these times."""
    sides = [pd.DataFrame({"at": pd.to_datetime(times, utc=True), "x": 1.0}) for times in (baseline, window)]
    signs = check_record_times(
        Baseline.build(sides[0], SCHEMA), Window.build(sides[1], SCHEMA), None if now is None else now.timestamp()
    )
    return [(sign.column, sign.text.split(":")[0], sign.p) for sign in signs]


FUTURE, STALE = ("at", "records from the future", CERTAIN), ("at", "stale records", CERTAIN)
BEFORE = [NOW - 90 * DAY, NOW - 60 * DAY]


@pytest.mark.parametrize(("last", "found"), [(NOW + DAY, []), (NOW + DAY + SECOND, [FUTURE])])
def test_more_than_a_day_ahead_is_the_future(last, found):
    assert texts(BEFORE, [NOW - 9 * DAY, last]) == found


@pytest.mark.parametrize(("ahead", "found"), [(DAY, [FUTURE]), (DAY + SECOND, [])])
def test_where_the_baseline_lies_ahead_too_the_window_may(ahead, found):
    assert texts([NOW - 90 * DAY, NOW + ahead], [NOW, NOW + 30 * DAY]) == found


@pytest.mark.parametrize(("newest", "found"), [(BEFORE[0], []), (BEFORE[0] - SECOND, [STALE])])
def test_a_window_whose_newest_record_is_older_than_the_baselines_first_is_stale(newest, found):
    assert texts(BEFORE, [newest - DAY, newest]) == found
    assert texts(BEFORE, [newest - DAY, newest], now=None) == found


def test_without_a_clock_nothing_is_the_future():
    assert texts(BEFORE, [NOW + 900 * DAY], now=None) == []


@pytest.mark.parametrize(("baseline", "window"), [(BEFORE, [None]), ([None], [NOW - 9 * DAY])])
def test_records_without_a_time_are_neither_late_nor_early(baseline, window):
    assert texts(baseline, window) == []


def test_a_baseline_without_a_time_does_not_excuse_the_future():
    assert texts([None], [NOW + 9 * DAY]) == [FUTURE]


def test_the_newest_time_is_said_also_where_it_is_no_date():
    baseline = Baseline.build(pd.DataFrame({"at": pd.to_datetime(BEFORE, utc=True), "x": 1.0}), SCHEMA)

    def text(seconds):
        window = pa.table({"at": pa.array([seconds], pa.timestamp("s", "UTC")), "x": [1.0]})
        (sign,) = check_record_times(baseline, Window.build(window, SCHEMA), NOW.timestamp())
        return sign.text

    assert text(int((NOW + 9 * DAY).timestamp())) == "records from the future: 2026-03-19T00:00:00Z"
    assert text(10**12) == "records from the future: no date at all"  # the year 33658
    assert text(0) == "stale records: the newest is from 1970-01-01T00:00:00Z, older than all of the baseline"
    assert text(-(10**12)) == "stale records: the newest is from no date at all, older than all of the baseline"
