"""Few whole numbers that come as multiples of the old ones were converted; new codes are new codes."""

import pytest

from driftloop.data_quality.chance import more_often_p
from driftloop.data_quality.units.unit_errors_of_codes import find_unit_error_of_codes
from driftloop.profile.counting.category_counts import MAX_NAMES
from tests.driftloop.data_quality.feeds import pair, same_p

DOSES = ["5", "10", "20", "40"]


def found(window, baseline=DOSES * 50, **column):
    return find_unit_error_of_codes(pair(baseline, window, "categorical", **column))


@pytest.mark.parametrize(
    ("window", "says"),
    [
        (["5000", "10000", "20000"] * 10, "100% of the values look like 1000 times"),
        (["0.5", "1", "2", "4"] * 10, "100% of the values look like 1/10 of"),
        (["-5", "-10"] * 10, "100% of the values look like -1 times"),
        (["11.02", "22.05", "44.09"] * 10, "100% of the values look like 2.2 times"),
        (DOSES * 8 + ["5000", "10000"] * 4, "20% of the values look like 1000 times"),
    ],
)
def test_numbers_in_another_unit(window, says):
    sign = found(window)
    assert sign.text.startswith(says)
    rows = sum(name not in DOSES for name in window)
    assert sign.p == same_p(more_often_p(rows, 0, len(window), 200))


@pytest.mark.parametrize(
    "window",
    [
        DOSES * 10,  # as before
        ["5000"] * 20,  # one number may be a new code
        ["50", "60", "70"] * 10,  # two of three are no conversions
        ["5000", "10000", *DOSES * 20],  # two rows
        ["5000", "mg"] * 10,
    ],
)
def test_other_numbers(window):
    assert found(window) is None


def test_a_part_of_two_percent_and_three_rows_is_asked_for():
    assert found(["5000", "5000", "10000", *DOSES * 36]) is not None
    assert found(["5000", "5000", "10000", *DOSES * 37]) is None  # 3 of 151


def test_names_of_the_schema_are_known():
    assert found(["50", "100"] * 10, categories=("5", "10", "20", "40", "50", "100")) is None


@pytest.mark.parametrize(("strange", "told"), [(1, True), (2, False)])
def test_nine_of_ten_new_rows_must_be_conversions(strange, told):
    window = ["5000", "10000", "20000", "5000", "10000", "20000", "5000", "10000", "20000"][: 10 - strange]
    window += ["7001"] * strange
    assert (found(window) is not None) is told


@pytest.mark.parametrize(("name", "told"), [("10009", True), ("10011", False)])
def test_a_converted_number_misses_a_known_one_by_a_thousandth_at_most(name, told):
    assert (found(["5000", name] * 10) is not None) is told


def test_numbers_beyond_a_full_dictionary_and_columns_of_numbers_are_none():
    assert find_unit_error_of_codes(pair([5.0, 10.0] * 50, [5000.0, 10000.0] * 10)) is None
    many = [str(number) for number in range(1, MAX_NAMES + 2)]
    assert found(["5000000", "10000000"] * 10, many) is None
    assert found([f"{number}000" for number in range(1, MAX_NAMES + 2)]) is None


def test_zero_converted_and_back_is_zero_up_to_rounding():
    """-17.77777777777778 degrees is 0 Fahrenheit."""
    window = ["-17.77777777777778", "-17.22222222222222"] * 10
    assert found(window, ["0", "1"] * 50).text.startswith("100% of the values look like Celsius instead of Fahrenheit")
