"""A window against a baseline: error rates, seeds, minimum effects, and columns that the model does not use."""

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Policy, Schema, Window
from driftloop.two_sample.column_scores import LOCATION, SHARE, Score
from driftloop.two_sample.compare import (
    RECORDS,
    Comparison,
    ScoreResult,
    anything_matters,
    compare,
    compare_records,
)
from driftloop.two_sample.score_matrix import PooledRecords, pool_samples
from tests.driftloop.two_sample.tables import (
    BY_BOTH,
    BY_SEASON,
    SCHEMA,
    frame,
    of_seasons,
    pooled_of,
    sides,
)


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


def test_a_p_of_two_in_a_hundred_is_refined():
    """Of 49 permutations none reaches a shift of three: p is 1/50, and one in ten thousand then."""
    found = compare(*sides(shift=3.0), Policy(permutations=49), refine=True)
    assert (found.p, found.permutations) == (pytest.approx(1e-4), 9_999)


def test_no_change_alone_is_surer_than_everything_together_and_most_are_less_sure():
    for seed in range(3):
        both = (Baseline.build(frame(80, seed), SCHEMA), Window.build(frame(40, seed + 50), SCHEMA))
        comparison = compare(*both, Policy(permutations=99))
        assert min(r.p for r in comparison.results) >= comparison.p
        assert max(r.p for r in comparison.results) > comparison.p
        assert comparison.omnibus_p > comparison.p


def test_of_one_column_there_is_no_omnibus_p():
    assert compare(*sides(), Policy(permutations=49), excluded={1, 2}).omnibus_p == 1.0


def test_a_comparison_says_how_many_permutations_were_drawn_of_what():
    found = compare(*sides(), Policy(permutations=49))
    assert (found.permutations, found.exact, found.relabelled) == (49, True, RECORDS)
    constant = Schema((Column("x"),))
    large = pa.table({"x": [5.0] * 9_000})
    nothing = compare(Baseline.build(large, constant), Window.build(large, constant), Policy(permutations=49))
    assert (nothing.permutations, nothing.exact, nothing.results) == (0, True, ())


def test_records_at_hand_are_compared_as_a_baseline_and_a_window_are():
    policy = Policy(permutations=49)
    for schema in (BY_SEASON, BY_BOTH, BY_BOTH.with_season(""), SCHEMA):
        both = of_seasons(schema) if schema is not SCHEMA else sides((60, 30))
        indexes = range(len(schema.features))
        found = compare_records(pooled_of(both), schema.features, indexes, policy, times=49, seed=3)
        known = compare(*both, policy)
        assert (found.permutations, found.relabelled) == (49, known.relabelled)
        assert [(r.score, r.z, r.window_mean) for r in found.results] == [
            (r.score, pytest.approx(r.z, abs=1e-4), r.window_mean) for r in known.results
        ]


@pytest.mark.parametrize("window", [[True] * 6, [False] * 6])
def test_records_of_one_side_alone_are_no_comparison(window):
    pooled = PooledRecords(np.arange(6.0)[:, None], ((),), np.array(window))
    found = compare_records(pooled, [Column("x")], [0], Policy(), times=9, seed=1)
    assert found == Comparison(1.0, 1.0, False, ())


def test_records_that_do_not_vary_are_no_comparison():
    pooled = PooledRecords(np.ones((6, 1)), ((),), np.arange(6) > 3)
    found = compare_records(pooled, [Column("x")], [0], Policy(), times=9, seed=1)
    assert found == Comparison(1.0, 1.0, False, ())


def of_wards(count, shift, seed=1):
    """A baseline and a window of the same wards, which have an effect for good."""
    rng = np.random.default_rng(seed)
    effects, sides_of_wards = rng.normal(0, 1.5, count), []
    for kind, records in ((Baseline, 20), (Window, 20)):
        wards = np.repeat(np.arange(count), records)
        x = rng.normal(size=len(wards)) + effects[wards] + shift * (kind is Window)
        table = pa.table({"x": x, "ward": [f"w{ward}" for ward in wards]})
        sides_of_wards.append(kind.build(table, WARDS))
    return sides_of_wards


WARDS = Schema((Column("x"), Column("ward", "categorical", role="cluster")))


def test_pairs_that_cannot_reach_the_level_of_evidence_do_not_stand_for_it():
    """Ten pairs have 1,024 signs, so that p is at least 1/512; evidence asks for 1/693, which 13 pairs reach."""
    refined = compare(*of_wards(10, 4.0), Policy(), refine=True)
    assert refined.p <= Policy().evidence_level / 2
    assert compare(*of_wards(10, 4.0), Policy()).p >= 1 / 1_000
    # Thirteen pairs are enough, and see beneath what the wards have for good.
    assert compare(*of_wards(13, 1.0), Policy(), refine=True).p <= Policy().evidence_level / 2


def test_records_are_compared_at_the_level_that_is_asked_for():
    baseline, window = of_wards(10, 4.0)
    pooled = pool_samples(baseline.profile.sample, window.profile.sample)
    arguments = {"times": 9_999, "seed": 1}
    by_pairs = compare_records(pooled, WARDS.features, [0], Policy(), **arguments)
    by_all = compare_records(pooled, WARDS.features, [0], Policy(), **arguments, level=0.001)
    assert by_all.p < 1 / 600 < by_pairs.p
