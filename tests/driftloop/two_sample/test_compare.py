"""A window against a baseline: error rates, seeds, minimum effects, and columns that the model does not use."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from driftloop import Baseline, Column, Policy, Schema, Window
from driftloop.two_sample.column_scores import LOCATION, SHARE, Score
from driftloop.two_sample.compare import Comparison, ScoreResult, anything_matters, compare
from driftloop.two_sample.null_distribution import score_means
from driftloop.two_sample.permutation import permuted
from driftloop.two_sample.score_matrix import ScoreMatrix

SCHEMA = Schema((Column("x"), Column("y"), Column("code")))


def frame(rows, seed, shift=0.0, codes=(0.25, 0.25, 0.25, 0.25)):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"x": rng.normal(shift, 1, rows), "y": rng.normal(size=rows), "code": rng.choice(4, rows, p=codes)}
    )


def sides(rows=(300, 100), schema=SCHEMA, **change):
    return Baseline.build(frame(rows[0], 1), schema), Window.build(frame(rows[1], 2, **change), schema)


def result(p, z, *, matters):
    return ScoreResult(Score(LOCATION, (0,)), 0.0, 1.0, z, p, matters)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([result(0.05, 3.0, matters=True)], True),
        ([result(0.05, 3.0, matters=False)], False),
        ([result(0.05, 3.0, matters=False), result(0.06, 2.9, matters=True)], False),
        ([result(0.05, 1.99, matters=True)], False),
        ([result(0.05, -2.0, matters=True)], True),
        # Where nothing stands out alone, any change of two standard errors carries the comparison.
        ([result(0.06, 2.0, matters=True)], True),
        ([result(0.90, -2.0, matters=True)], True),
        ([result(0.06, 1.99, matters=True)], False),
        ([], False),
    ],
)
def test_a_change_that_matters_stands_out_or_nothing_does_and_is_two_standard_errors_large(results, expected):
    assert anything_matters(results, 0.05) is expected


def test_results_of_a_column_come_surest_first():
    pair = ScoreResult(Score("pair", (0, 1)), 0.0, 1.0, 9.0, 0.5, True)
    tied = [result(0.1, 2.0, matters=True), result(0.1, -3.0, matters=True)]
    comparison = Comparison(0.1, 1.0, True, (pair, *tied))
    assert comparison.of_column(0) == (tied[1], tied[0], pair)
    assert comparison.of_column(1) == (pair,)
    assert comparison.of_column(2) == ()


def test_the_same_sides_give_the_same_p_and_the_smallest_is_one_in_the_permutations():
    both = sides(shift=3.0)
    comparison = compare(*both, Policy(permutations=499))
    assert comparison == compare(*both, Policy(permutations=499))
    assert comparison.p == pytest.approx(1 / 500)
    assert comparison.matters
    assert all(r.p >= comparison.p for r in comparison.results)
    assert min(r.p for r in comparison.results) <= 3 / 500


def test_a_small_p_is_refined_and_a_large_one_is_not():
    policy = Policy(permutations=199)
    assert compare(*sides(shift=3.0), policy, refine=True).p == pytest.approx(1 / 10_000, rel=1e-9)
    plain = compare(*sides(), policy)
    assert plain.p > 0.02
    assert compare(*sides(), policy, refine=True).p == plain.p


def test_means_of_scores_have_the_z_that_permutation_gives():
    matrix = np.random.default_rng(3).exponential(size=(50, 2))
    means = matrix.mean(axis=0)
    matrix -= means
    window = np.arange(50) >= 35
    scores = ScoreMatrix(matrix, means, (Score(LOCATION, (0,)), Score(LOCATION, (1,))), np.ones(2, bool))
    found = score_means(scores, window)
    np.testing.assert_allclose([mean.z for mean in found], permuted(matrix, window, 1, 1)[0], rtol=1e-5)
    for index, mean in enumerate(found):
        assert mean.baseline_mean == pytest.approx((matrix[:35, index] + means[index]).mean())
        assert mean.window_mean == pytest.approx((matrix[35:, index] + means[index]).mean())
        assert mean.deviation == pytest.approx(matrix[:, index].std())


def test_excluded_columns_are_in_no_score():
    comparison = compare(*sides(), Policy(permutations=49), excluded={1})
    assert {index for r in comparison.results for index in r.score.column_indexes} == {0, 2}


def test_columns_that_the_model_does_not_use_have_an_error_rate_of_their_own():
    schema = Schema((Column("x", importance=0), Column("y"), Column("code")))
    comparison = compare(*sides(schema=schema, shift=3.0), Policy(permutations=199))
    assert all(r.p >= comparison.p for r in comparison.results if 0 not in r.score.column_indexes)
    assert comparison.of_column(0)[0].p <= 0.01
    assert not any({0} < set(r.score.column_indexes) for r in comparison.results)
    alone = compare(*sides(schema=schema, shift=3.0), Policy(permutations=199), excluded={0})
    assert alone.p == comparison.p


def test_nothing_varies_nothing_is_found():
    schema = Schema((Column("x"),))
    constant = pa.table({"x": [5.0] * 40})
    comparison = compare(Baseline.build(constant, schema), Window.build(constant, schema), Policy())
    assert comparison == Comparison(1.0, 1.0, False, ())


@pytest.mark.parametrize("rows", [(300, 200), (9_000, 6_000)])
def test_codes_that_trade_places_are_found_by_their_shares(rows):
    moved = (0.25, 0.08, 0.42, 0.25) if rows[0] < 1_000 else (0.25, 0.20, 0.30, 0.25)
    comparison = compare(*sides(rows, codes=moved), Policy(permutations=499))
    assert comparison.p <= 0.01
    assert min(r.p for r in comparison.of_column(2) if r.score.kind == SHARE) <= 0.01
    shares = {r.score.level: r.window_mean - r.baseline_mean for r in comparison.results if r.score.kind == SHARE}
    assert shares["2"] == pytest.approx(moved[2] - 0.25, abs=0.06)
    assert shares["1"] == pytest.approx(moved[1] - 0.25, abs=0.06)


@pytest.mark.parametrize("rows", [(1_400, 1_400), (1_700, 1_500), (6_000, 3_000)])
def test_on_both_sides_of_the_samples_limits_a_location_is_van_der_waerdens_of_all_rows(rows):
    comparison = compare(*sides(rows, shift=0.1), Policy(permutations=49))
    both = [frame(count, seed, shift) for count, seed, shift in ((rows[0], 1, 0.0), (rows[1], 2, 0.1))]
    z = stats.norm.ppf((stats.rankdata(pd.concat(both)["x"]) - 0.5) / sum(rows))
    n, m = sum(rows), rows[1]
    expected = z[rows[0] :].sum() / np.sqrt(m * (n - m) / (n * (n - 1)) * (z**2).sum())
    found = next(r.z for r in comparison.of_column(0) if r.score.kind == LOCATION)
    # Of large tables values share the ranks of a thousand bins.
    assert found == pytest.approx(expected, abs=0.02)


def test_records_that_fit_are_all_compared_however_often_they_repeat():
    schema = Schema((Column("x"),))
    rng = np.random.default_rng(4)
    both = [np.round(rng.normal(shift, 1, rows), 1) for shift, rows in ((0.0, 3_300), (0.1, 600))]
    baseline, window = Baseline.build(pa.table({"x": both[0]}), schema), Window.build(pa.table({"x": both[1]}), schema)
    comparison = compare(baseline, window, Policy(permutations=49))
    z = stats.norm.ppf((stats.rankdata(np.concatenate(both)) - 0.5) / 3_900)
    z -= z.mean()
    expected = z[3_300:].sum() / np.sqrt(600 * 3_300 / (3_900 * 3_899) * (z**2).sum())
    # Thinned to 2,000 records of the baseline it would differ by about a third of a standard error.
    assert next(r.z for r in comparison.results if r.score.kind == LOCATION) == pytest.approx(expected, abs=1e-3)
