"""A part in another unit: far away, and converted back where the baseline is."""

import numpy as np
import pytest

from driftloop.data_quality.chance import SMALLEST_TAIL_FACTOR, all_in_window_p, tail_factor
from driftloop.data_quality.units.binned_numbers import BinnedNumbers
from driftloop.data_quality.units.unit_error_of_part import FEWEST_ROWS, FEWEST_SHIFTED, find_unit_error_of_part
from tests.driftloop.data_quality.feeds import same_p
from tests.driftloop.data_quality.units.unit_feeds import FAR_AWAY, STEPS, found, lognormal, told


@pytest.mark.parametrize("factor", [10, 18.0156, 100, 2.54, 1 / 10, 1 / 18.0156, 1 / 100])
def test_a_part_converted_is_told(factor):
    window = lognormal(60, 2, 0.1)
    window[:12] *= factor
    (sign,) = found(lognormal(350, 1, 0.1), window)
    assert sign.text.startswith("20% of the values look like")
    assert sign.p <= 2 * all_in_window_p(12, 60, 350)


def test_far_below_positive_values_is_a_ratio():
    """Of a wide column, half its reach below the minimum would lie below zero: there no difference is large."""
    baseline, window = lognormal(350, 1, 0.6), lognormal(60, 2, 0.6)
    assert baseline.min() - 0.5 * (np.median(baseline) - baseline.min()) < 0
    window[:12] /= 1000
    (sign,) = found(baseline, window)
    assert sign.text.startswith("20% of the values look like 1/1000")


def test_far_above_is_a_difference_and_no_ratio():
    """Twice the reach beyond the maximum is far by difference, and by ratio only a third of the way."""
    baseline = np.random.default_rng(5).normal(120, 15, 350).round(1)
    window = np.random.default_rng(6).normal(120, 15, 60).round(1)
    window[:12] *= 2.54
    (sign,) = found(baseline, window)
    assert sign.text.startswith("20% of the values look like 2.54")


def test_a_flipped_sign_is_told_in_part():
    window = lognormal(60, 2)
    window[:9] *= -1
    (sign,) = found(lognormal(350, 1), window)
    assert sign.text.startswith("15% of the values look like -1 times")


def test_the_p_is_two_sided_and_weighs_the_distance():
    """Three rows at ten times the value: 2 P(all three in the window), times a factor of at least 1/1,000."""
    window = lognormal(60, 2)
    window[:3] *= 10
    (sign,) = found(lognormal(350, 1), window)
    bound = 2 * all_in_window_p(3, 60, 350)
    assert bound / 1000 <= sign.p < bound / 4


def test_two_rows_suffice_for_a_decimal_point_alone():
    assert (FEWEST_SHIFTED, FEWEST_ROWS) == (2, 3)
    for factor, rows, signs in ((10, 2, 1), (10, 1, 0), (18.0156, 3, 1)):
        window = lognormal(60, 2, 0.1)
        window[:rows] *= factor
        assert len(found(lognormal(350, 1, 0.1), window)) == signs


def test_heavy_tails_are_no_other_unit():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        signs = found(100 * rng.pareto(1.2, 350), 100 * rng.pareto(1.2, 100))
        assert all(sign.p > 1e-5 for sign in signs)


def test_values_at_the_baselines_end_are_not_beyond_it():
    """Seven rows at the maximum, three at ten times their value: the three are all that lie beyond."""
    baseline = lognormal(350, 1, 0.1)
    window = np.concatenate([lognormal(50, 2, 0.1).clip(None, baseline.max()), np.full(7, baseline.max())])
    window[:3] *= 10
    (sign,) = found(baseline, window)
    assert sign.text.startswith("5% of the values look like 10 times")


def test_small_numbers_are_far_in_units_of_their_own():
    """Hundredths times ten: beyond the border by less than one."""
    window = lognormal(60, 2, 0.1) / 1e4
    window[:12] *= 10
    (sign,) = found(lognormal(350, 1, 0.1) / 1e4, window)
    assert sign.text.startswith("20% of the values look like 10 times")


@pytest.mark.parametrize(
    ("conversion", "side", "spread"), [([1_200.0, 1_500.0], 1, 0.6), ([-90.0, -100, -120], -1, 0.3)]
)
def test_the_tail_is_asked_for_the_nearest_of_the_far_values(conversion, side, spread):
    baseline, window = lognormal(350, 1, spread), lognormal(60, 2, spread)
    window[: len(conversion)] = conversion
    (sign,) = found(baseline, window)
    middle = np.sort(baseline)[174]
    nearest = min(side * (value - middle) for value in conversion)
    factor = tail_factor(side * (baseline - middle), nearest, len(conversion))
    assert SMALLEST_TAIL_FACTOR <= factor < 1
    assert sign.p == same_p(2 * all_in_window_p(len(conversion), 60, 350) * factor)


