"""The statistics of the search by hand, its p, and what a rule gains and loses afterwards."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column
from driftloop.subgroups.conditions import Condition, build_conditions, short_limit
from driftloop.subgroups.search import LEAST_ON_A_SIDE, _statistics, search
from driftloop.two_sample.score_matrix import PooledRecords


def test_the_share_statistic_is_the_hypergeometric_z() -> None:
    met = np.array([1] * 6 + [0] * 4, np.float32)[:, None]
    labels = np.array([[1, 1, 1, 1, 1, 0, 0, 0, 0, 0]], np.float32)
    (_, z), *_ = _statistics(met, labels, np.zeros((10, 0)), np.zeros((1, 1), bool))
    # 5 of the 6 are the window's, of 5 of 10: expected 3, variance 5 * 5 / 9 * 0.6 * 0.4 = 2 / 3.
    assert z[0, 0] == pytest.approx(2 / np.sqrt(2 / 3))


def test_the_content_statistic_is_the_difference_of_means_in_standard_errors() -> None:
    rng = np.random.default_rng(1)
    score, side = rng.normal(size=60), np.repeat([1.0, 0.0], [25, 35])
    met = np.ones((60, 1), np.float32)
    statistics = dict(_statistics(met, side[None, :].astype(np.float32), score[:, None], np.zeros((1, 1), bool)))
    expected = (score[:25].mean() - score[25:].mean()) / (score.std(ddof=1) * np.sqrt(1 / 25 + 1 / 35))
    assert statistics[0][0, 0] == pytest.approx(abs(expected), rel=1e-5)
    assert statistics[None][0, 0] == 0.0  # the share of all records never changes


@pytest.mark.parametrize(("on_a_side", "is_compared"), [(LEAST_ON_A_SIDE, True), (LEAST_ON_A_SIDE - 1, False)])
def test_content_needs_records_on_both_sides(on_a_side: int, is_compared: bool) -> None:
    side = np.repeat([1.0, 0.0], [on_a_side, 30])
    score = side + np.random.default_rng(1).normal(size=len(side)) / 10
    statistics = dict(
        _statistics(
            np.ones((len(side), 1), np.float32),
            side[None, :].astype(np.float32),
            score[:, None],
            np.zeros((1, 1), bool),
        )
    )
    assert (statistics[0][0, 0] > 3) == is_compared


def test_the_column_that_a_rule_is_about_is_no_content_of_it() -> None:
    side = np.repeat([1.0, 0.0], [30, 30])
    about = np.array([[True]])
    statistics = dict(
        _statistics(np.ones((60, 1), np.float32), side[None, :].astype(np.float32), side[:, None] - 0.5, about)
    )
    assert statistics[0][0, 0] == 0.0


def test_p_counts_the_real_sides_among_the_permutations() -> None:
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(0, 1, 200), rng.normal(5, 1, 200)])[:, None]
    pooled = PooledRecords(values, ((),), np.repeat([False, True], 200))
    columns = Baseline.build(pa.table({"x": values[:, 0]})).schema.features
    finding = search(pooled, columns, values - values.mean(), seed=1, times=99)
    assert finding is not None
    assert finding.p == pytest.approx(0.01)  # 1 of 100: no permutation reaches it


def test_limits_are_short_and_part_the_records_as_the_long_ones_do() -> None:
    values = np.random.default_rng(3).normal(100, 15, 2_000)
    for q in (0.1, 0.5, 0.9):
        limit = float(np.quantile(values, q))
        short = short_limit(values, limit)
        assert len(f"{short:g}") <= 5
        assert np.mean(values >= short) == pytest.approx(1 - q, abs=0.006)


def test_conditions_hold_for_whom_they_say() -> None:
    values = np.array([[1.0], [5.0], [np.nan]])
    for condition, met in (
        (Condition(0, "x", limit=5.0), [False, True, False]),
        (Condition(0, "x", limit=5.0, at_least=False), [True, False, False]),
        (Condition(0, "x", level=1.0, level_name="1"), [True, False, False]),
        (Condition(0, "x"), [False, False, True]),
    ):
        assert condition.met(values).tolist() == met, condition.text
    assert [Condition(0, "x", limit=5.0).text, Condition(0, "x").text] == ["x >= 5", "x is missing"]


def test_few_numbers_are_categories_and_what_all_share_is_no_condition() -> None:
    rng = np.random.default_rng(4)
    values = np.column_stack([rng.integers(1, 4, 300).astype(float), np.full(300, 2.0)])
    pooled = PooledRecords(values, ((), ()), np.repeat([False, True], 150))
    texts = [condition.text for condition in build_conditions(pooled, (Column("grade"), Column("same")))]
    assert texts == ["grade = 1", "grade = 2", "grade = 3"]
