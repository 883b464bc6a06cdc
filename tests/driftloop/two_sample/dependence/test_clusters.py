"""Whole clusters relabelled: direct arithmetic of units, intraclass correlation and enumerated p."""

import re
import tracemalloc
from itertools import combinations, permutations

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Policy, Schema, Window, check
from driftloop.two_sample import permutation
from driftloop.two_sample.compare import compare
from driftloop.two_sample.dependence.clusters import (
    Units,
    cluster_labels,
    intraclass_correlation,
    permuted_clusters,
    smallest_p,
    smallest_p_of,
    too_few,
)
from driftloop.two_sample.dependence.raised_correlation import raised_correlation
from driftloop.two_sample.permutation import permuted

SCHEMA = Schema((Column("x"), Column("patient", "categorical", role="cluster")))


def centred(*columns):
    matrix = np.column_stack([np.asarray(column, float) for column in columns])
    return matrix - matrix.mean(axis=0)


def p_of(statistics, column=0):
    values = np.abs(statistics[:, column].astype(float))
    return np.count_nonzero(values >= values[0] - 1e-5) / len(values)


def test_two_clusters_of_one_size_on_each_side_have_exactly_the_enumerated_p():
    # Cluster means 0 and 1 against 2 and 5: of the 6 ways to choose two of four, {2, 5} and {0, 1} are farthest apart.
    matrix = centred(np.repeat([0.0, 1.0, 2.0, 5.0], 3))
    window = np.repeat([False, False, True, True], 3)
    clusters = np.repeat(np.array([7, 8, 9, 10], np.uint64), 3)
    statistics = permuted_clusters(matrix, window, clusters, 999, 1)
    assert len(statistics) == 6
    assert p_of(statistics) == pytest.approx(2 / 6)
    means = np.array([0.0, 1.0, 2.0, 5.0])
    by_hand = sorted(
        abs(means[list(some)].mean() - np.delete(means, some).mean()) for some in combinations(range(4), 2)
    )
    found = np.sort(np.abs(statistics[:, 0]))
    assert found / found[-1] == pytest.approx(np.array(by_hand) / by_hand[-1], abs=1e-5)


def test_three_clusters_against_two_have_the_p_of_ten_choices():
    matrix = centred(np.repeat([0.0, 1.0, 2.0, 7.0, 9.0], 2))
    window = np.repeat([False, False, False, True, True], 2)
    clusters = np.repeat(np.arange(5, dtype=np.uint64), 2)
    statistics = permuted_clusters(matrix, window, clusters, 999, 1)
    assert len(statistics) == 10
    assert p_of(statistics) == pytest.approx(1 / 10)


def test_units_of_unequal_sizes_are_enumerated_with_their_sizes():
    sizes = [1, 2, 3, 4]
    matrix = centred(np.repeat([0.0, 4.0, 1.0, 6.0], sizes))
    window = np.repeat([False, False, True, True], sizes)
    statistics = permuted_clusters(matrix, window, np.repeat(np.arange(4, dtype=np.uint64), sizes), 999, 1)
    assert len(statistics) == len(list(permutations(range(4))))


def test_a_cluster_on_both_sides_is_a_unit_on_each():
    window = np.array([False, False, True, True, True])
    units = Units.of(np.array([3, 4, 3, 3, 5], np.uint64), window)
    assert units.sizes.tolist() == [1, 2, 1, 1]
    assert units.window.tolist() == [False, True, False, True]
    assert units.means(np.array([[1.0], [2.0], [3.0], [5.0], [9.0]]))[:, 0].tolist() == [1, 4, 2, 9]


def test_intraclass_correlation_is_that_of_the_analysis_of_variance():
    # Three clusters of two: B = 2 * (4 + 0 + 4) / 2 = 8, W = 6 * 0.25 / 3 = 0.5, s = (8 - 0.5) / 2 = 3.75.
    scores = np.array([[-2.5], [-1.5], [-0.5], [0.5], [1.5], [2.5]])
    found = intraclass_correlation(scores, np.array([[-2.0], [0.0], [2.0]]), np.full(3, 2.0))
    assert found[0] == pytest.approx(3.75 / (3.75 + 0.5))


