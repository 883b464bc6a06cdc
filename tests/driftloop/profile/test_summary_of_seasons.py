"""A column on both sides of a comparison by season, by hand."""

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Schema, Window
from driftloop.profile.summary import Summary, matched_summaries

COLUMNS = (Column("x"), Column("at", "datetime", role="timestamp"))
SCHEMA = Schema(COLUMNS, season="weekday")
MONDAY = np.datetime64("2024-01-01T12:00", "us")


def days(of, values):
    """Records of days since a Monday."""
    return pa.table(
        {"x": pa.array(values, pa.float64()), "at": pa.array(MONDAY + np.asarray(of) * np.timedelta64(1, "D"))}
    )


def summaries(before, after):
    return matched_summaries(Baseline(before, SCHEMA).profile.sample, Window(after, SCHEMA).profile.sample, 0)


def test_a_summary_weights_the_baseline_by_the_windows_mix():
    schema = Schema((*COLUMNS, Column("c", "categorical")), season="weekday")
    before = days([0, 0, 6], [1.0, 3.0, 8.0]).append_column("c", pa.array(["a", "b", "b"]))
    after = days([0, 6, 6, 6, 2], [0.0, 0.0, 1.0, None, 9.0]).append_column("c", pa.array(["a"] * 5))
    samples = (Baseline(before, schema).profile.sample, Window(after, schema).profile.sample)
    numbers, categories = (matched_summaries(*samples, index) for index in range(2))
    # A Monday weighs (1/4)/(2/3), the Sunday (3/4)/(1/3): (2 * 2 * 0.375 + 8 * 2.25) / 3 = 6.5.
    assert (numbers[0].mean, numbers[1].mean) == pytest.approx((6.5, 1 / 3))
    assert numbers[1].missing == pytest.approx(1 / 4)
    assert dict(categories[0].shares) == pytest.approx({"a": 0.125, "b": 0.875})


def test_the_deviation_is_that_of_weighted_records_with_one_less_than_their_number():
    # Monday's 1 and 3 weigh (2/4) / (2/4) = 1, Sunday's 6 and 10 as much: mean 5, squares 16 + 4 + 1 + 25 = 46.
    before, after = summaries(days([0, 0, 6, 6], [1.0, 3.0, 6.0, 10.0]), days([0, 0, 6, 6], [2.0, 2.0, 4.0, 4.0]))
    assert (before.rows, before.mean, before.deviation) == pytest.approx((4, 5.0, np.sqrt(46 / 3)))
    assert (after.rows, after.mean, after.deviation) == pytest.approx((4, 3.0, np.sqrt(4 / 3)))


def test_weights_make_up_for_another_mix():
    # Of the baseline's three records 1 and 5 weigh (1/4)/(2/3) = 0.375 and 9 weighs (3/4)/(1/3) = 2.25.
    before, _ = summaries(days([0, 0, 6], [1.0, 5.0, 9.0]), days([0, 6, 6, 6], [0.0] * 4))
    mean = 0.375 * 6 + 2.25 * 9
    mean /= 3
    squares = 0.375 * ((1 - mean) ** 2 + (5 - mean) ** 2) + 2.25 * (9 - mean) ** 2
    assert (before.mean, before.deviation) == pytest.approx((mean, np.sqrt(squares / 2)))


def test_missing_and_infinite_values_are_no_part_of_a_mean():
    before, after = summaries(days([0] * 4, [1.0, 3.0, None, np.inf]), days([0] * 2, [None, None]))
    assert (before.mean, before.deviation, before.missing) == pytest.approx((2.0, np.sqrt(2), 0.25))
    assert after == Summary(2, 1.0)


def test_a_single_record_has_no_deviation():
    before, _ = summaries(days([0], [4.0]), days([0], [9.0]))
    assert (before.mean, before.deviation) == (4.0, 0.0)


def test_of_days_that_one_side_lacks_nothing_is_summarised():
    assert summaries(days([0, 0], [1.0, 3.0]), days([6], [2.0])) == (Summary(0, 0.0), Summary(0, 0.0))


def test_categories_that_no_compared_record_has_are_in_no_summary():
    schema = Schema((*COLUMNS, Column("c", "categorical")), season="weekday")
    before = days([0, 0, 0, 6], [1.0, 2.0, 3.0, 4.0]).append_column("c", pa.array(["b", "a", "b", "z"]))
    after = days([0, 0], [1.0, 2.0]).append_column("c", pa.array(["a", None]))
    samples = (Baseline(before, schema).profile.sample, Window(after, schema).profile.sample)
    found = matched_summaries(*samples, 1)
    assert found[0].shares == (("b", pytest.approx(2 / 3)), ("a", pytest.approx(1 / 3)))
    assert (found[1].shares, found[1].missing) == ((("a", 1.0),), 0.5)
