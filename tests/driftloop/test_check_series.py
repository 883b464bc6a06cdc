"""One window after the other: what waits, and what the evidence is after each."""

from __future__ import annotations

import numpy as np

from driftloop import Baseline, Policy, Window
from driftloop.check_series import Series, check_next
from tests.driftloop.populations import SCHEMA, draw, fresh


def baseline() -> Baseline:
    return Baseline(draw(350, np.random.default_rng(7)), SCHEMA)


def window(rows: int, seed: int, **changes: object) -> Window:
    return Window(fresh(rows, seed).assign(**changes), SCHEMA)


def test_windows_wait_until_they_are_enough_together() -> None:
    first, series = check_next(Series(), baseline(), window(8, 1), Policy())
    second, series = check_next(series, baseline(), window(8, 2), Policy())
    assert [first.verdict.value, second.verdict.value] == ["insufficient"] * 2
    assert (first.rows, second.rows, len(series.waiting)) == (8, 16, 2)
    third, series = check_next(series, baseline(), window(8, 3), Policy())
    assert (third.verdict.value, third.rows, series.waiting) == ("stable", 24, ())
    assert series.evidence.checks == 1


def test_of_windows_that_are_broken_together_those_that_are_whole_wait_on() -> None:
    _, series = check_next(Series(), baseline(), window(15, 1), Policy())
    whole = series.waiting[0]
    result, series = check_next(series, baseline(), window(40, 2, pressure=np.nan), Policy())
    assert result.verdict.value == "incident"
    assert series.waiting == (whole,)
    assert series.evidence.checks == 0


def test_where_no_window_is_broken_by_itself_none_waits_on() -> None:
    """Else the same incident would come back for ever."""
    _, series = check_next(Series(), baseline(), window(15, 1, pressure=np.nan), Policy())
    result, series = check_next(series, baseline(), window(15, 2, pressure=np.nan), Policy())
    assert (result.verdict.value, result.rows, series.waiting) == ("incident", 30, ())


def test_one_broken_window_does_not_wait() -> None:
    result, series = check_next(Series(), baseline(), window(40, 2, pressure=np.nan), Policy())
    assert (result.verdict.value, series) == ("incident", Series())