def test_of_units_of_unequal_sizes_the_correlation_weighs_their_sizes():
    # Sizes 1 and 3: B = 1 * 9 + 3 * 1 = 12, W = 2 / 2 = 1, k_0 = (4 - 10 / 4) / 1 = 1.5, s = 11 / 1.5.
    scores, means = np.array([[-3.0], [0.0], [1.0], [2.0]]), np.array([[-3.0], [1.0]])
    for scale in (1.0, 0.1):
        found = intraclass_correlation(scale * scores, scale * means, np.array([1.0, 3.0]))
        assert found[0] == pytest.approx(22 / 25)


def test_a_score_that_is_the_same_everywhere_has_no_correlation():
    assert intraclass_correlation(np.zeros((4, 1)), np.zeros((2, 1)), np.full(2, 2.0)).tolist() == [0.0]


SIZES = np.array([1, 2, 3, 4, 5, 1, 3, 6])
OF_RECORD = np.repeat(np.arange(8, dtype=np.uint64), SIZES)


def test_where_all_records_of_a_unit_are_alike_units_count_as_single_records():
    means = np.array([0.3, -1.0, 2.0, 0.7, -0.4, 1.1, 3.0, 0.9])
    found = permuted_clusters(centred(np.repeat(means, SIZES)), OF_RECORD >= 5, OF_RECORD, 50, 1)
    plain = permuted(centred(means), np.arange(8) >= 5, 1, 1)
    assert found[0, 0] == pytest.approx(plain[0, 0], rel=1e-5)


def test_the_observed_statistic_is_the_correlation_of_coefficients_and_whitened_means():
    """Over u units a permutation statistic is the root of u - 1 times the correlation of what changes places."""
    rng = np.random.default_rng(3)
    matrix = centred(rng.normal(size=25), rng.normal(size=25) + np.repeat(rng.normal(size=8), SIZES))
    means = np.array([matrix[unit == OF_RECORD].mean(axis=0) for unit in range(8)])
    estimated = intraclass_correlation(matrix, means, SIZES.astype(float))
    # The three units of the window are the larger ones.
    own = raised_correlation(estimated, SIZES.astype(float), np.arange(8) >= 5)
    assert estimated[0] < own[0] < own[1]
    found = permuted_clusters(matrix, OF_RECORD >= 5, OF_RECORD, 50, 1)
    # Coefficients are the same for all scores, with the mean correlation.
    weight = SIZES / (1 + (SIZES - 1) * own.mean())
    sign = np.where(np.arange(8) >= 5, 1 / weight[5:].sum(), -1 / weight[:5].sum())
    for column in range(2):
        weights = SIZES / (1 + (SIZES - 1) * own[column])
        centre = np.average(means[:, column], weights=weights)
        whitened = (means[:, column] - centre) * np.sqrt(weights)
        expected = np.sqrt(7) * np.corrcoef(sign * np.sqrt(weight), whitened)[0, 1]
        assert found[0, column] == pytest.approx(expected, rel=1e-5)


def test_as_many_relabellings_as_asked_for_however_they_are_divided(monkeypatch):
    matrix = centred(np.random.default_rng(4).normal(size=25))
    whole = permuted_clusters(matrix, OF_RECORD >= 5, OF_RECORD, 7, 1)
    assert len(whole) == 8
    monkeypatch.setattr(permutation, "AT_ONCE", 3 * 8)
    np.testing.assert_allclose(permuted_clusters(matrix, OF_RECORD >= 5, OF_RECORD, 7, 1), whole, rtol=1e-5)


@pytest.mark.parametrize(("times", "enumerated"), [(5, True), (4, False)])
def test_all_orders_are_looked_at_where_there_are_no_more_than_rows(times, enumerated):
    """Two units of one size on each side have six orders, the observed one among them."""
    matrix, units = centred(np.repeat([0.0, 1.0, 2.0, 5.0], 3)), np.repeat(np.arange(4, dtype=np.uint64), 3)
    found = permuted_clusters(matrix, units >= 2, units, times, 1)
    assert len(found) == times + 1
    assert (len(np.unique(found.round(4))) == 6) is enumerated


