"""Sums that no order and no cut into parts can change."""

from fractions import Fraction
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftloop.profile.counting.exact_sum import SMALLEST, UNIT, difference_of_means, exact_sum, mean_of
from driftloop.profile.counting.histogram_builder import HistogramBuilder

N = 9_000
KINDS = {
    "both signs": lambda rng: rng.normal(size=N),
    "far from zero": lambda rng: 1e8 + rng.normal(size=N),
    "all magnitudes": lambda rng: np.exp(rng.uniform(-700, 700, N)) * rng.choice([-1, 1], N),
    "forty powers of two": lambda rng: np.exp2(rng.uniform(-45, 0, N)),
    "largest numbers": lambda rng: -1.7e308 * rng.random(N),
    "smallest numbers": lambda rng: SMALLEST * (1 + rng.random(N)),
    "whole": lambda rng: np.round(rng.normal(0, 10, N)),
    "many zeros": lambda rng: np.where(rng.random(N) < 0.9, 0.0, rng.exponential(size=N)),
    "more than are cut together": lambda rng: rng.normal(3, 1, 70_000),
    "cancelling": lambda rng: np.concatenate([1e16 + np.arange(99.0), -1e16 - np.arange(99.0), [0.1]]),
}


def by_fractions(values):
    return int(sum((Fraction(float(value)) for value in values), Fraction(0)) * (1 << UNIT))


@pytest.mark.parametrize("kind", KINDS)
def test_the_sum_is_that_of_fractions(kind):
    values = KINDS[kind](np.random.default_rng(1))
    assert exact_sum(values, values.min(), values.max()) == by_fractions(values)


@pytest.mark.parametrize("kind", KINDS)
def test_the_bound_that_counting_returns_is_one_and_the_sum_stays_exact(kind):
    values = KINDS[kind](np.random.default_rng(2))
    builder = HistogramBuilder()
    for batch in np.array_split(values, 2):
        lowest, highest = float(batch.min()), float(batch.max())
        nearest = builder.add(batch, lowest, highest)
        sizes = np.abs(batch[batch != 0])
        assert nearest <= sizes.min(initial=inf)
        assert exact_sum(batch, lowest, highest, nearest) == by_fractions(batch)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False), min_size=1, max_size=40))
def test_any_numbers_in_any_order_and_parts_have_one_sum(numbers):
    values = np.array(numbers)
    parts = (values[:1], values[1:])
    in_parts = sum(exact_sum(part, part.min(), part.max()) for part in parts if len(part))
    assert exact_sum(values[::-1].copy(), values.min(), values.max()) == in_parts == by_fractions(values)


def test_numbers_without_full_mantissa_count_as_zero():
    values = np.array([1.0, 5e-324, -SMALLEST / 2])
    assert exact_sum(values, values.min(), 1.0) == 1 << UNIT
    assert exact_sum(values[1:], values.min(), 5e-324) == 0


def test_means_and_their_difference_are_rounded_once():
    third = mean_of(1 << UNIT, 3)
    assert third == 1 / 3
    million = 10**15 << UNIT
    assert difference_of_means(2 * million + (3 << UNIT), 2, million, 1) == 1.5
    large = by_fractions([1.7e308])
    assert difference_of_means(large, 1, -large, 1) == inf
    assert difference_of_means(-large, 1, large, 1) == -inf
