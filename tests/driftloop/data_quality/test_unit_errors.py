"""Other units: whole columns and parts, away from zero and towards it; and populations that merely grew."""

import numpy as np
import pytest
from scipy import constants, stats

from driftloop.data_quality.chance import SMALLEST_TAIL_FACTOR, all_in_window_p, kolmogorov_p, tail_factor
from driftloop.data_quality.unit_errors import CONVERSIONS, FEWEST_ROWS, FEWEST_SHIFTED, unit_errors
from tests.driftloop.data_quality.feeds import pair, same_p


def lognormal(rows, seed, spread=0.3):
    return np.exp(np.random.default_rng(seed).normal(4.5, spread, rows)).round(2)


def found(baseline, window):
    return list(unit_errors(pair(baseline, window)))


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


def test_two_rows_suffice_for_a_decimal_point_alone():
    assert (FEWEST_SHIFTED, FEWEST_ROWS) == (2, 3)
    for factor, rows, signs in ((10, 2, 1), (10, 1, 0), (18.0156, 3, 1)):
        window = lognormal(60, 2, 0.1)
        window[:rows] *= factor
        assert len(found(lognormal(350, 1, 0.1), window)) == signs


@pytest.mark.parametrize(
    "moves",
    [
        lambda x: x * 1.33,
        lambda x: x + 60,
        lambda x: 150 + (x - 94) / 4,
        lambda x: x * 2.0,
        lambda x: np.where(np.arange(len(x)) % 2, x + 40, x),
    ],
    ids=["third more", "shifted", "above and narrower", "doubled", "half of them"],
)
def test_a_population_that_moved_is_no_other_unit(moves):
    assert [found(lognormal(350, 1), moves(lognormal(60, seed))) for seed in range(2, 12)].count([]) >= 9


def test_heavy_tails_are_no_other_unit():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        signs = found(100 * rng.pareto(1.2, 350), 100 * rng.pareto(1.2, 100))
        assert all(sign.p > 1e-5 for sign in signs)


def test_a_shifted_decimal_point_is_named_before_a_conversion_that_fits_about_as_well():
    """Divided by 100 is not divided by 88.6, unless a fit by 100 would be odd."""
    shares = [np.random.default_rng(seed).beta(2, 5, rows) for seed, rows in ((1, 300), (2, 100), (3, 100), (4, 100))]
    names = [found(100 * shares[0], window)[0].text for window in shares[1:]]
    assert all("1/100 of what they should be" in name for name in names)
    (sign,) = found(lognormal(2000, 1, 0.1), lognormal(2000, 2, 0.1) / 88.57)
    assert "1/88.6 of what they should be" in sign.text


def test_the_factors_are_those_of_the_units():
    """From the definitions of the units (CODATA, by scipy) and of the molar masses of glucose, lipids, bilirubin."""
    units = {
        "2.54": constants.inch * 100,
        "2.2": 1 / constants.lb,
        "12": constants.year / (constants.year / 12),
        "18": 180.156 / 10,
        "38.7": 386.7 / 10,
        "88.6": 885.7 / 10,
        "60": constants.minute,
        "7.5": 1000 / constants.mmHg,
        "4.18": constants.calorie,
        "3.28": 1 / constants.foot,
        "1.6": constants.mile / 1000,
        "28.3": constants.oz * 1000,
        "365": constants.Julian_year / constants.day,
        "3.6": constants.hour / 1000,
        "6.9": constants.psi / 1000,
        "7": constants.week / constants.day,
        "14.5": constants.bar / constants.psi,
        "17.1": 10_000 / 584.66,
        "24": constants.day / constants.hour,
        "30.5": constants.foot * 100,
        "52.2": constants.Julian_year / constants.week,
        "133": constants.mmHg,
        "1440": constants.day / constants.minute,
        **{name: float(name) for name in ("10", "100", "1000", "3600", "86400", "1000000")},
    }
    should = "what they should be (another unit?)"
    for name, factor in units.items():
        for of, expected in ((f"{name} times {should}", factor), (f"1/{name} of {should}", 1 / factor)):
            (conversion,) = [one for one in CONVERSIONS if one.name == of]
            assert conversion.factor == pytest.approx(expected, rel=1e-5)
            assert conversion.offset == 0
    assert len(CONVERSIONS) == 2 * len(units) + 5


@pytest.mark.parametrize(
    ("name", "degrees", "read"),
    [
        ("Fahrenheit instead of Celsius", [0.0, 100.0], [32.0, 212.0]),
        ("Celsius instead of Fahrenheit", [32.0, 212.0], [0.0, 100.0]),
        ("kelvin instead of Celsius", [0.0, 100.0], [273.15, 373.15]),
        ("Celsius instead of kelvin", [273.15, 373.15], [0.0, 100.0]),
        ("-1 times what they should be (the sign turned?)", [1.0, -2.0], [-1.0, 2.0]),
    ],
)
def test_scales_with_an_offset_go_both_ways(name, degrees, read):
    (conversion,) = [one for one in CONVERSIONS if one.name == name]
    assert conversion.back(np.array(read)) == pytest.approx(degrees, abs=1e-9)


@pytest.mark.parametrize(("values", "signs"), [([1.0, 2.0], 0), ([1.0, 2.0, 4.0], 1)])
def test_a_baseline_of_three_values_has_a_shape_and_one_of_two_has_none(values, signs):
    baseline, window = np.repeat(values, 100), 1000 * np.repeat(values, 20)
    assert len(found(baseline, window)) == signs


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


def told(baseline, window):
    """What the values look like, without the words that all conversions share."""
    return [
        sign.text.split(" what they")[0].replace("of the values look like ", "") for sign in found(baseline, window)
    ]


def two_places(low, high, factor):
    """So many values from 100 on, and so many at `factor` times numbers from 100 on."""
    return np.concatenate([np.arange(100.0, 100 + low), factor * np.arange(100.0, 100 + high)])


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


STEPS = np.arange(100.0, 200.0)
FAR_AWAY = "1000000 times"
"""No other conversion is near it."""


@pytest.mark.parametrize(("steps", "signs"), [(27, [f"100% {FAR_AWAY}"]), (28, [])])
def test_converted_values_have_the_baselines_shape_up_to_kolmogorovs_999_permille_quantile(steps, signs):
    """Of 100 values on each side: sqrt(50) times 0.27 is 1.91, times 0.28 is 1.98."""
    assert told(STEPS, 1e6 * (STEPS + steps)) == signs


@pytest.mark.parametrize(("steps", "sign"), [(17, "100% 1/100 of"), (18, "100% 1/88.6 of")])
def test_a_shifted_decimal_point_is_taken_up_to_the_90_percent_quantile_though_another_fits_better(steps, sign):
    """sqrt(50) times 0.17 is 1.20, times 0.18 is 1.27; by 88.6 the values fit better."""
    assert told(STEPS, (STEPS + steps) / 100) == [sign]


def times_of(shares, values):
    return np.repeat(np.asarray(values, float), shares)


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