def test_clusters_that_differ_less_than_their_records_have_no_correlation():
    scores = np.array([[-1.0], [1.0], [-1.0], [1.0]])
    assert intraclass_correlation(scores, np.zeros((2, 1)), np.full(2, 2.0)).tolist() == [0.0]


def test_single_records_are_relabelled_as_without_clusters():
    rng = np.random.default_rng(5)
    matrix, window = centred(rng.normal(size=60), rng.exponential(size=60)), np.arange(60) >= 40
    of_clusters = permuted_clusters(matrix, window, np.arange(60, dtype=np.uint64), 999, 1)
    plain = permuted(matrix, window, 999, 1)
    assert of_clusters[0] == pytest.approx(plain[0], abs=1e-5)
    for column in range(2):
        assert np.quantile(of_clusters[:, column], [0.05, 0.95]) == pytest.approx(
            np.quantile(plain[:, column], [0.05, 0.95]), abs=0.2
        )


def test_drawn_labels_keep_clusters_whole():
    clusters = np.repeat(np.arange(9, dtype=np.uint64), 4)
    labels = cluster_labels(np.arange(36) >= 24, clusters, 50, 3)
    assert labels.sum(axis=1).tolist() == [12.0] * 50
    assert all(len(np.unique(row[4 * place : 4 * place + 4])) == 1 for row in labels for place in range(9))


@pytest.mark.parametrize(
    ("of_baseline", "of_window", "expected"), [(2, 2, 2 / 6), (3, 2, 1 / 10), (19, 1, 1 / 20), (5, 5, 2 / 252)]
)
def test_the_smallest_p_is_one_over_the_choices(of_baseline, of_window, expected):
    assert smallest_p(of_baseline, of_window) == pytest.approx(expected)


def rows(patients, value=0.0, seed=1):
    rng = np.random.default_rng(seed)
    return pa.table({"x": rng.normal(size=len(patients)) + value, "patient": [f"patient {each}" for each in patients]})


def test_too_few_clusters_are_insufficient_with_the_number_needed():
    baseline = Baseline.build(rows(np.repeat([0, 1, 2], 40)), SCHEMA)
    window = Window.build(rows(np.repeat([3, 4, 5], 20), value=9.0), SCHEMA)
    result = check(baseline, window)
    assert result.verdict.value == "insufficient"
    # 2 / C(6, 3) = 0.1; 1 / C(7, 4) = 0.029 is below 0.0475.
    assert result.reasons == (
        "3 groups of 'patient' in the window and 3 in the baseline are too few to say anything: at least 4 are needed "
        "in the window, or more in the baseline",
    )
    more = Window.build(rows(np.repeat([3, 4, 5, 6], 20), value=9.0), SCHEMA)
    assert check(baseline, more).verdict.value == "drift"


def test_windows_of_too_few_clusters_leave_the_evidence_as_it_was():
    from driftloop import Evidence

    baseline = Baseline.build(rows(np.repeat([0, 1, 2], 40)), SCHEMA)
    result = check(baseline, Window.build(rows(np.repeat([3], 40), value=9.0), SCHEMA), Policy(), Evidence())
    assert result.verdict.value == "insufficient"
    assert result.evidence == Evidence()


def test_a_window_of_one_ward_is_no_drift_where_its_records_are_all_alike():
    rng = np.random.default_rng(8)
    effects = rng.normal(size=40)
    of_baseline, of_window = np.repeat(np.arange(30), 12), np.repeat(np.arange(30, 34), 12)
    tables = [
        pa.table({"x": effects[groups] + 0.1 * rng.normal(size=len(groups)), "patient": [str(each) for each in groups]})
        for groups in (of_baseline, of_window)
    ]
    plain = SCHEMA.with_roles(ignore=["patient"])
    assert compare(Baseline(tables[0], plain), Window(tables[1], plain), Policy()).p <= 0.05
    assert compare(Baseline(tables[0], SCHEMA), Window(tables[1], SCHEMA), Policy()).p > 0.05


