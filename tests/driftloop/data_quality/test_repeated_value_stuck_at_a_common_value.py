"""A rounded sensor that is stuck at a value which its baseline shares, and what only looks like it."""

import numpy as np
import pytest

from driftloop.data_quality.repeated_value import (
    FEWEST_STEPS,
    FILLED,
    TAIL_HEIGHT,
    find_placeholder,
    find_stuck_value,
    is_step_of_measurement,
)
from tests.driftloop.data_quality.feeds import pair


def signs(baseline, window):
    both = pair(baseline, window)
    sign = find_placeholder(both) or find_stuck_value(both)
    return [] if sign is None else [sign]


def steps(step, deviation, rows=400, seed=5):
    return np.round(np.random.default_rng(seed).normal(20.0, deviation, rows) / step) * step


@pytest.mark.parametrize(("step", "deviation"), [(0.5, 1.2), (0.1, 0.4), (1.0, 3.0), (2.0, 6.0)])
def test_a_rounded_sensor_is_stuck_at_a_common_value_too(step, deviation):
    baseline = steps(step, deviation)
    common = np.unique(baseline)[np.unique(baseline, return_counts=True)[1].argmax()]
    (sign,) = signs(baseline, np.full(60, common))
    assert sign.text == f"stuck: every value is {common:.6g}"
    assert sign.p < 1e-20


def test_a_rounded_sensor_with_one_other_value_has_narrowed():
    baseline = steps(0.5, 1.2)
    assert signs(baseline, np.append(np.full(60, 20.0), 20.5)) == []


def test_the_chance_of_a_common_value_is_what_decides():
    """Half of 100 steps in the middle: four records on one of them are nothing."""
    baseline = np.concatenate([steps(0.5, 1.2), np.full(100, 20.0)])
    sign = find_stuck_value(pair(baseline, np.full(3, 20.0)))
    assert sign is None or sign.p > 1e-2


@pytest.mark.parametrize(("count", "found"), [(FEWEST_STEPS, True), (FEWEST_STEPS - 1, False)])
def test_a_measurement_has_eight_steps(count, found):
    """Of 12 doses or grades all records of a window may have one; of fewer steps even more so."""
    counts = np.repeat(50, count)
    assert is_step_of_measurement(np.arange(count) / 2 + 0.5, counts, 3) is found


def test_an_atom_among_steps_belongs_to_the_population():
    values, counts = np.arange(20) / 2 + 0.5, np.full(20, 10)
    assert is_step_of_measurement(values, np.where(np.arange(20) == 7, 29, counts), 7)
    assert not is_step_of_measurement(values, np.where(np.arange(20) == 7, 30, counts), 7)


def test_a_list_of_prices_fills_no_grid():
    """Ten prices on a grid of 5: 8 of 10 places are filled, 7 of 10 are not enough."""
    filled = np.array([4.99, 9.99, 14.99, 19.99, 24.99, 29.99, 34.99, 49.99])
    assert FILLED == 0.8
    assert is_step_of_measurement(filled, np.full(8, 50), 2)
    sparse = np.array([4.99, 9.99, 14.99, 19.99, 24.99, 29.99, 34.99, 59.99])
    assert not is_step_of_measurement(sparse, np.full(8, 50), 2)


@pytest.mark.parametrize(("ends", "found"), [(25, True), (26, False)])
def test_whole_numbers_are_measured_where_they_are_rare_at_both_ends(ends, found):
    """Three steps of twelve are a quarter at each end; the highest has 100."""
    counts = np.array([ends] * 3 + [60, 90, 100, 95, 80, 60] + [10] * 3)
    assert TAIL_HEIGHT == 0.25
    assert is_step_of_measurement(np.arange(1.0, 13.0), counts, 5) is found
    assert is_step_of_measurement(np.arange(1.0, 13.0), counts[::-1], 6) is found
    assert is_step_of_measurement(np.arange(1.0, 13.0) / 4, counts, 5)


def test_a_value_that_the_baseline_does_not_have_is_no_step():
    assert not is_step_of_measurement(np.arange(12) / 2, np.array([9] * 11 + [0]), 11)


def with_outlier(share_of_200, above):
    """Ten steps of a half, and so many of 200 records on a value far away."""
    values, counts = np.arange(10) / 2 + 0.5, np.full(10, 19)
    counts[4] += 200 - share_of_200 - counts.sum()
    far = 50.5 if above else -50.0
    values, counts = np.append(values, far), np.append(counts, share_of_200)
    order = np.argsort(values)
    return values[order], counts[order], int(np.flatnonzero(values[order] == 1.5)[0])


@pytest.mark.parametrize(("records", "above", "found"), [(9, False, True), (10, False, False), (10, True, True)])
def test_a_twentieth_of_the_records_beyond_a_step_leaves_it_out_of_the_grid(records, above, found):
    """Of 200: 9 below are less than a twentieth; with 10 the lowest value reaches it. Above, 10 leave 95 % below."""
    values, counts, which = with_outlier(records, above)
    assert counts.sum() == 200
    assert is_step_of_measurement(values, counts, which) is found


def test_more_than_a_twentieth_above_is_a_part_of_the_grid():
    values, counts, which = with_outlier(9, above=True)
    counts[-1] += 2
    counts[which] -= 2
    assert counts.sum() == 200
    assert not is_step_of_measurement(values, counts, which)


@pytest.mark.parametrize(("which", "beside"), [(0, 1), (9, 8)])
def test_the_outermost_steps_have_one_neighbour(which, beside):
    values, counts = np.arange(10) / 2 + 0.5, np.full(10, 50)
    counts[which] = 149
    assert is_step_of_measurement(values, counts, which)
    counts[which] = 150
    assert not is_step_of_measurement(values, counts, which)
    counts[beside] = 51
    assert is_step_of_measurement(values, counts, which)


@pytest.mark.parametrize("which", [3, 4])
def test_the_larger_of_both_neighbours_counts_and_no_other_step(which):
    values, counts = np.arange(10) / 2 + 0.5, np.full(10, 50)
    counts[which], counts[which - 1] = 170, 60
    assert is_step_of_measurement(values, counts, which)
    counts[which - 1], counts[which - 2], counts[which + 2] = 50, 90, 90
    assert not is_step_of_measurement(values, counts, which)
    counts[which + 1] = 60
    assert is_step_of_measurement(values, counts, which)


@pytest.mark.parametrize(("number", "found"), [(11, True), (12, False)])
def test_a_quarter_of_the_steps_is_rounded_down(number, found):
    """Of 11 steps the outer two, of 12 the outer three: the third is high."""
    counts = np.full(number, 100)
    counts[[0, 1, -2, -1]] = 20
    assert is_step_of_measurement(np.arange(float(number)), counts, 5) is found


def test_values_between_steps_of_the_baseline_are_none_of_its_steps():
    values, counts = np.arange(12) / 2, np.full(12, 9)
    counts[5] = 0
    assert not is_step_of_measurement(values, counts, 5)
    assert is_step_of_measurement(values, counts, 4)
