"""Values that cannot be used: by chance as often as before, or a broken feed."""

import numpy as np
import pandas as pd
import pytest

from driftloop import Baseline, Column, Schema, Window, read_batches
from driftloop.data_quality.chance import more_often_p
from driftloop.data_quality.column_pair import pair_columns
from driftloop.data_quality.sign import CERTAIN
from driftloop.data_quality.unusable_values import (
    count_out_of_range,
    find_header_rows,
    find_impossible_values,
    find_repeated_headers,
    find_unusable_values,
    missing_growth,
)
from tests.driftloop.data_quality.feeds import pair, same_p


def texts(good, bad, mark="?"):
    return [f"{i}.5" for i in range(good)] + [mark] * bad


def test_unreadable_values_count_against_those_of_the_baseline():
    (sign,) = find_unusable_values(pair(texts(347, 3), texts(147, 3)))
    assert sign.p == same_p(more_often_p(3, 3, 150, 350))
    assert sign.text == "2% of the values are not numeric, in the baseline 0.9%"
    assert "`missing`" in sign.if_normal


def test_three_rows_and_two_percent_are_asked_for():
    for good, bad, found in ((98, 2, 0), (97, 3, 1), (197, 3, 0), (196, 4, 1)):
        assert len(list(find_unusable_values(pair(texts(350, 0), texts(good, bad))))) == found


def test_nothing_readable_left_of_a_readable_column_is_certain():
    (sign,) = find_unusable_values(pair(texts(350, 0), texts(0, 25)))
    assert sign.p == CERTAIN
    (sign,) = find_unusable_values(pair(texts(100, 250), texts(0, 25)))
    assert sign.p == same_p(more_often_p(25, 250, 25, 350))


def test_blanks_count_against_those_of_the_baseline():
    nearly_empty = np.where(np.arange(350) < 333, np.nan, 1.0 * np.arange(350))
    assert list(find_unusable_values(pair(nearly_empty, [np.nan] * 25))) == []
    (sign,) = find_unusable_values(pair(np.arange(350.0), [np.nan] * 25))
    assert sign.text == "blank: no value at all"
    assert sign.p == same_p(more_often_p(25, 0, 25, 350))
    for blank, found in ((39, 0), (40, 1)):
        window = np.where(np.arange(100) < blank, np.nan, np.arange(100.0))
        assert len(list(find_unusable_values(pair(np.arange(350.0), window)))) == found


def test_a_header_among_the_records_is_certain():
    (sign,) = find_header_rows(pair(["a", "b"] * 50, ["a"] * 30 + ["x"], "categorical"))
    assert (sign.text, sign.p) == ("1 row holds the column's own name: a header among the records?", CERTAIN)
    assert list(find_header_rows(pair(["a", "x"] * 50, ["a"] * 30 + ["x"], "categorical"))) == []
    assert list(find_header_rows(pair(["a"] * 50, ["x"] * 30, "categorical", categories=("a", "x")))) == []


def test_infinite_values_count_against_those_of_the_baseline():
    window = np.where(np.arange(60) < 3, np.inf, np.arange(60.0))
    (sign,) = find_unusable_values(pair(np.arange(350.0), window))
    assert sign.text == "3 infinite values, the baseline has none"
    assert sign.p == CERTAIN
    before = np.where(np.arange(350) < 20, np.inf, np.arange(350.0))
    (sign,) = find_unusable_values(pair(before, window))
    assert sign.p == same_p(more_often_p(3, 20, 60, 350))


def test_a_lost_column_is_certain():
    schema = Schema((Column("x"), Column("y")))
    baseline = Baseline.build(pd.DataFrame({"x": np.arange(50.0), "y": np.arange(50.0)}), schema)
    window = Window.build(pd.DataFrame({"y": np.arange(30.0)}), schema)
    (sign,) = find_unusable_values(pair_columns(baseline, window)[0])
    assert (sign.text, sign.p) == ("the column is missing", CERTAIN)


def test_impossible_values_are_certain_from_two_rows_and_one_percent():
    for bad, rows, found in ((1, 50, 0), (2, 50, 1), (2, 300, 0), (3, 300, 1)):
        window = np.where(np.arange(rows) < bad, 17.0, 0.5)
        signs = list(find_impossible_values(pair(np.linspace(0, 1, 350), window, range=(0, 1))))
        assert [sign.p for sign in signs] == [CERTAIN] * found


def test_a_column_without_a_range_or_without_a_value_has_none_beyond_it():
    assert count_out_of_range(pair([1.0, 2.0] * 50, [1e9] * 50)) == 0
    assert count_out_of_range(pair([1.0, 2.0] * 50, [np.nan] * 50, range=(0.0, 5.0))) == 0
    assert count_out_of_range(pair([1.0, 2.0] * 50, [0.0, 5.0] * 25, range=(0.0, 5.0))) == 0
    assert count_out_of_range(pair([1.0, 2.0] * 50, [1.0] * 47 + [-1.0, 6.0, 7.0], range=(0.0, 5.0))) == 3


def test_values_beyond_the_range_are_counted_in_a_window_that_is_too_large_to_keep():
    for beyond, far in ((30, -5.0), (40, 7.0)):
        window = np.append(np.linspace(0.1, 0.9, 20_000), np.full(beyond, far))
        assert count_out_of_range(pair(np.linspace(0, 1, 350), window, range=(0.0, 1.0))) == beyond


@pytest.mark.parametrize(("infinite", "rows", "found"), [(2, 60, 0), (3, 60, 1), (3, 300, 1), (3, 301, 0)])
def test_three_infinite_values_and_one_percent_are_asked_for(infinite, rows, found):
    window = np.where(np.arange(rows) < infinite, np.inf, np.arange(float(rows)))
    assert len(list(find_unusable_values(pair(np.arange(350.0), window)))) == found


