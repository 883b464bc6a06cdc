"""Means from exact sums, deviations from bins."""

from math import isnan

import numpy as np
import pytest

from driftloop.profile.counting.category_counts import CategoryCounts
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.profile.counting.exact_sum import exact_sum
from driftloop.profile.counting.histogram import Histogram
from driftloop.profile.summary import mean_shift, summarise


def profile_of(values, missing=0, *, exact=True):
    values = np.asarray(values, float)
    total = exact_sum(values, values.min(), values.max()) if exact else None
    return ColumnProfile(len(values) + missing, missing, histogram=Histogram.of(values), exact_sum=total)


def test_few_values_have_their_mean_and_deviation_exactly():
    summary = summarise(profile_of([1.0, 2.0, 6.0], missing=1))
    assert (summary.mean, summary.missing, summary.known, summary.finite) == (3.0, 0.25, 3, 3)
    assert summary.deviation == pytest.approx(np.sqrt(7.0), rel=1e-15)


@pytest.mark.parametrize("offset", [0.0, 1e8, -1e12, 1e15])
def test_a_mean_is_exact_and_a_deviation_true_to_a_thousandth_wherever_a_column_lies(offset):
    values = offset + np.random.default_rng(1).normal(5, 2, 20_000)
    summary = summarise(profile_of(values))
    assert summary.mean == pytest.approx(offset + (values - offset).mean(), rel=1e-15)
    assert summary.deviation == pytest.approx((values - offset).std(ddof=1), rel=1e-3)


def test_shifts_come_from_both_exact_sums_and_from_bins_where_one_is_unknown():
    offset = 2.0**52
    baseline, window = ([offset, offset + 1, offset + 1], [offset + 1, offset + 2])
    assert mean_shift(summarise(profile_of(baseline)), summarise(profile_of(window))) == pytest.approx(5 / 6)
    old = summarise(profile_of([1.0, 2.0], exact=False))
    assert old.mean == 1.5
    assert mean_shift(old, summarise(profile_of([4.0]))) == 2.5
    assert isnan(mean_shift(old, summarise(ColumnProfile(3, 3, histogram=Histogram.empty()))))


@pytest.mark.parametrize("values", [[-1.7e308, 1.7e308], [1.7e308] * 3, [5.0], [0.0, 0.0]])
def test_no_number_is_too_large_and_one_value_has_no_deviation(values):
    summary = summarise(profile_of(values))
    assert summary.mean == pytest.approx(np.mean(np.array(values) / 4) * 4)
    if len(set(values)) == 1:
        assert summary.deviation == 0.0


def test_categories_have_shares_of_the_rows_that_have_one_largest_first():
    column = ColumnProfile(10, 2, categories=CategoryCounts({"a": 2, "b": 4, "c": 2}))
    summary = summarise(column)
    assert summary.shares == (("b", 0.5), ("a", 0.25), ("c", 0.25))
    assert summary.mean is None
