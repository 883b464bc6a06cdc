"""What rules about units look at of a column."""

import numpy as np
import pytest

from driftloop.data_quality.chance import LARGEST
from driftloop.data_quality.units.binned_numbers import BinnedNumbers
from tests.driftloop.data_quality.feeds import pair


def of(values):
    return BinnedNumbers.of(pair([1.0], values).window)


def test_values_are_counted_in_their_order_and_missing_ones_are_rows_without_a_value():
    numbers = of([3.0, -1.0, 3.0, np.nan, 7.0])
    assert numbers.values.tolist() == [-1, 3, 7]
    assert numbers.counts.tolist() == [1, 2, 1]
    assert (numbers.minimum, numbers.maximum, numbers.rows, numbers.known) == (-1, 7, 5, 4)
    assert numbers.is_exact


def test_a_minimum_of_zero_is_an_end():
    numbers = of([0.0, 2.0])
    assert (numbers.minimum, numbers.maximum) == (0, 2)
    assert (of([-2.0, 0.0]).minimum, of([-2.0, 0.0]).maximum) == (-2, 0)


def test_a_column_without_a_value_has_both_ends_at_zero():
    numbers = of([np.nan, np.nan])
    assert (numbers.known, numbers.minimum, numbers.maximum, numbers.rows) == (0, 0, 0, 2)


def test_values_are_bounded():
    numbers = of([-1.7e308, 1.0, 1.7e308])
    assert (numbers.minimum, numbers.maximum) == (-LARGEST, LARGEST)
    assert (numbers.values[0], numbers.values[-1]) == (-LARGEST, LARGEST)


def test_categories_are_no_numbers():
    assert not BinnedNumbers.of(pair(["a"], ["b"], "categorical").window).is_exact


def test_many_numbers_are_held_in_bins():
    assert not of(np.linspace(1, 2, 30_000)).is_exact


@pytest.mark.parametrize(
    ("values", "median", "middle_half"),
    [
        ([1.0, 2.0, 4.0, 8.0], 2, 4 - 1),
        ([1.0, 2.0, 4.0, 8.0, 16.0], 4, 8 - 2),
        ([5.0] * 3 + [9.0], 5, 0),
        ([5.0] * 2 + [9.0] * 2, 5, 4),
    ],
)
def test_quantiles_are_the_values_at_which_so_many_rows_are_reached(values, median, middle_half):
    assert of(values).median == median
    assert of(values).middle_half == middle_half


def test_each_side_has_an_end_and_values_beyond_a_border():
    numbers = of([1.0, 2.0, 2.0, 5.0])
    assert (numbers.end(1), numbers.end(-1)) == (5, 1)
    assert [numbers.count_beyond(1, border) for border in (0.5, 1.0, 2.0, 5.0)] == [4, 3, 1, 0]
    assert [numbers.count_beyond(-1, border) for border in (1.0, 2.0, 5.0, 6.0)] == [0, 1, 3, 4]
