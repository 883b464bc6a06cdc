"""Scores of one column, by hand: ranks, ranges, shares, and the baseline's own records among the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from driftloop.data.schema import Column
from driftloop.profile.sampling.sample import Sample
from driftloop.sequential.column_features import (
    COMMON,
    FEWEST_OF_A_LEVEL,
    LARGEST_SCORE,
    MOST_LEVELS,
    Feature,
    Scorer,
    build_scorer,
)

NUMERIC = Column("x")
CATEGORICAL = Column("g", "categorical")
NAN = np.nan


def sample_of(
    values: npt.ArrayLike, levels: tuple[str, ...] = (), weights: list[int] | None = None, before: int = 0
) -> Sample:
    """One column of values, behind `before` others that hold nothing."""
    column = np.asarray(values, dtype=float)
    rows = len(column)
    matrix = np.column_stack([*[np.full(rows, NAN)] * before, column])
    counts = np.array(weights if weights is not None else [1] * rows)
    return Sample(np.arange(rows, dtype=np.uint64), matrix, counts, (*[()] * before, levels), True)


def categories(counts: dict[str, int], missing: int = 0) -> Sample:
    """So many records of each category, then some without one."""
    names = tuple(sorted(counts))
    codes = [float(index) for index, name in enumerate(names) for _ in range(counts[name])]
    return sample_of(codes + [NAN] * missing, names)


def scorer(sample: Sample, column: Column, column_index: int = 0) -> Scorer:
    return build_scorer(column_index, column, sample)


def test_a_new_value_has_its_mid_rank_among_the_baselines() -> None:
    """Baseline 10, 20, 20, 30; half a record is added below and above, so that no rank is 0 or 1: (below + ties / 2 +
    1/2) / 5."""
    found, products = scorer(sample_of([10, 20, 20, 30]), NUMERIC).score(sample_of([5, 10, 15, 20, 25, 30, 35]))
    ranks = np.array([0.5, 1.0, 1.5, 2.5, 3.5, 4.0, 4.5]) / 5
    np.testing.assert_allclose(found[:, 0], stats.norm.ppf(ranks))
    np.testing.assert_allclose(found[:, 1], stats.norm.ppf(ranks) ** 2)
    assert found[:, 4].tolist() == [1, 0, 0, 0, 0, 0, 1], "out of range"
    assert found[:, 5].tolist() == [0] * 7, "missing"
    np.testing.assert_allclose(products[:, 0], found[:, 0])


def test_weights_are_records() -> None:
    weighted = scorer(sample_of([10, 20, 30], weights=[1, 2, 1]), NUMERIC)
    np.testing.assert_array_equal(weighted.table, scorer(sample_of([10, 20, 20, 30]), NUMERIC).table)


def test_shape_scores_are_the_legendre_polynomials_of_degree_three_and_four() -> None:
    """Orthonormal where the rank is uniform: sqrt(2 k + 1) P_k(2 u - 1)."""
    found, _ = scorer(sample_of(np.arange(1, 100)), NUMERIC).score(sample_of([10, 50, 80]))
    u = np.array([10, 50, 80]) / 100
    for column, degree in ((2, 3), (3, 4)):
        legendre = np.polynomial.legendre.Legendre.basis(degree)(2 * u - 1) * np.sqrt(2 * degree + 1)
        np.testing.assert_allclose(found[:, column], legendre, atol=1e-12)


def test_a_baseline_record_is_ranked_among_all_and_out_of_range_where_it_is_the_only_one_at_an_end() -> None:
    baseline = sample_of([10, 20, 20, 30, NAN])
    found, _ = scorer(baseline, NUMERIC).score_reference(baseline)
    np.testing.assert_allclose(found[:4, 0], stats.norm.ppf(np.array([0.5, 2, 2, 3.5]) / 4))
    assert found[:4, 4].tolist() == [1, 0, 0, 1]
    assert np.isnan(found[4, :5]).all()
    assert found[:, 5].tolist() == [0, 0, 0, 0, 1]
    tied = sample_of([10, 10, 20, 30, 30])
    assert scorer(tied, NUMERIC).score_reference(tied)[0][:, 4].tolist() == [0] * 5, "another record is there too"
    weighted = sample_of([10, 20, 30], weights=[2, 1, 1])
    assert scorer(weighted, NUMERIC).score_reference(weighted)[0][:, 4].tolist() == [0, 0, 1]


def test_infinities_and_missing_values_are_no_values() -> None:
    found, products = scorer(sample_of([1, 2, 3, np.inf]), NUMERIC).score(sample_of([NAN, np.inf, -np.inf, 2]))
    assert np.isnan(found[:3, :5]).all()
    assert found[:, 5].tolist() == [1, 1, 1, 0]
    assert np.isnan(products[:3]).all()


def test_scores_in_products_are_cut_off() -> None:
    found, products = scorer(sample_of(np.arange(1000)), NUMERIC).score(sample_of([-1, 500, 2000]))
    assert found[0, 0] < -LARGEST_SCORE
    assert products[[0, 2], 0].tolist() == [-LARGEST_SCORE, LARGEST_SCORE]
    assert 2 * stats.norm.sf(LARGEST_SCORE) == pytest.approx(0.0124, abs=1e-4)


def test_an_empty_column_scores_nothing() -> None:
    empty = sample_of([NAN, NAN])
    nothing = scorer(empty, NUMERIC)
    assert nothing.score_reference(empty)[0][:, 5].tolist() == [1, 1]
    found, _ = nothing.score(sample_of([3.0]))
    assert (found[0, 4], found[0, 5]) == (1, 0), "any value is out of the range of none"


def test_an_empty_column_of_categories_is_missing_throughout_and_any_value_is_unseen() -> None:
    empty = sample_of([NAN, NAN])
    nothing = scorer(empty, CATEGORICAL)
    np.testing.assert_array_equal(nothing.score_reference(empty)[0], [[NAN, NAN, 1]] * 2)
    np.testing.assert_array_equal(nothing.score(sample_of([0, NAN], ("new",)))[0], [[1, 1, 0], [NAN, NAN, 1]])


def test_a_column_is_read_at_its_own_index() -> None:
    baseline, window = sample_of([10, 20, 30], before=2), sample_of([20], before=2)
    shifted, usual = scorer(baseline, NUMERIC, 2), scorer(sample_of([10, 20, 30]), NUMERIC)
    np.testing.assert_array_equal(shifted.score(window)[0], usual.score(sample_of([20]))[0])
    of_baseline = usual.score_reference(sample_of([10, 20, 30]))[0]
    np.testing.assert_array_equal(shifted.score_reference(baseline)[0], of_baseline)


def test_the_commonest_categories_have_a_share_and_rare_ones_none() -> None:
    counts = {"a": 7, "b": 50, "c": FEWEST_OF_A_LEVEL, "d": FEWEST_OF_A_LEVEL - 1, "e": 1}
    found = scorer(categories(counts), CATEGORICAL)
    assert found.kept == ("b", "a", "c"), "by count"
    assert found.levels_without_share == 2
    assert scorer(categories({"z": 9, "y": 9, "x": 9}), CATEGORICAL).kept == ("x", "y", "z"), "then by name"
    assert (MOST_LEVELS, FEWEST_OF_A_LEVEL) == (20, 6)
    many = scorer(categories({f"l{number:02}": 10 for number in range(MOST_LEVELS + 3)}), CATEGORICAL)
    assert (len(many.kept), many.levels_without_share) == (MOST_LEVELS, 3)


def test_of_two_categories_one_share_says_it_all() -> None:
    found = scorer(categories({"no": 30, "yes": 70}), CATEGORICAL)
    assert (found.kept, found.levels_without_share) == (("yes",), 0)
    rare = scorer(categories({"no": 3, "yes": 70}), CATEGORICAL)
    assert (rare.kept, rare.levels_without_share) == (("yes",), 0), "the rare one is the other share"
    three = scorer(categories({"no": 30, "yes": 70, "maybe": 2}), CATEGORICAL)
    assert (three.kept, three.levels_without_share) == (("yes", "no"), 1)


def test_new_records_of_categories_are_shares_rare_unseen_and_missing() -> None:
    baseline = categories({"a": 20, "b": FEWEST_OF_A_LEVEL, "c": FEWEST_OF_A_LEVEL - 1})
    window = sample_of([0, 1, 2, 3, NAN], ("a", "b", "c", "new"))
    found, _ = scorer(baseline, CATEGORICAL).score(window)
    names = [feature.name for feature in scorer(baseline, CATEGORICAL).features()]
    assert names == ["g=a share", "g=b share", "g rare values", "g unseen values", "g missing"]
    np.testing.assert_array_equal(
        found,
        [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 1, 1, 0], [NAN, NAN, NAN, NAN, 1]],
    )


def test_baseline_records_of_categories_are_counted_among_the_others() -> None:
    """Six of b, each among five others: rare. One of d, among none: unseen. Their own shares count all the same."""
    baseline = categories({"a": 20, "b": FEWEST_OF_A_LEVEL, "d": 1}, missing=1)
    found, _ = scorer(baseline, CATEGORICAL).score_reference(baseline)
    assert np.nansum(found, axis=0).tolist() == [20, 6, 7, 1, 1]
    assert np.isnan(found[-1, :4]).all()


def test_at_most_two_common_categories_join_products_standardised() -> None:
    baseline = categories({"a": 40, "b": 30, "c": 20, "d": 10})
    found = scorer(baseline, CATEGORICAL)
    _, products = found.score(sample_of([0, 1, 2], ("a", "b", "c")))
    assert products.shape == (3, 2)
    share = np.array([0.4, 0.3])
    np.testing.assert_allclose(products, (np.array([[1, 0], [0, 1], [0, 0]]) - share) / np.sqrt(share * (1 - share)))


@pytest.mark.parametrize(
    ("counts", "joins"),
    [
        ({"a": 90, "b": 10}, 1),
        ({"a": 91, "b": 9}, 0),
        ({"a": 90, "b": 5, "c": 5}, 1),
        ({"a": 92, "b": 4, "c": 4}, 0),
        ({"a": 80, "b": 10, "c": 10}, 2),
    ],
)
def test_only_shares_from_a_tenth_to_nine_tenths_are_common(counts: dict[str, int], joins: int) -> None:
    assert COMMON == (0.1, 0.9)
    _, products = scorer(categories(counts), CATEGORICAL).score(sample_of([0], ("a",)))
    assert products.shape == (1, joins)


def test_features_are_named_by_column_and_kind() -> None:
    found = scorer(sample_of([1, 2, 3]), NUMERIC).features()
    assert [(feature.name, feature.kind, feature.binary) for feature in found] == [
        ("x location", "location", False),
        ("x scale", "scale", False),
        ("x shape", "shape", False),
        ("x shape", "shape", False),
        ("x out of range", "range", True),
        ("x missing", "missing", True),
    ]
    assert scorer(categories({"a": 9}), CATEGORICAL).features() == [
        Feature("g=a share", ("g",), "share", binary=True),
        Feature("g rare values", ("g",), "share", binary=True),
        Feature("g unseen values", ("g",), "range", binary=True),
        Feature("g missing", ("g",), "missing", binary=True),
    ]
