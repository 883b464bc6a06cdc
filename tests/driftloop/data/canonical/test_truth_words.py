"""Truth values are those of the schema, whoever wrote them."""

import math

import pyarrow as pa
import pytest

from driftloop import Column
from driftloop.data.formats.true_false import true_false_format
from tests.driftloop.data.canonical.one_column import read

PAIRS = [
    pa.array([True, False, None]),
    ["true", "false", ""],
    ["True", "False", "nan"],
    ["TRUE", "FALSE", ""],
    ["1", "0", ""],
    [1, 0, None],
    [1.0, 0.0, math.nan],
    ["1.0", "0.00", ""],
    ["yes", "no", ""],
    ["Y", "N", ""],
    ["t", "f", ""],
    ["ON", "off", ""],
]


@pytest.mark.parametrize("words", ["false/true", "0/1", "No/Yes"])
@pytest.mark.parametrize("values", PAIRS, ids=str)
def test_truth_values_are_those_of_the_reference_whoever_wrote_them(values, words):
    false, true = words.split("/")
    assert read(values, Column("x", "categorical", format=words)) == [true, false, None]


def test_words_that_are_no_truth_values_stay():
    assert true_false_format(["Yes ", " No"]) == " No/Yes "
    assert true_false_format(["1", "2"]) == true_false_format(["m", "f"]) == true_false_format(["1"]) == ""
    assert read(["1", "2", "0"], Column("x", "categorical", format="0/1")) == ["1", "2", "0"]
    assert read(["1", "yes"], Column("x", "categorical")) == ["1", "yes"]
