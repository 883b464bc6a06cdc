"""The statistics of the search by hand, its p, and what a rule gains and loses afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from driftloop import Column
from driftloop.subgroups.beam import CONTENT, GROWN, Kind, Largest
from driftloop.subgroups.candidates import LEAST_ON_A_SIDE, PRIOR_RECORDS, content_z, share_z
from driftloop.subgroups.conditions import Condition, build_conditions, short_limit
from driftloop.subgroups.search import NamedRule, _aligned, search
from driftloop.two_sample.score_matrix import PooledRecords


def test_the_share_statistic_is_the_hypergeometric_z() -> None:
    # 5 of the 6 are the window's, of 5 of 10: expected 3, variance 5 * 5 / 9 * 0.6 * 0.4 = 2 / 3.
    z = share_z(10, 5.0, np.array([6.0, 6.0, 10.0]), np.array([5.0, 1.0, 5.0]))
    np.testing.assert_allclose(z, [2 / np.sqrt(2 / 3), -2 / np.sqrt(2 / 3), 0.0], rtol=1e-6)  # all records never change


def content_of(score: np.ndarray, side: np.ndarray) -> float:
    sums = [np.array([each.sum()]) for each in (np.ones(len(side)), side, score, score * side, score**2)]
    return float(content_z(*sums)[0])


def test_the_content_statistic_is_the_difference_of_means_in_standard_errors() -> None:
    score, side = np.random.default_rng(1).normal(size=60), np.repeat([1.0, 0.0], [25, 35])
    within = 25 * score[:25].var() + 35 * score[25:].var()
    variance = (within + PRIOR_RECORDS) / (58 + PRIOR_RECORDS)
    expected = (score[:25].mean() - score[25:].mean()) / np.sqrt(variance * (1 / 25 + 1 / 35))
    assert content_of(score, side) == pytest.approx(abs(expected), rel=1e-5)


@pytest.mark.parametrize(("on_a_side", "is_compared"), [(LEAST_ON_A_SIDE, True), (LEAST_ON_A_SIDE - 1, False)])
def test_content_needs_records_on_both_sides(on_a_side: int, is_compared: bool) -> None:
    side = np.repeat([1.0, 0.0], [on_a_side, 30])
    score = side + np.random.default_rng(1).normal(size=len(side)) / 10
    assert (content_of(score, side) > 2) == (content_of(score, 1 - side) > 2) == is_compared


def named(pooled: PooledRecords, names: str = "xyz", times: int = 99) -> NamedRule:
    finding = search(pooled, tuple(Column(name) for name in names), seed=1, times=times)
    assert finding is not None
    return finding


def test_the_column_that_a_rule_is_about_is_no_content_of_it() -> None:
    rng = np.random.default_rng(8)
    sides = np.repeat([False, True], 300)
    finding = named(PooledRecords((rng.random(600) + 0.4 * sides)[:, None], ((),), sides), "x")
    assert finding.content is None or finding.rule == ()


def test_one_condition_is_named_where_one_tells_all() -> None:
    rng = np.random.default_rng(9)
    values, sides = rng.random((1_000, 3)), np.repeat([False, True], 500)
    values[500:600, 0] = 0.8 + 0.2 * values[500:600, 0]
    finding = named(PooledRecords(values, ((),) * 3, sides))
    assert [condition.column for condition in finding.rule] == ["x"]
    assert finding.rule[0].limit == pytest.approx(0.8, abs=0.03)


def test_a_group_that_is_gone_is_named() -> None:
    """No rule names the others together, so the share that shrank is told."""
    rng = np.random.default_rng(10)
    levels = tuple("abcde")
    codes = np.concatenate([rng.integers(0, 5, 500), rng.integers(1, 5, 500)]).astype(float)
    pooled = PooledRecords(codes[:, None], (levels,), np.repeat([False, True], 500))
    finding = search(pooled, (Column("ward", "categorical"),), seed=1, times=99)
    assert finding is not None
    assert [condition.text for condition in finding.rule] == ["ward = a"]


def test_kinds_are_alike_after_their_quantile_is_taken_away() -> None:
    """One kind's statistics are larger by nature: its row 0 is ordinary, the other's is not."""
    rng = np.random.default_rng(11)
    large, small = rng.normal(6, 0.3, 200).astype(np.float32), rng.normal(3, 0.3, 200).astype(np.float32)
    large[0], small[0] = 6.0, 4.5
    kinds = {Kind(CONTENT, 3): Largest(large), Kind(GROWN, 1): Largest(small)}
    expected, p = _aligned(kinds)
    assert p <= 0.02
    assert expected[Kind(CONTENT, 3)] == pytest.approx(np.quantile(large.astype(float) ** 2, 0.95))
    small[0] = 3.0
    assert _aligned(kinds)[1] > 0.1


def test_p_counts_the_real_sides_among_the_permutations() -> None:
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(0, 1, 200), rng.normal(5, 1, 200)])[:, None]
    pooled = PooledRecords(values, ((),), np.repeat([False, True], 200))
    assert named(pooled, "x").p == pytest.approx(0.01)  # 1 of 100: no permutation reaches it


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
