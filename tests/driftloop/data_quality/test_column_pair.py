"""A column's values on both sides, as the rules look at them."""

import numpy as np
import pandas as pd

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality import column_pair
from driftloop.data_quality.column_pair import pair_columns
from tests.driftloop.data_quality.feeds import pair


def test_there_is_a_pair_for_each_compared_column():
    schema = Schema((Column("id", "categorical", role="id"), Column("a"), Column("b")))
    rows = pd.DataFrame({"id": list("xyz"), "a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]})
    pairs = pair_columns(Baseline.build(rows, schema), Window.build(rows.tail(1), schema))
    assert [(each.column.name, each.column_index) for each in pairs] == [("a", 0), ("b", 1)]
    assert [each.baseline_values.tolist() for each in pairs] == [[1, 2, 3], [4, 5, 6]]
    assert [each.window_values.tolist() for each in pairs] == [[3], [6]]


def test_values_are_sorted_and_finite():
    both = pair([3.0, np.nan, 1.0, np.inf], [-np.inf, 2.0])
    assert (both.baseline_values.tolist(), both.window_values.tolist()) == ([1, 3], [2])


def test_pooled_values_have_their_counts_on_each_side():
    values, in_baseline, in_window = pair([5.0, 1.0, 5.0], [5.0, 7.0, 7.0]).pooled
    assert values.tolist() == [1, 5, 7]
    assert in_baseline.tolist() == [1, 2, 0]
    assert in_window.tolist() == [0, 1, 2]


def test_of_many_records_each_distinct_row_counts_in_proportion(monkeypatch):
    monkeypatch.setattr(column_pair, "MOST_ROWS", 100)

    def counts(*rows):
        values = np.repeat([1.0, 2.0, 3.0], rows)
        return np.unique(pair(values, values[:1]).baseline_values, return_counts=True)[1].tolist()

    assert counts(75, 24, 1) == [75, 24, 1]
    assert counts(75, 25, 1) == [74, 24, 1]  # 7500 and 2500 of 101, and no row is lost
    assert counts(150, 48, 2) == [75, 24, 1]


def test_of_a_sample_that_leaves_rows_out_each_distinct_row_counts_once():
    both = pair(np.repeat(np.arange(6_000.0), 3), [1.0])
    assert not both.baseline_sample.complete
    assert len(both.baseline_values) == len(both.baseline_sample.keys)


def test_a_baseline_has_two_ends_where_it_has_a_value():
    assert pair([3.0, np.nan, -1.0], [9.0]).baseline_ends == (-1, 3)
    assert pair([np.nan, np.nan], [9.0]).baseline_ends is None
