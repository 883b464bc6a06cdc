"""Numbers as a profile file holds them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftloop.profile.counting.exact_sum import UNIT
from driftloop.profile.saving.stored_numbers import recorded_decimals, scaled, sum_of_text, sum_text


@given(st.integers(-(2**2000), 2**2000))
def test_a_sum_survives_its_text(units):
    assert sum_of_text(sum_text(units)) == units


@pytest.mark.parametrize(
    ("units", "text"),
    [(0, "0p0"), (1, "1p-1074"), (-48 << UNIT, "-3p4"), (5 << (UNIT - 1), "5p-1"), (10 << UNIT, "5p1"), (None, None)],
)
def test_an_odd_number_and_its_exponent(units, text):
    assert sum_text(units) == text
    assert sum_of_text(text) == units


@pytest.mark.parametrize("text", ["", "3", "xp1", "1p-1075", "1p1089", "1p999999999999"])
def test_what_is_no_sum_of_doubles_is_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        sum_of_text(text)


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        ([1.0, -7.0], 0),
        ([1.5, np.nan], 1),
        ([0.0001], 4),
        ([0.00001], None),
        ([1 / 3], None),
        ([np.inf], None),
        ([1e12], 0),
        ([1.1e12], None),
        ([], 0),
        ([np.nan], 0),
    ],
)
def test_values_with_at_most_four_decimals_are_recorded(values, decimals):
    assert recorded_decimals(np.array(values)) == decimals


def test_recorded_values_become_whole_numbers_of_their_last_decimal():
    assert scaled(np.array([26.4, np.nan, -0.3]), 1).to_pylist() == [264, None, -3]
