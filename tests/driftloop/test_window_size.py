"""Far fewer or far more records than usual: told from the windows before, and from the records' own times."""

import numpy as np
import pandas as pd
import pytest

from driftloop import Baseline, Column, Monitor, Schema, Window
from driftloop.window_size import KEPT_SIZES, unusual_rate, unusual_size

SCHEMA = Schema((Column("x"), Column("at", "datetime", role="timestamp")))


def table(rows, days, start="2026-01-01"):
    times = pd.Timestamp(start) + pd.to_timedelta(np.linspace(0, days, rows), unit="D")
    return pd.DataFrame({"x": np.random.default_rng(rows).normal(size=rows), "at": times})


def rate_notes(baseline, window):
    return unusual_rate(Baseline.build(baseline, SCHEMA), Window.build(window, SCHEMA))


@pytest.mark.parametrize(("rows", "told"), [(10, True), (11, False), (1_999, False), (2_000, True)])
def test_a_tenth_and_twenty_times_the_middle_of_earlier_windows_are_told(rows, told):
    assert bool(unusual_size(rows, [90, 100, 5_000])) is told


def test_two_earlier_windows_do_not_say_what_is_usual():
    assert unusual_size(1, [100, 100]) == ()
    assert unusual_size(1, [100, 100, 100]) == (
        "1 record is far fewer than usual (100 in the middle of the 3 windows before): has a part been lost?",
    )


def test_a_feed_that_has_grown_is_compared_with_its_latest_windows():
    assert unusual_size(2_000, [100] * 400 + [2_000] * KEPT_SIZES) == ()
    assert len(unusual_size(2_000, [100] * 400)) == 1


@pytest.mark.parametrize(("rows", "told"), [(15, True), (16, False)])
def test_a_tenth_of_the_reference_rate_is_told(rows, told):
    """The reference has 22 records a day, a window of a week so 154."""
    assert bool(rate_notes(table(2_200, 100), table(rows, 7))) is told


@pytest.mark.parametrize(("days", "told"), [(2.0, True), (1.9, False)])
def test_twenty_times_the_rate_is_told_of_two_days(days, told):
    """A month's batch that arrives within a day or so is no excess."""
    assert bool(rate_notes(table(220, 100), table(220, days))) is told


def test_a_window_of_less_than_a_day_may_be_a_part_of_one():
    assert rate_notes(table(2_200, 100), table(5, 0.9)) == ()
    assert len(rate_notes(table(8_000, 100), table(5, 1.0))) == 1


def test_few_records_tell_no_rate():
    assert rate_notes(table(19, 1), table(5, 30)) == ()
    assert len(rate_notes(table(20, 1), table(5, 30))) == 1
    assert rate_notes(table(200, 1), table(4, 30)) == ()


def test_a_monitor_says_it():
    monitor = Monitor(table(400, 100)[["x"]])
    said = [monitor.update(table(rows, 1)[["x"]]).notes for rows in (100, 110, 120, 9)]
    assert said[:3] == [(), (), ()]
    assert "9 records are far fewer than usual (110 in the middle of the 3 windows before)" in said[3][0]
