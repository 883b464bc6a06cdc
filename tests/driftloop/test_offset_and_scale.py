"""A constant added to a column, or a unit that it is multiplied by, changes no verdict, statistic or p."""

from math import sqrt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driftloop import Baseline, Column, Policy, Schema, Verdict, Window, check
from driftloop.profile.summary import mean_shift, summarise

SCHEMA = Schema((Column("x"), Column("y")))
STEP = 8  # values are whole eighths, so that every offset below 2^53 eighths is added without rounding
ALMOST_ALL = 2**52


def drawn(rows, shift, seed):
    """Whole numbers of eighths with a standard deviation of 8, and another column that depends on them."""
    rng = np.random.default_rng(seed)
    x = np.round(STEP * rng.normal(shift, 8, rows)).astype(np.int64)
    return x, np.round(x / STEP + rng.normal(0, 8, rows), 1)


def compared(offset, exponent, shift, rows=(300, 100)):
    """The check of x moved by `offset` eighths and then times 2^exponent."""
    both = []
    for seed, (count, moved) in enumerate(zip(rows, (0.0, shift), strict=True)):
        x, y = drawn(count, moved, seed)
        both.append(pa.table({"x": np.ldexp((x + offset).astype(float), exponent - 3), "y": y}))
    result = check(Baseline.build(both[0], SCHEMA), Window.build(both[1], SCHEMA), Policy(permutations=499))
    return result, result.features[0]


@settings(max_examples=15)
@given(st.integers(-ALMOST_ALL, ALMOST_ALL), st.integers(-40, 50))
@example(10**8 * 8 * STEP, 0)
@example(int(1.8e12) * STEP, 0)
@example(5 * 10**14 * STEP, 0)
@example(ALMOST_ALL, -40)
@example(-ALMOST_ALL, 50)
def test_neither_changes_what_is_found_of_a_shift(offset, exponent):
    plain, expected = compared(0, 0, 6.0)
    moved, row = compared(offset, exponent, 6.0)
    assert plain.verdict is moved.verdict is Verdict.DRIFT
    assert row.statistic == pytest.approx(expected.statistic, rel=1e-6)
    assert row.p_value == expected.p_value == plain.p_value  # the smallest that so many permutations can give
    assert row.effect == pytest.approx(expected.effect * 2.0**exponent, rel=1e-13)


@settings(max_examples=15)
@given(st.integers(-ALMOST_ALL, ALMOST_ALL), st.integers(-40, 50))
def test_neither_finds_a_change_where_there_is_none(offset, exponent):
    plain, expected = compared(0, 0, 0.0)
    moved, row = compared(offset, exponent, 0.0)
    assert plain.verdict is moved.verdict is Verdict.STABLE
    assert row.statistic == pytest.approx(expected.statistic, rel=1e-6)
    # Other bytes draw other permutations: two estimates of one p, each from 499 of them.
    assert moved.p_value == pytest.approx(plain.p_value, abs=4 * sqrt(2 * 0.25 / 499))
    assert row.effect == pytest.approx(expected.effect * 2.0**exponent, rel=1e-13)


@pytest.mark.parametrize("exponent", [-40, 0, 40])
@pytest.mark.parametrize("offset", [0.0, 1e8, -1e8, 1e12])
def test_large_tables_keep_statistic_and_effect_wherever_they_lie(offset, exponent):
    rows = (9_000, 7_000)
    x = [
        np.random.default_rng(seed).normal(shift, 1, count)
        for seed, (count, shift) in enumerate(zip(rows, (0, 0.2), strict=True))
    ]
    sides = [pa.table({"x": np.ldexp(offset + values, exponent)}) for values in x]
    schema = Schema((Column("x"),))
    baseline, window = Baseline.build(sides[0], schema), Window.build(sides[1], schema)
    row = check(baseline, window).features[0]
    t = 0.2 / sqrt(1 / 9_000 + 1 / 7_000)
    assert row.statistic == pytest.approx(t, abs=3.0)
    assert row.drift
    summaries = [summarise(side.profile.columns["x"]) for side in (baseline, window)]
    exact = np.ldexp((offset + x[1] - offset).mean() - (offset + x[0] - offset).mean(), exponent)
    assert mean_shift(*summaries) == pytest.approx(exact, rel=1e-9)
    for summary, values in zip(summaries, x, strict=True):
        assert summary.deviation == pytest.approx(np.ldexp(values.std(ddof=1), exponent), rel=1e-3)