def test_of_a_heavy_tail_the_nearest_of_the_far_values_is_likelier_than_the_smallest_factor():
    baseline = lognormal(350, 1, 0.6)
    middle = np.sort(baseline)[174]
    assert tail_factor(baseline - middle, 1_200.0 - middle, 2) > 10 * SMALLEST_TAIL_FACTOR


@pytest.mark.parametrize(("factor", "rows"), [(10, 4), (18.0156, 8)])
def test_one_percent_of_a_large_window_is_asked_for_by_a_decimal_point_and_two_by_others(factor, rows):
    for converted, signs in ((rows, 1), (rows - 1, 0)):
        window = lognormal(400, 2, 0.1)
        window[:converted] *= factor
        assert len(found(lognormal(350, 1, 0.1), window)) == signs


@pytest.mark.parametrize(("beyond", "signs"), [(6, ["9% 10 times"]), (7, [])])
def test_half_of_the_values_beyond_the_baseline_must_be_far(beyond, signs):
    """Six of them at ten times their value, the others barely above the largest."""
    far = 10 * np.array([110.0, 125, 140, 160, 175, 190])
    window = np.concatenate([np.linspace(101, 198, 67 - 6 - beyond), far, np.full(beyond, 199.5)])
    assert told(STEPS, window) == signs


@pytest.mark.parametrize(("rank", "signs"), [(77, [f"20% {FAR_AWAY}"]), (78, []), (24, [f"20% {FAR_AWAY}"]), (23, [])])
def test_converted_values_lie_on_average_in_the_baselines_middle(rank, signs):
    """Twelve rows: 3 / sqrt(12 x 12) + 0.02 is 0.27; the value of rank 77 of 100 is 0.265 from the middle."""
    window = np.concatenate([np.linspace(101, 198, 48), np.full(12, 1e6 * STEPS[rank - 1])])
    assert told(STEPS, window) == signs


@pytest.mark.parametrize(("inside", "signs"), [(9, [f"20% {FAR_AWAY}"]), (8, [])])
def test_nine_of_ten_converted_values_lie_in_the_baselines_range(inside, signs):
    far = 1e6 * np.concatenate([np.full(inside, 150.0), np.full(10 - inside, 500.0)])
    assert told(STEPS, np.concatenate([np.linspace(101, 198, 40), far])) == signs


def test_the_baselines_ends_are_within_its_range():
    far = 1e6 * np.array([100.0, 199.0] * 5)
    assert told(STEPS, np.concatenate([np.linspace(101, 198, 40), far])) == [f"20% {FAR_AWAY}"]


@pytest.mark.parametrize(("off", "signs"), [(2e-4, [f"20% {FAR_AWAY}"]), (4e-4, [])])
def test_the_range_is_wider_by_a_millionth_of_its_ends(off, signs):
    """A millionth of 100 + 199 is 3e-4; two of ten values lie at the upper end and so much beyond it."""
    far = 1e6 * np.concatenate([np.full(8, 150.0), np.full(2, 199.0 + off)])
    assert told(STEPS, np.concatenate([np.linspace(101, 198, 40), far])) == signs


def test_values_are_far_at_half_the_distance_from_the_median_to_the_end_beyond_it():
    """The median is 149, the end 199: far is beyond 224. 1.60934 times 140 is 225.3 and times 139 is 223.7."""
    far = 1.60934 * np.array([140.0, 150, 160, 170, 180, 190, 199])
    window = np.concatenate([np.linspace(101, 198, 42), far, [1.60934 * 139]])
    assert told(STEPS, window) == ["14% 1.6 times"]


def test_below_small_positive_values_is_a_ratio_too():
    baseline, window = lognormal(350, 1, 0.6) / 1e4, lognormal(60, 2, 0.6) / 1e4
    window[:12] /= 1000
    (sign,) = found(baseline, window)
    assert sign.text.startswith("20% of the values look like 1/1000")


def numbers(values, counts=None, rows=None):
    """A column of these values, each so many times; `rows` with those that have no value."""
    values = np.asarray(values, float)
    counts = np.ones(len(values), np.int64) if counts is None else np.asarray(counts)
    rows = int(counts.sum()) if rows is None else rows
    return BinnedNumbers(values, counts, values.min(), values.max(), rows, True)


