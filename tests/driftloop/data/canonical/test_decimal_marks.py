"""Numbers are read as they were meant, with a decimal point or comma, or refused."""

import math

import pyarrow as pa
import pytest

from driftloop import Column
from driftloop.data.formats.number_formats import number, plain_number, written
from driftloop.data.reading import Reading
from driftloop.errors import InputError
from tests.driftloop.data.canonical.one_column import read

NUMBER = Column("x")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1.5", "-2.25", "3e2"], [1.5, -2.25, 300.0]),
        (["1,5", "-2,25", "3"], [1.5, -2.25, 3.0]),
        (["1,234.50", "12.5"], [1234.5, 12.5]),
        (["1.234,50", "12,5"], [1234.5, 12.5]),
        (["1.234.567", "1.000"], [1234567.0, 1000.0]),
        (["1 234,5", "12,0"], [1234.5, 12.0]),
        (["1'234.5", "1\u00a0234"], [1234.5, 1234.0]),
        (["0,125", "0,250"], [0.125, 0.25]),
        (["1234,567", "1,500"], [1234.567, 1.5]),
        (["1.234", "5.678"], [1.234, 5.678]),
        (["inf", "-Infinity"], [math.inf, -math.inf]),
        (["+5", " 7 "], [5.0, 7.0]),
        (["\u22121.5", "\u20132", "\uff0d3", "\ufe634", "\u20125"], [-1.5, -2.0, -3.0, -4.0, -5.0]),
        (["(12.50)", "(3)", "4"], [-12.5, -3.0, 4.0]),
        (["(1,234.50)", "7.5"], [-1234.5, 7.5]),
        (["12.50-", "3-", "4"], [-12.5, -3.0, 4.0]),
        (["1.234,50-", "7,5"], [-1234.5, 7.5]),
        (["1\u2009234.5", "1\u2007234", "1\u202f234"], [1234.5, 1234.0, 1234.0]),
        (["1\u2019234.50", "1\u2019234"], [1234.5, 1234.0]),
        (["12,34,567.50", "1,23,456"], [1234567.5, 123456.0]),
    ],
)
def test_numbers_with_either_decimal_mark_and_with_groups(values, expected):
    assert read(values, NUMBER) == expected


def test_what_leaves_the_decimal_mark_open_is_refused_with_what_to_declare():
    with pytest.raises(InputError, match=r"column 'x' has numbers such as 1,234.*declare \[reading\] decimal"):
        read(["1,234", "5,678"], NUMBER)
    assert read(["1,234", "5,678"], NUMBER, reading=Reading(decimal=",")) == [1.234, 5.678]
    assert read(["1,234", "5,678"], NUMBER, reading=Reading(thousands=",")) == [1234.0, 5678.0]


def test_another_column_of_the_source_or_the_reference_tells_the_mark():
    assert read(["1,234"] * 2, NUMBER, y=["1,5", "2,5"]) == [1.234] * 2
    assert read(["1,234"] * 2, NUMBER, y=["1,234.5", "2.5"]) == [1234.0] * 2
    assert read(["1.234"] * 2, NUMBER, y=["1,5", "2,5"]) == [1234.0] * 2
    assert read(["1,234"] * 2, Column("x", format="decimal-comma")) == [1.234] * 2
    assert read(["1,234"] * 2, Column("x", format="decimal-point")) == [1234.0] * 2


def test_two_marks_in_one_column_are_refused_and_single_slips_are_malformed():
    with pytest.raises(InputError, match="decimal points in some rows and decimal commas in others"):
        read(["1.5", "2,5"] * 10, NUMBER)
    slip = read([f"{i}.5" for i in range(99)] + ["7,25"], NUMBER)
    assert math.isnan(slip[-1])
    assert slip[3] == 3.5


@pytest.mark.parametrize("text", ["1_00", "12a", "1,2,3", "1.2.3", "1,2,456", "--5", "٣", "0x10", "5 mg", "1 2"])
def test_what_is_no_number_is_none(text):
    assert plain_number(text) is None
    assert number(text, ".") is None
    assert number(text, ",") is None
    assert written("12a") == "other"


def test_underscores_stand_between_thousands():
    assert read(["1_234", "12_345_678", "500"], NUMBER) == [1234.0, 12345678.0, 500.0]
    assert read(["1_234.5", "7.5"], NUMBER) == [1234.5, 7.5]
    assert math.isnan(read(["1_23", "7.5"], NUMBER)[0])


def test_durations_are_read_in_seconds_whoever_writes_them():
    column = Column("x", format="duration")
    assert read(["36:15:00", "1 day, 2:03:04", "PT36H", "90"], column) == [130500.0, 93784.0, 129600.0, 90.0]
    assert read(pa.array([3_600_000], pa.duration("ms")), column) == [3600.0]
    assert math.isnan(read(["36:15:00", "long"], column)[1])
