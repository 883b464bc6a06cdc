"""A whole column in another unit, and populations that only moved."""

import numpy as np
import pytest
from scipy import stats

from driftloop.data_quality.chance import kolmogorov_p
from driftloop.data_quality.units.conversions import CONVERSIONS
from tests.driftloop.data_quality.feeds import same_p
from tests.driftloop.data_quality.units.unit_feeds import FAR_AWAY, STEPS, found, lognormal, told


def two_places(low, high, factor):
    """So many values from 100 on, and so many at `factor` times numbers from 100 on."""
    return np.concatenate([np.arange(100.0, 100 + low), factor * np.arange(100.0, 100 + high)])


def times_of(shares, values):
    return np.repeat(np.asarray(values, float), shares)


@pytest.mark.parametrize("conversion", CONVERSIONS, ids=lambda c: c.name)
def test_a_whole_column_converted_is_told(conversion):
    """Spread 0.15, so that also the smallest factor, 1.6, leaves the two all but disjoint."""
    (sign,) = found(lognormal(350, 1, 0.1), lognormal(60, 2, 0.1) * conversion.factor + conversion.offset)
    assert sign.text.startswith("100% of the values look like")
    assert sign.p < 1e-12


@pytest.mark.parametrize("factor", [10, 18.0156, 100, 1 / 10, 1 / 18.0156, 1 / 100])
def test_wide_columns_too(factor):
    """A spread of 1 on the log scale: most of the converted values lie in the baseline's range."""
    (sign,) = found(lognormal(350, 1, 1.0), lognormal(60, 2, 1.0) * factor)
    assert sign.text.startswith("100% of the values look like")


@pytest.mark.parametrize("offset", [1e4, 1e6, 1e9, 1.8e12])
def test_a_shift_far_from_zero_is_no_conversion_because_a_thousandth_of_a_value_is_more_than_its_spread(offset):
    rng = np.random.default_rng(3)
    baseline, window = offset + rng.normal(size=400), offset + 3 + rng.normal(size=120)
    assert found(baseline, window) == []


