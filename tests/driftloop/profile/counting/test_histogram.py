"""A histogram that does not depend on the order in which numbers came."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftloop.profile.counting.histogram import FINEST, MAX_BINS, Histogram, numbers_at
from driftloop.profile.counting.histogram_builder import HistogramBuilder


def binned(values):
    values = np.asarray(values, float)
    if not len(values):
        return Histogram.empty()
    counter = HistogramBuilder()
    counter.add(values, float(values.min()), float(values.max()))
    return counter.histogram()


def same(a, b):
    return a.precision == b.precision and np.array_equal(a.keys, b.keys) and np.array_equal(a.counts, b.counts)


finite = st.floats(allow_nan=False, allow_infinity=False)
lists = st.lists(finite, min_size=1, max_size=60)


@given(lists, lists, lists)
@settings(max_examples=60)
def test_merging_is_exact_associative_and_commutative(a, b, c):
    whole = binned([*a, *b, *c])
    assert same(binned(a).merge(binned(b)).merge(binned(c)), whole)
    assert same(binned(c).merge(binned(a).merge(binned(b))), whole)
    assert whole.total == len(a) + len(b) + len(c)


def test_many_parts_in_any_order_give_the_bins_of_the_whole():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(0, 1, 30_000), rng.normal(5e6, 3, 20_000), 1e300 * rng.normal(0, 1, 5)])
    whole = binned(values)
    parts = [binned(part) for part in np.array_split(rng.permutation(values), 13)]
    merged = Histogram.empty()
    for place in rng.permutation(13):
        merged = merged.merge(parts[place])
    assert same(merged, whole)
    assert len(whole.keys) <= MAX_BINS
    assert whole.total == len(values)


def test_batches_give_the_bins_of_the_whole():
    rng = np.random.default_rng(5)
    counter, batches = HistogramBuilder(), []
    for scale in (1.0, 1.0, 3.0, 1e-3, 1.0, 50.0, 1.0, 1.0, 1.0, 1e200, 1.0):
        batches.append(np.concatenate([scale * rng.normal(size=9_000), [0.0, -0.0]]))
        counter.add(batches[-1], float(batches[-1].min()), float(batches[-1].max()))
    assert same(counter.histogram(), binned(np.concatenate(batches)))
    assert counter.histogram().total == 11 * 9_002


N = 20_000
HARD = {
    "both signs, mostly positive": lambda rng: rng.normal(3, 1, N),
    "half of them zero": lambda rng: np.where(rng.random(N) < 0.5, rng.choice([0.0, -0.0], N), rng.normal(size=N)),
    "all magnitudes, both signs": lambda rng: np.exp(rng.uniform(-700, 700, N)) * rng.choice([-1, 1], N),
    "too small for a full mantissa": lambda rng: np.where(rng.random(N) < 0.5, -0.0, 1e-310 * rng.normal(size=N)),
    "near the largest number": lambda rng: -1.7e308 * rng.random(N),
    "few digits": lambda rng: np.round(rng.normal(100, 15, N)),
    "few digits, both signs": lambda rng: np.round(rng.normal(0, 15, N)),
    "few digits, ever larger": lambda rng: np.sort(np.round(rng.exponential(90, N))),
    "few digits, two of them in one coarse bin": lambda rng: rng.choice([1e5, 1e5 + 1, 7.0], N),
    "far from zero": lambda rng: 1e8 + rng.normal(size=N),
    "far from zero, with an outlier": lambda rng: np.where(np.arange(N) == 7, 0.0, 1e12 + rng.normal(size=N)),
    "few digits far from zero": lambda rng: 1e12 + np.round(rng.normal(size=N), 2),
    "two magnitudes of both signs": lambda rng: rng.choice([-1, 1], N) * (1 + rng.random(N)),
    "zeros and numbers near zero": lambda rng: rng.choice([0.0, 1e-30, -1e-30, 1.0], N) * rng.normal(size=N),
    "two far apart": lambda rng: np.where(rng.random(N) < 0.5, 1e5, -1e-5),
}


@pytest.mark.parametrize("kind", HARD)
def test_counting_side_by_side_gives_what_sorting_gives(kind):
    values = HARD[kind](np.random.default_rng(6))
    by_side = HistogramBuilder()
    for batch in np.array_split(values, 4):  # each long enough to be counted side by side
        by_side.add(batch, float(batch.min()), float(batch.max()))
    by_sorting = HistogramBuilder()
    for batch in np.array_split(values[::-1], 20):  # each short enough to be sorted
        by_sorting.add(batch, float(batch.min()), float(batch.max()))
    assert same(by_side.histogram(), by_sorting.histogram())
    assert by_side.histogram().total == N


def test_recorded_values_keep_a_bin_each():
    values = np.round(np.random.default_rng(2).normal(26, 4, 50_000), 1)
    bins = binned(values)
    distinct, counts = np.unique(values, return_counts=True)
    assert bins.precision == FINEST
    np.testing.assert_array_equal(bins.counts, counts)
    np.testing.assert_allclose(bins.centres, distinct, rtol=0)


def test_an_outlier_costs_one_bin_and_no_precision():
    values = np.random.default_rng(3).normal(100, 15, 20_000)
    assert binned(values).precision - binned([*values, 1e12]).precision <= 1


def test_centres_are_ascending_across_zero_and_zero_is_zero():
    bins = binned([-3.0, -1e-9, -0.0, 0.0, 1e-300, 2.5])
    assert (np.diff(bins.centres) > 0).all()
    assert 0.0 in bins.centres
    assert bins.counts[bins.centres == 0.0][0] == 2


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e8, -1e8, 1.8e12, 1e15])
def test_bins_are_as_fine_as_the_spread_asks_for_wherever_the_numbers_lie(offset):
    values = offset + np.random.default_rng(7).normal(0, 1, 20_000)
    bins = binned(values)
    width = np.diff(numbers_at(np.stack([bins.keys, bins.keys + 1]), bins.precision), axis=0)[0]
    assert np.median(width) <= max(0.02, np.spacing(abs(offset)))
    exact = binned(offset + np.arange(1_000) * 0.5)
    assert exact.is_exact
    np.testing.assert_array_equal(exact.centres, offset + np.arange(1_000) * 0.5)


@pytest.mark.parametrize(("distinct", "precision"), [(MAX_BINS, FINEST), (MAX_BINS + 1, FINEST - 1)])
def test_the_precision_is_the_largest_that_fills_at_most_1024_bins(distinct, precision):
    # Neighbouring doubles from 1.0 on: one bit less joins them in pairs.
    values = 1.0 + np.arange(distinct) * 2.0**-52
    bins = binned(values)
    assert (bins.precision, len(bins.keys)) == (precision, -(-distinct // 2 ** (FINEST - precision)))


@pytest.mark.parametrize("offset", [0.0, 1e5, -1e5])
def test_means_from_bins_are_within_a_thousandth_of_the_spread(offset):
    values = offset + np.random.default_rng(4).normal(0, 1, 100_000)
    bins = binned(values)
    assert abs(bins.centres @ bins.counts / bins.total - values.mean()) < 2e-3
