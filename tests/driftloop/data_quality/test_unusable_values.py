"""Values that cannot be used: by chance as often as before, or a broken feed."""

import numpy as np
import pytest

from driftloop import Column, Schema, Window
from driftloop.data_quality.chance import more_often_p
from driftloop.data_quality.sign import CERTAIN
from driftloop.data_quality.unusable_values import (
    header_rows,
    impossible_values,
    rows_out_of_range,
    unusable_values,
)
from tests.driftloop.data_quality.feeds import pair


def texts(good, bad, mark="?"):
    return [f"{i}.5" for i in range(good)] + [mark] * bad


def test_unreadable_values_count_against_those_of_the_baseline():
    (sign,) = unusable_values(pair(texts(347, 3), texts(147, 3)))
    assert sign.p == pytest.approx(more_often_p(3, 3, 150, 350))
    assert sign.text == "2% of the values are not numeric, in the baseline 0.9%"
    assert "`missing`" in sign.if_normal


def test_three_rows_and_two_percent_are_asked_for():
    for good, bad, found in ((98, 2, 0), (97, 3, 1), (197, 3, 0), (196, 4, 1)):
        assert len(list(unusable_values(pair(texts(350, 0), texts(good, bad))))) == found


def test_nothing_readable_left_of_a_readable_column_is_certain():
    (sign,) = unusable_values(pair(texts(350, 0), texts(0, 25)))
    assert sign.p == CERTAIN
    (sign,) = unusable_values(pair(texts(100, 250), texts(0, 25)))
    assert sign.p == pytest.approx(more_often_p(25, 250, 25, 350))


def test_blanks_count_against_those_of_the_baseline():
    nearly_empty = np.where(np.arange(350) < 333, np.nan, 1.0 * np.arange(350))
    assert list(unusable_values(pair(nearly_empty, [np.nan] * 25))) == []
    (sign,) = unusable_values(pair(np.arange(350.0), [np.nan] * 25))
    assert sign.text == "blank: no value at all"
    assert sign.p == pytest.approx(more_often_p(25, 0, 25, 350))
    for blank, found in ((39, 0), (40, 1)):
        window = np.where(np.arange(100) < blank, np.nan, np.arange(100.0))
        assert len(list(unusable_values(pair(np.arange(350.0), window)))) == found


def test_a_header_among_the_records_is_certain():
    (sign,) = header_rows(pair(["a", "b"] * 50, ["a"] * 30 + ["x"], "categorical"))
    assert (sign.text, sign.p) == ("1 row holds the column's own name: a header among the records?", CERTAIN)
    assert list(header_rows(pair(["a", "x"] * 50, ["a"] * 30 + ["x"], "categorical"))) == []
    assert list(header_rows(pair(["a"] * 50, ["x"] * 30, "categorical", categories=("a", "x")))) == []


def test_infinite_values_count_against_those_of_the_baseline():
    window = np.where(np.arange(60) < 3, np.inf, np.arange(60.0))
    (sign,) = unusable_values(pair(np.arange(350.0), window))
    assert sign.text == "3 infinite values, the baseline has none"
    assert sign.p == CERTAIN
    before = np.where(np.arange(350) < 20, np.inf, np.arange(350.0))
    (sign,) = unusable_values(pair(before, window))
    assert sign.p == pytest.approx(more_often_p(3, 20, 60, 350), rel=1e-9)


def test_a_lost_column_is_certain():
    import pandas as pd

    from driftloop import Baseline
    from driftloop.data_quality.column_pair import column_pairs

    schema = Schema((Column("x"), Column("y")))
    baseline = Baseline.build(pd.DataFrame({"x": np.arange(50.0), "y": np.arange(50.0)}), schema)
    window = Window.build(pd.DataFrame({"y": np.arange(30.0)}), schema)
    (sign,) = unusable_values(column_pairs(baseline, window)[0])
    assert (sign.text, sign.p) == ("the column is missing", CERTAIN)


def test_impossible_values_are_certain_from_two_rows_and_one_percent():
    for bad, rows, found in ((1, 50, 0), (2, 50, 1), (2, 300, 0), (3, 300, 1)):
        window = np.where(np.arange(rows) < bad, 17.0, 0.5)
        signs = list(impossible_values(pair(np.linspace(0, 1, 350), window, range=(0, 1))))
        assert [sign.p for sign in signs] == [CERTAIN] * found


def test_a_column_without_a_range_or_without_a_value_has_none_beyond_it():
    assert rows_out_of_range(pair([1.0, 2.0] * 50, [1e9] * 50)) == 0
    assert rows_out_of_range(pair([1.0, 2.0] * 50, [np.nan] * 50, range=(0.0, 5.0))) == 0
    assert rows_out_of_range(pair([1.0, 2.0] * 50, [0.0, 5.0] * 25, range=(0.0, 5.0))) == 0
    assert rows_out_of_range(pair([1.0, 2.0] * 50, [1.0] * 47 + [-1.0, 6.0, 7.0], range=(0.0, 5.0))) == 3


def test_values_beyond_the_range_are_counted_in_a_window_that_is_too_large_to_keep():
    for beyond, far in ((30, -5.0), (40, 7.0)):
        window = np.append(np.linspace(0.1, 0.9, 20_000), np.full(beyond, far))
        assert rows_out_of_range(pair(np.linspace(0, 1, 350), window, range=(0.0, 1.0))) == beyond
