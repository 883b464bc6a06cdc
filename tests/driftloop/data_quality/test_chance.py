"""The probabilities that rules rest on, against numbers worked out otherwise."""

import numpy as np
import pytest
from scipy import stats

from driftloop.data_quality.chance import (
    LARGEST,
    LARGEST_TAIL_INDEX,
    SMALLEST_TAIL_FACTOR,
    all_in_window_p,
    bounded,
    kolmogorov_distance,
    kolmogorov_p,
    more_often_p,
    tail_factor,
)


@pytest.mark.parametrize(
    ("window_count", "baseline_count", "window_rows", "baseline_rows"),
    [(3, 1, 25, 350), (10, 40, 50, 350), (50, 0, 50, 350), (1, 0, 20, 20), (400, 10, 1000, 300), (7, 7, 60, 350)],
)
def test_more_often_is_fishers_exact_test_on_one_side(window_count, baseline_count, window_rows, baseline_rows):
    table = [[window_count, window_rows - window_count], [baseline_count, baseline_rows - baseline_count]]
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    assert more_often_p(window_count, baseline_count, window_rows, baseline_rows) == pytest.approx(expected, rel=1e-6)


def test_no_more_often_than_expected_is_no_sign_at_all():
    assert more_often_p(1, 7, 50, 350) == 1.0
    assert more_often_p(0, 7, 50, 350) == 1.0
    assert more_often_p(0, 0, 50, 350) == 1.0
    assert more_often_p(5, 35, 50, 350) == 1.0
    assert more_often_p(6, 35, 50, 350) < 1.0


def test_the_largest_values_lie_all_in_the_window_as_often_as_any_records_do():
    assert all_in_window_p(1, 50, 350) == pytest.approx(50 / 400)
    assert all_in_window_p(3, 50, 350) == pytest.approx(50 * 49 * 48 / (400 * 399 * 398))


def test_a_distance_of_four_weighs_by_the_tail_of_the_baseline():
    """For d^-a the factor is 4^-a; the lower limit of Hill's estimator is smaller than a, so the factor is larger."""
    distances = (1 - (np.arange(1, 1001) - 0.5) / 1000) ** (-1 / 2.0)
    factor = tail_factor(distances, 4 * float(distances.max()))
    assert 4**-2.0 < factor < 4 ** (-2.0 * 0.7)


def test_records_far_out_multiply():
    distances = (1 - (np.arange(1, 1001) - 0.5) / 1000) ** (-1 / 2.0)
    one, two = (tail_factor(distances, 2 * float(distances.max()), count) for count in (1, 2))
    assert two == pytest.approx(one**2)


def test_no_tail_is_taken_for_lighter_than_stated_and_no_factor_for_smaller():
    light = np.linspace(0.9, 1.0, 200)
    assert tail_factor(light, 2.0) == pytest.approx(2.0**-LARGEST_TAIL_INDEX)
    assert tail_factor(light, 1e9) == SMALLEST_TAIL_FACTOR == 1e-3


@pytest.mark.parametrize("distances", [[], [0.0] * 50, [1.0] * 50, np.linspace(0.5, 1, 20)])
def test_a_baseline_that_tells_nothing_of_its_tail_gives_no_factor(distances):
    """20 distances are 40 records, a tenth of which are 4: too few for an index."""
    assert tail_factor(np.array(distances), 100.0) == 1.0


def test_a_value_within_the_baseline_has_no_factor():
    assert tail_factor(np.linspace(0.1, 1, 500), 0.9) == 1.0
    assert tail_factor(np.append(np.linspace(0.1, 1, 500), 9.0), 5.0) == 1.0


def test_kolmogorovs_bound_is_above_the_exact_p():
    rng = np.random.default_rng(3)
    for shift in (0.3, 0.8, 1.5):
        window, baseline = rng.normal(shift, 1, 60), rng.normal(0, 1, 350)
        exact = stats.ks_2samp(window, baseline)
        assert exact.pvalue <= kolmogorov_p(exact.statistic, 60, 350) <= max(1e-12, 30 * exact.pvalue)
    assert kolmogorov_p(0.5, 50, 350) == pytest.approx(np.exp(1 - 2 * 0.25 * 50 * 350 / 400))


def test_values_beyond_the_bound_end_at_it_on_both_sides():
    assert bounded(np.array([-1e308, -7.0, 0.0, 5.0, 1e308])).tolist() == [-LARGEST, -7.0, 0.0, 5.0, LARGEST]


def tail(ones, larger):
    """Distances up to 1, and of e: Hill's estimator is 1 where the tail begins at the 1 and all in it are e."""
    return np.repeat([0.5, 1.0, np.e], [ones - 1, 1, larger])


@pytest.mark.parametrize(("ones", "larger"), [(160, 40), (20, 5)])
def test_the_factor_falls_with_the_lower_limit_of_the_tail_index(ones, larger):
    """A fifth of the distances on one side is a tenth of all records. At e times the largest the factor is exp(-a)."""
    index = 1 - 1.645 / np.sqrt(larger)
    for far, count in ((1.0, 1), (2.0, 1), (1.0, 3)):
        found = tail_factor(tail(ones, larger), np.e * np.exp(far), count)
        assert found == pytest.approx(np.exp(-count * far * index))


def test_distances_on_the_other_side_are_no_part_of_the_tail():
    both = np.concatenate([tail(20, 5), np.zeros(30), -np.arange(1.0, 90.0)])
    assert tail_factor(both, 9.0) == tail_factor(tail(20, 5), 9.0)


def test_a_tail_of_fewer_than_five_records_gives_no_factor():
    assert tail_factor(tail(20, 5), 9.0) < 1.0
    assert tail_factor(tail(19, 5), 9.0) == 1.0  # 4 of 24


def test_kolmogorovs_bound_is_no_probability_above_one():
    assert kolmogorov_p(0.01, 50, 350) == 1.0


def ones(count):
    return np.ones(count, np.int64)


def test_kolmogorovs_distance_is_that_of_samples_and_of_counted_values(rng):
    first, second = np.sort(rng.normal(size=40)), np.sort(rng.normal(0.5, 1, 25))
    expected = stats.ks_2samp(first, second).statistic
    assert kolmogorov_distance(first, ones(40), second, ones(25)) == pytest.approx(expected)
    values, others = np.array([1.0, 2, 3]), np.array([2.0, 4])
    expected = stats.ks_2samp(np.repeat(values, [5, 1, 2]), np.repeat(others, [1, 3])).statistic
    found = kolmogorov_distance(values, np.array([5, 1, 2]), others, np.array([1, 3]))
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("beside", "most", "distance"), [(0.09, 0.0, 1), (0.09, 1.0, 0), (0.11, 1.0, 1), (0.09, 0.08, 1)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_steps_are_one_where_they_lie_within_a_thousandth_and_what_rounding_moves(beside, most, distance, sign):
    """Of 100 a thousandth is 0.1."""
    values, others = np.array([sign * 100.0]), np.array([sign * 100.0 + beside])
    assert kolmogorov_distance(values, ones(1), others, ones(1), most=most) == distance
    assert kolmogorov_distance(others, ones(1), values, ones(1), most=most) == distance