def test_no_name_of_a_cluster_is_in_a_saved_profile_or_a_result():
    table = pa.table({"x": np.arange(40.0), "patient": [f"Okonkwo{number % 20}" for number in range(40)]})
    baseline = Baseline.build(table, SCHEMA)
    assert b"Okonkwo" not in baseline.to_bytes()
    again = Baseline.from_bytes(baseline.to_bytes())
    assert again == baseline
    assert np.array_equal(again.profile.sample.clusters, baseline.profile.sample.clusters)
    assert not re.search("Okonkwo", check(baseline, Window.build(table, SCHEMA)).to_json())


def test_numbers_and_texts_that_name_one_group_are_one():
    as_text = SCHEMA
    found = [
        Baseline.build(pa.table({"x": [1.0, 2.0, 3.0], "patient": names}), as_text).profile.sample
        for names in (["7", "7", "8"], [7, 7, 8], [7.0, 7.0, 8.0])
    ]
    assert all(len(np.unique(sample.clusters)) == 2 for sample in found)
    assert all(np.array_equal(np.unique(sample.clusters), np.unique(found[0].clusters)) for sample in found)


def test_a_window_without_the_column_is_refused():
    from driftloop import InputError
    from driftloop import check as check_any

    reference = rows(np.repeat(np.arange(20), 5))
    with pytest.raises(InputError, match=r"current: has no column 'patient', by which its records depend"):
        check_any(reference, reference.drop_columns(["patient"]), schema=SCHEMA)


def test_profiles_with_clusters_merge_as_if_read_at_once():
    table = rows(np.repeat(np.arange(700), 5))
    whole = Window.build(table, SCHEMA)
    parts = Window.build(table.slice(0, 1000), SCHEMA).merge(Window.build(table.slice(1000), SCHEMA))
    assert parts == whole
    assert len(whole.profile.sample.clusters) == len(whole.profile.sample.keys) == 1536


def test_the_smallest_p_of_records_counts_the_clusters_of_each_side():
    clusters, window = np.array([1, 1, 2, 3, 3, 4], np.uint64), np.arange(6) >= 3
    assert smallest_p_of(clusters, window) == smallest_p(2, 2)
    assert smallest_p_of(clusters, np.arange(6) >= 5) == smallest_p(3, 1)


def peak(work):
    """The most memory that numpy held meanwhile, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_at_most_so_many_labels_are_held_at_once():
    """2,000 clusters relabelled 999 times are two million labels: 8 MB, and 16 as places. A tenth of that at once."""
    groups = np.arange(2_000, dtype=np.uint64)
    matrix = centred(np.random.default_rng(4).normal(size=2_000))
    assert peak(lambda: permuted_clusters(matrix, groups >= 1_500, groups, 999, 1)) < 5e6


def sample_of(patients):
    return Window.build(rows(patients), SCHEMA).profile.sample


@pytest.mark.parametrize(("level", "needed"), [(0.004, 249), (0.001, 999), (0.0009, 1_000), (1e-6, 1_000)])
def test_beyond_a_thousand_nobody_is_told_how_many_clusters_are_needed(level, needed):
    """One in the baseline: with so many in the window the smallest p is one in one more."""
    said = too_few(sample_of([0, 0]), sample_of([1, 1]), level, "patient")
    assert f"at least {needed} are needed in the window" in said
    assert said.startswith("1 group of 'patient' in the window and 1 in the baseline")


def test_an_empty_side_or_one_without_clusters_has_none_too_few():
    plain = Window.build(rows([1]), Schema((Column("x"),))).profile.sample
    empty = Window.build(rows([]), SCHEMA).profile.sample
    for baseline, window in ((plain, sample_of([1])), (sample_of([1]), plain), (empty, sample_of([1]))):
        assert too_few(baseline, window, 0.05, "patient") is None
