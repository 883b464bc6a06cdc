"""The conversions that are known, and both ways of each."""

import numpy as np
import pytest
from scipy import constants

from driftloop.data_quality.units.conversions import CONVERSIONS, Conversion


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


@pytest.mark.parametrize("factor", [4.0, 0.25, -4.0])
@pytest.mark.parametrize(
    ("before", "after", "leaves"),
    [(10, 10, True), (10, 19.9, True), (10, 20.1, False), (10, 5.1, True), (10, 4.9, False), (20.1, 10, False)],
)
def test_a_width_is_left_up_to_the_root_of_the_factor(factor, before, after, leaves):
    assert Conversion("four times", factor).leaves_width(before, after) is leaves


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0, 1), (1, 0)])
def test_what_has_no_width_has_none_to_keep(before, after):
    assert not Conversion("ten times", 10.0).leaves_width(before, after)


@pytest.mark.parametrize("factor", [1.0, -1.0])
def test_a_shift_and_a_turned_sign_change_no_width_so_that_it_says_nothing(factor):
    assert not Conversion("turned", factor, 273.15).leaves_width(5, 5)
