"""Two columns that hold each other's values in a part of the rows."""

import numpy as np
import pandas as pd
import pytest

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality.chance import all_in_window_p
from driftloop.data_quality.column_pair import pair_columns
from driftloop.data_quality.exchanged_columns import PART, find_exchanged_columns


def places(rows, seed):
    """Of the baseline (seed 0) from end to end, so that only exchanged columns reach beyond it."""
    rng = np.random.default_rng(seed)
    ends = [0.0, 1.0] if seed == 0 else [0.5, 0.5]

    def uniform(low):
        return low + np.concatenate([ends, rng.uniform(0.001, 0.999, rows - 2)])

    return pd.DataFrame({"lat": uniform(52.0), "lon": uniform(13.0), "x": uniform(0.0)})


def of_places(window, baseline=None):
    schema = Schema((Column("lat"), Column("lon"), Column("x")))
    baseline = places(350, 0) if baseline is None else baseline
    return list(find_exchanged_columns(pair_columns(Baseline.build(baseline, schema), Window.build(window, schema))))


def swapped(window, rows):
    return pd.concat([window[:rows].rename(columns={"lat": "lon", "lon": "lat"}), window[rows:]])


@pytest.mark.parametrize(("rows", "found"), [(2, 0), (3, 2), (30, 2)])
def test_two_columns_exchanged_in_a_part_of_the_rows(rows, found):
    signs = of_places(swapped(places(120, 1), rows))
    assert len(signs) == found
    if found:
        assert [sign.column for sign in signs] == ["lat", "lon"]
        assert (
            signs[0].text
            == f"holds the values of lon in {rows / 120:.0%} of rows, and the other way round: exchanged there?"
        )
        assert signs[0].p == pytest.approx(min(1.0, 4 * all_in_window_p(rows, 120, 350)))


def test_a_fiftieth_of_the_rows_is_asked_for():
    assert PART == 0.02
    assert [len(of_places(swapped(places(300, 1), rows))) for rows in (5, 6)] == [0, 2]


def test_one_column_that_comes_to_lie_where_another_does_is_not_exchanged():
    window = places(120, 1)
    window.loc[:29, "lat"] = window.loc[:29, "lon"]
    assert of_places(window) == []


def test_columns_whose_ranges_overlap_are_not_told_apart():
    """Both values of an exchanged row must lie beyond their own baseline."""
    rng = np.random.default_rng(2)
    baseline, window = (
        pd.DataFrame({"lat": rng.normal(120, 15, n), "lon": rng.normal(110, 15, n), "x": 0.0}) for n in (350, 120)
    )
    assert of_places(swapped(window, 30), baseline) == []


def test_each_pair_of_columns_that_reach_out_is_counted():
    window = swapped(places(120, 1), 8)
    window.iloc[-1, 2] = 99.0
    assert of_places(window)[0].p == pytest.approx(4 * 3 * all_in_window_p(8, 120, 350))


def test_rows_that_are_not_distributed_as_the_other_column_are_another_group():
    """All of them at one end of the other column's range: people who came new, not columns that were exchanged."""
    window = places(120, 1)
    window.loc[:29, "lat"], window.loc[:29, "lon"] = 13.01 + window.index[:30] / 1e4, 52.5
    assert of_places(window) == []


def test_a_p_is_no_more_than_one():
    """Four rows of 120 beside a baseline of 30: all of them are the window's with 0.4, on one of four sides."""
    signs = of_places(swapped(places(120, 1), 4), places(30, 0))
    assert [sign.p for sign in signs] == [1.0, 1.0]


def test_the_ends_of_a_columns_range_are_within_it():
    """Three rows: at the lower ends, in the middle, at the upper ends. Two would be slips of a hand."""
    window = places(120, 1)
    window.loc[:2, "lat"], window.loc[:2, "lon"] = [13.0, 13.5, 14.0], [52.0, 52.5, 53.0]
    assert [sign.column for sign in of_places(window)] == ["lat", "lon"]


def test_of_a_window_that_is_too_large_to_keep_each_sampled_row_counts_once():
    window = swapped(places(12_000, 1), 3_000)
    assert not Window.build(window, Schema((Column("lat"), Column("lon"), Column("x")))).profile.sample.complete
    signs = of_places(window)
    assert [sign.column for sign in signs] == ["lat", "lon"]
    (share,) = {int(sign.text.split(" in ")[1].split("%")[0]) for sign in signs}
    assert 22 <= share <= 28  # of some 1,500 rows: six standard deviations
