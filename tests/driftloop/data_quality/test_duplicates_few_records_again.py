"""Few different records, or steps of one column, again and again: copies, or a population that has come to them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from driftloop import Column, Schema, Window
from driftloop.data_quality.duplicates import FINE, FINE_COLUMNS, coincidence_p
from tests.driftloop.data_quality.feeds import measured, repetitions


@pytest.mark.parametrize("kinds", [1, 2, 3, 4, 5])
def test_few_records_again_and_again_are_copies_where_records_hardly_agree(kinds):
    (sign,) = repetitions(measured(350, 0), pd.concat([measured(kinds, 1)] * 40))
    assert sign.text.startswith(f"{(40 * kinds - kinds) / (40 * kinds):.0%} of the records are repetitions")
    assert (sign.p < 1e-6) is (kinds > 1)  # one record in all rows is a stuck sensor in each of its columns


@pytest.mark.parametrize(("decimals", "copies"), [(2, True), (0, False)])
def test_few_records_of_a_coarse_table_may_be_kinds_of_things(decimals, copies):
    """Rounded to whole numbers two baseline records agree in a column with 0.28: three kinds of things may be sold."""
    sign, *_ = repetitions(measured(350, 0).round(decimals), pd.concat([measured(3, 1).round(decimals)] * 40))
    assert (sign.p < 1e-6) is copies


def test_one_fine_column_alone_may_have_come_to_a_few_steps():
    """Of the other column two baseline records agree with 0.28, more than the stated 1/40."""
    baseline, window = (measured(rows, seed).round({"b": 0}) for rows, seed in ((350, 0), (3, 1)))
    (sign,) = repetitions(baseline, pd.concat([window] * 40))
    assert (FINE, FINE_COLUMNS) == (1 / 40, 2)
    assert sign.p > 0.5


def test_one_column_that_is_rounded_more_than_before_was_not_delivered_twice():
    """A real move of one column to whole numbers: each step comes often, and so do its neighbours."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        baseline = pd.DataFrame({"a": rng.normal(50, 9, 400).round(2)})
        window = pd.DataFrame({"a": rng.normal(60, 9, 120).round()})
        assert [sign.p < 1e-3 for sign in repetitions(baseline, window, "a")] == [False]


def test_one_column_delivered_twice():
    rng = np.random.default_rng(3)
    baseline, window = (pd.DataFrame({"a": rng.normal(50, 9, rows).round(3)}) for rows in (400, 60))
    (sign,) = repetitions(baseline, pd.concat([window, window]), "a")
    assert sign.p < 1e-6


def test_neighbouring_steps_tell_how_often_one_column_agrees():
    """10 records on each of 1, 2, 3 and 9 on 5: 200 pairs lie one step apart, so 100 are expected to agree."""
    schema = Schema((Column("a"), Column("b")))
    rows = pd.DataFrame({"a": [1.0] * 10 + [2.0] * 10 + [3.0] * 10 + [5.0] * 9, "b": 0.0})
    window = Window.build(rows, schema).profile.sample
    assert coincidence_p(90, window, window) == pytest.approx(stats.poisson.sf(89, 100.0))