def test_one_kind_of_the_baselines_records_is_no_conversion_of_all():
    """Widths of three kinds, of which the smallest comes alone: a tenth of all would look alike."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        kinds = [rng.normal(mean, 0.4 * mean**0.5 / 2, 60).clip(0.1).round(1) for mean in (0.25, 1.3, 2.0)]
        assert found(np.concatenate(kinds), rng.choice(kinds[0], 40)) == []


def test_a_column_of_recorded_values_converted_is_told_all_the_same():
    baseline = np.random.default_rng(4).normal(26, 4, 350).round(1)
    (sign,) = found(baseline, (np.random.default_rng(5).normal(26, 4, 60) / 10).round(1))
    assert sign.text.startswith("100% of the values look like 1/10 of")


def test_a_shifted_decimal_point_is_named_before_a_conversion_that_fits_about_as_well():
    """Divided by 100 is not divided by 88.6, unless a fit by 100 would be odd."""
    shares = [np.random.default_rng(seed).beta(2, 5, rows) for seed, rows in ((1, 300), (2, 100), (3, 100), (4, 100))]
    names = [found(100 * shares[0], window)[0].text for window in shares[1:]]
    assert all("1/100 of what they should be" in name for name in names)
    (sign,) = found(lognormal(2000, 1, 0.1), lognormal(2000, 2, 0.1) / 88.57)
    assert "1/88.6 of what they should be" in sign.text


@pytest.mark.parametrize(("low", "told_of_all"), [(100, True), (99, False)])
@pytest.mark.parametrize("factor", [10, 7])
def test_by_a_decade_half_of_the_values_must_be_elsewhere(factor, low, told_of_all):
    """The window's lower half lies on the baseline's upper half; then 99 of 200 values on each side are alone."""
    baseline, before = two_places(low, 200 - low, factor), two_places(200 - low, low, factor)
    signs = found(baseline, factor * before)
    assert any(sign.text.startswith(f"100% of the values look like {factor} times") for sign in signs) is told_of_all
    if told_of_all:
        assert signs[0].p == same_p(kolmogorov_p(0.5, 200, 200))


@pytest.mark.parametrize(("low", "of_all"), [(90, True), (89, False)])
def test_by_a_smaller_factor_nine_in_ten_must_be_elsewhere(low, of_all):
    baseline = two_places(low, 100 - low, 3.6)
    assert ("100% 3.6 times" in told(baseline, 3.6 * baseline)) is of_all


@pytest.mark.parametrize(("steps", "signs"), [(27, [f"100% {FAR_AWAY}"]), (28, [])])
def test_converted_values_have_the_baselines_shape_up_to_kolmogorovs_999_permille_quantile(steps, signs):
    """Of 100 values on each side: sqrt(50) times 0.27 is 1.91, times 0.28 is 1.98."""
    assert told(STEPS, 1e6 * (STEPS + steps)) == signs


@pytest.mark.parametrize(("steps", "sign"), [(17, "100% 1/100 of"), (18, "100% 1/88.6 of")])
def test_a_shifted_decimal_point_is_taken_up_to_the_90_percent_quantile_though_another_fits_better(steps, sign):
    """sqrt(50) times 0.17 is 1.20, times 0.18 is 1.27; by 88.6 the values fit better."""
    assert told(STEPS, (STEPS + steps) / 100) == [sign]


@pytest.mark.parametrize("shares", [(70, 70, 70), (30, 140, 30)])
@pytest.mark.parametrize(("off", "same"), [(9e-4, True), (-9e-4, True), (1.2e-3, False), (-1.2e-3, False)])
def test_rounding_may_move_a_value_by_a_thousandth_of_itself(shares, off, same):
    """Also where the quartiles are the same: the width of the whole baseline then counts."""
    values = times_of(shares, [100, 200, 400])
    assert told(values, 18.0156 * (1 + off) * values) == (["100% 18 times"] if same else [])


@pytest.mark.parametrize(("off", "same"), [(0.45, True), (-0.45, True), (0.55, False), (-0.55, False)])
def test_rounding_moves_no_value_by_more_than_a_twentieth_of_the_middle_half(off, same):
    """Quartiles 10 apart, all values 30: far from zero a thousandth of a value would be 10."""
    values = times_of((10, 90, 90, 10), [10_000, 10_010, 10_020, 10_030])
    assert [text.split(" instead")[0] for text in told(values, values + 273.15 + off)] == ["100% kelvin"] * same


@pytest.mark.parametrize(("wider", "signs"), [(0.8, []), (1.0, []), (1.2, []), (1.35, ["100% 1.6 times"])])
def test_a_population_that_moves_as_a_whole_and_keeps_its_spread_was_not_converted(wider, signs):
    """In logarithms less than half of the conversion's factor: up to a width of 1.27, the root of 1.61."""
    baseline, window = (100 + 5 * stats.norm.ppf((np.arange(rows) + 0.5) / rows) for rows in (350, 60))
    assert told(baseline, 160.934 + wider * (window - 100)) == signs


@pytest.mark.parametrize(
    ("of_kind", "unknown", "is_part"), [(40, 0, True), (39, 0, False), (40, 4, True), (40, 5, False)]
)
def test_a_window_is_one_kind_of_the_baseline_from_nine_tenths_known_and_a_fifth_held_on(of_kind, unknown, is_part):
    """200 recorded values, so many of them 10 to 19 and the others 100 to 190: the window has 10 to 19."""
    low = np.arange(10.0, 20.0)
    baseline = np.concatenate([np.resize(low, of_kind), np.resize(10 * low, 200 - of_kind)])
    window = np.concatenate([np.resize(low, 40 - unknown), np.full(unknown, 14.5)])
    assert told(baseline, window) == ([] if is_part else ["100% 1/10 of"])