TO_100 = np.arange(1.0, 101.0)
"""The median is 50 and far is beyond 125: converted by 1.6, what was 78 or more."""


@pytest.mark.parametrize(("far", "is_found"), [(50, True), (51, False)])
def test_more_than_half_far_away_at_the_old_width_is_a_population_that_moved(far, is_found):
    """The quartiles of the window are 95 and about 143, as far apart as 25 and 75 of the baseline."""
    window = numbers(np.append(95.0, 1.60934 * np.linspace(78, 100, far)), [50] + [1] * far)
    found = find_unit_error_of_part(numbers(TO_100), window)
    assert (found is not None) is is_found
    if found is not None:
        assert found.conversion.factor == 1.60934
        assert found.share == far / (50 + far)


def test_a_value_at_the_border_is_not_far():
    """150 is 125 in no unit, and 1.6 times 77.7: only the three beyond the border are converted."""
    far = [125.0, 1.60934 * 80, 1.60934 * 90, 1.60934 * 95]
    found = find_unit_error_of_part(numbers(TO_100), numbers([*TO_100[:26], *far]))
    assert found.share == 3 / 30


@pytest.mark.parametrize(("at_border", "is_found"), [(12.5, True), (12.6, False)])
def test_what_a_conversion_leaves_at_the_border_is_not_among_the_values_that_it_leaves_far_away(at_border, is_found):
    """Beyond 125 by 10 are values above 12.5. 499 of 1,001 there would leave the others the upper half of ranks."""
    baseline = numbers([at_border, *np.arange(50.0, 101)], [499, 2] + [10] * 50)
    assert (baseline.median, baseline.maximum) == (50, 100)
    window = numbers([*np.arange(50.0, 91), *10 * np.linspace(51, 100, 32)], [48] * 41 + [1] * 32)
    found = find_unit_error_of_part(baseline, window)
    assert (found is not None and found.conversion.factor == 10) is is_found


def test_a_p_is_no_more_than_one():
    """Of 20 and 396 values the four largest are all the window's with 0.82; 20 values tell nothing of a tail."""
    window = numbers([*np.arange(101.0, 120), 1e3 * 105, 1e3 * 115], [20] * 18 + [36, 2, 2])
    found = find_unit_error_of_part(numbers(np.arange(100.0, 120)), window)
    assert found.share == 4 / 400
    assert found.p == 1.0


def test_rows_without_a_value_count_in_the_share_and_not_in_the_chance():
    far = 1e6 * np.array([105.0, 108, 111, 115])
    window = numbers([*np.arange(101.0, 117), *far], rows=40)
    found = find_unit_error_of_part(numbers(np.arange(100.0, 120)), window)
    assert found.share == 4 / 40
    assert found.p == same_p(2 * all_in_window_p(4, 20, 20))


def test_of_one_value_a_thousand_copies_are_looked_at_for_the_tail():
    values = np.concatenate([np.arange(100.0, 200), [230.0, 231.0, 240.0]])
    counts = [30] * 100 + [1_500, 1, 1]
    far = 1e6 * np.array([105.0, 140, 150, 160, 195])
    found = find_unit_error_of_part(numbers(values, counts), numbers([*np.arange(101.0, 150), *far]))
    middle = np.repeat(values, counts)[sum(counts) // 2 - 1]
    distances = np.repeat(values, [30] * 100 + [1_000, 1, 1]) - middle
    factor = tail_factor(distances, far.min() - middle, 5)
    assert found.p == same_p(2 * all_in_window_p(5, 54, sum(counts)) * factor)


def test_below_a_column_whose_window_reaches_zero_nothing_is_far_by_a_ratio():
    """A wide column, of which nothing above zero lies half its reach below the minimum."""
    baseline, window = lognormal(350, 1, 0.6), lognormal(60, 2, 0.6)
    window[:12] /= 1000
    assert told(baseline, window) == ["20% 1/1000 of"]
    window[59] = 0.0
    assert told(baseline, window) == []


def test_below_a_column_that_begins_at_zero_nothing_is_far_by_a_ratio():
    baseline = numbers([0.0, *TO_100])
    assert find_unit_error_of_part(baseline, numbers(TO_100[:40])) is None
    window = numbers([-90.0, -70, -50, -30, *TO_100[:40]])
    assert find_unit_error_of_part(baseline, window).share == 4 / 44
