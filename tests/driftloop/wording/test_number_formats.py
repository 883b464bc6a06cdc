"""Numbers for people: never more certain than they are, never on the wrong side of a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftloop.wording.number_formats import format_number, format_p, format_share, once_in, towards_alarm

CHANCES = st.floats(0, 1, allow_nan=False)


@given(CHANCES)
def test_no_p_is_shown_as_zero_or_with_an_exponent(p):
    assert "e" not in format_p(p)
    assert float(format_p(p).removeprefix("< ")) > 0
    assert p < 0.001 or abs(float(format_p(p)) - p) <= 0.0051


@given(CHANCES, CHANCES)
def test_rarities_keep_the_order(one, other):
    low, high = sorted((one, other))
    assert once_in(low) >= once_in(high) >= 1


@given(CHANCES, st.floats(1e-6, 0.5))
def test_evidence_reaches_its_line_exactly_with_the_alarm(p, alarm):
    reached = towards_alarm(p, alarm)
    assert (reached >= 1 - 1e-12) is (p <= alarm)
    assert 0 <= reached <= 1.25


@given(CHANCES)
def test_only_nothing_is_zero_percent_and_only_all_is_hundred(share):
    assert (format_share(share) == "0%") is (share == 0)
    assert (format_share(share) == "100%") is (share == 1)


@given(st.floats(-1e300, 1e300, allow_nan=False))
def test_a_number_is_read_back_to_its_digits(value):
    read = float(format_number(value, 4).replace(",", ""))
    assert read == pytest.approx(value, rel=1e-3, abs=1e-320)