def test_infinite_values_are_told_with_those_of_the_baseline_and_beside_blanks():
    baseline = np.where(np.arange(350) < 20, -np.inf, np.arange(350.0))
    window = np.where(np.arange(60) < 3, np.inf, np.nan)
    assert [sign.text for sign in find_unusable_values(pair(baseline, window))] == [
        "gone blank in 95% of rows",
        "3 infinite values, the baseline 20",
    ]


@pytest.mark.parametrize(("unreadable", "certain"), [(174, True), (175, False)])
def test_a_column_was_readable_where_less_than_half_of_the_baseline_was_not(unreadable, certain):
    (sign,) = find_unusable_values(pair(texts(350 - unreadable, unreadable), texts(0, 25)))
    assert sign.p == (CERTAIN if certain else pytest.approx(more_often_p(25, unreadable, 25, 350)))
    assert sign.text.startswith("100% of the values are not numeric, in the baseline")


def test_one_readable_value_among_blanks_is_a_chance():
    (sign,) = find_unusable_values(pair(texts(350, 0), [*texts(1, 20), None]))
    assert sign.p == same_p(more_often_p(20, 0, 22, 350))
    (sign,) = find_unusable_values(pair(texts(350, 0), [*texts(0, 20), None]))
    assert sign.p == CERTAIN


def test_a_column_that_some_files_lack_is_told_with_its_rows():
    schema = Schema((Column("x"), Column("y")))
    whole = pd.DataFrame({"x": np.arange(50.0), "y": np.arange(50.0)})
    parts = [Window.build(part, schema) for part in (whole, whole[["y"]].head(20))]
    both = pair_columns(Baseline.build(whole, schema), parts[0].merge(parts[1]))[0]
    assert [sign.text for sign in find_unusable_values(both)] == ["the column is missing in 20 rows"]


def test_rows_that_repeat_the_header_are_told_where_the_baseline_has_none(tmp_path):
    def sides(kind, headers):
        path = tmp_path / f"{headers}.csv"
        path.write_text("x,y\n" + "1,2\n3,4\n" + "x,y\n5,6\n" * headers)
        return kind.build(read_batches(str(path), schema), schema).profile

    schema = Schema((Column("x"), Column("y")))
    clean = sides(Baseline, 0)
    assert list(find_repeated_headers(clean, sides(Window, 0))) == []
    found = [list(find_repeated_headers(clean, sides(Window, headers))) for headers in (1, 2)]
    assert [(sign.column, sign.text, sign.p) for signs in found for sign in signs] == [
        (None, "1 row repeats the header: were files joined as they are?", CERTAIN),
        (None, "2 rows repeat the header: were files joined as they are?", CERTAIN),
    ]
    assert list(find_repeated_headers(sides(Baseline, 1), sides(Window, 2))) == []


def test_rows_that_hold_the_columns_name_are_counted():
    (sign,) = find_header_rows(pair(["a", "b"] * 50, ["a"] * 30 + ["x"] * 2, "categorical"))
    assert sign.text == "2 rows hold the column's own name: a header among the records?"


def test_growth_of_missing_values_is_the_difference_of_their_shares():
    both = pair([np.nan, 1.0, 2.0, 3.0], [np.nan, np.nan, np.nan, 4.0])
    assert missing_growth(both.baseline, both.window) == 0.75 - 0.25
    assert missing_growth(both.window, both.baseline) == 0.25 - 0.75


def test_blanks_are_told_by_how_much_they_have_grown():
    baseline = np.where(np.arange(100) < 25, np.nan, np.arange(100.0))
    for blank, found in ((64, []), (65, ["gone blank in 65% of rows"])):
        window = np.where(np.arange(100) < blank, np.nan, np.arange(100.0))
        assert [sign.text for sign in find_unusable_values(pair(baseline, window))] == found


def test_what_is_possible_is_said_with_its_unit():
    (sign,) = find_impossible_values(pair([1.0, 2.0] * 50, [1.0] * 48 + [9.0] * 2, range=(0.0, 5.0), unit="kg"))
    assert sign.text == "2 values beyond what can be true (0 to 5 kg)"


def test_of_a_large_window_one_value_barely_beyond_the_range_is_one():
    """Its bin's centre lies within the range."""
    window = np.append(np.linspace(0.1, 0.9, 20_000), 0.9 + 1e-9)
    both = pair(np.linspace(0, 1, 350), window, range=(0.0, 0.9 + 5e-10))
    assert not both.window_sample.complete
    assert (both.window.bins[0] <= 0.9).all()
    assert count_out_of_range(both) == 1


def test_of_a_large_window_values_at_the_ends_of_the_range_are_possible_and_those_on_both_sides_are_not():
    ends = np.concatenate([np.linspace(0.1, 0.9, 20_000), np.zeros(30), np.ones(30)])
    assert count_out_of_range(pair(np.linspace(0, 1, 350), ends, range=(0.0, 1.0))) == 0
    beyond = np.concatenate([np.linspace(0.1, 0.9, 20_000), np.full(20, -5.0), np.full(30, 7.0), np.full(10, 9.0)])
    assert count_out_of_range(pair(np.linspace(0, 1, 350), beyond, range=(0.0, 1.0))) == 60


def test_values_at_the_ends_of_the_range_are_not_counted_among_those_beyond():
    window = [0.0, 5.0] * 20 + [-1.0, 6.0, 7.0]
    assert count_out_of_range(pair([1.0, 2.0] * 50, window, range=(0.0, 5.0))) == 3
