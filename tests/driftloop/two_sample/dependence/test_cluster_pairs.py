"""Clusters on both sides change sides with themselves: by hand, and when they do."""

import numpy as np
import pytest

from driftloop.two_sample.dependence.cluster_pairs import Pairs, _rows, relabelled_clusters, relabelled_sides
from driftloop.two_sample.dependence.clusters import Units, cluster_labels, intraclass_correlation, permuted_clusters


def wards(count, of_baseline, of_window, alone=(0, 0)):
    """Sides and clusters of records: wards on both sides, and so many more on each side alone with five records."""
    both = np.arange(count)
    more = count + np.arange(sum(alone))
    groups = np.concatenate(
        [
            np.repeat(both, of_baseline),
            np.repeat(more[: alone[0]], 5),
            np.repeat(both, of_window),
            np.repeat(more[alone[0] :], 5),
        ]
    )
    return np.arange(len(groups)) >= count * of_baseline + 5 * alone[0], groups.astype(np.uint64)


def scores_of(groups, window, lasting, shift=0.0, seed=1):
    rng = np.random.default_rng(seed)
    effects = rng.normal(0, lasting, int(groups.max()) + 1)
    x = rng.normal(size=len(groups)) + effects[groups.astype(int)] + shift * window
    return (x - x.mean())[:, None]


def p_of(statistics):
    values = np.abs(statistics[:, 0].astype(float))
    return np.count_nonzero(values >= values[0] - 1e-5) / len(values)


def test_pairs_are_the_parts_of_one_cluster_with_the_weight_of_their_difference():
    window = np.array([False, False, False, True, True, True, True])
    units = Units.of(np.array([3, 3, 4, 3, 5, 4, 4], np.uint64), window)
    pairs = Pairs.of(units)
    assert units.clusters[pairs.baseline].tolist() == units.clusters[pairs.window].tolist() == [3, 4]
    assert not units.window[pairs.baseline].any()
    assert units.window[pairs.window].all()
    assert pairs.weights == pytest.approx([1 / (1 / 2 + 1 / 1), 1 / (1 / 1 + 1 / 2)])


def test_the_statistic_is_the_sum_of_differences_over_its_deviation_under_all_signs():
    window, groups = wards(3, 2, 2)
    units = Units.of(groups, window)
    means = np.array([[0.0], [1.0], [0.0], [2.0], [0.0], [-1.0]])  # units in order of ward and side
    pairs, random = Pairs.of(units), np.random.default_rng(1)
    found = pairs.statistics(means, np.zeros(1), 999, random)
    assert found[0, 0] == pytest.approx((1 + 2 - 1) / np.sqrt(1 + 4 + 1), rel=1e-5)
    # The other rows are wider by the root of 3 / 2.
    assert sorted(set(np.abs(found[1:, 0]).round(3).tolist())) == pytest.approx([0, 1, 2], abs=1e-3)
    # Weights are 1, so records that vary by 5 within parts let the sum vary by 3 * 5 at least.
    assert pairs.statistics(means, np.full(1, 5.0), 9, random)[0, 0] == pytest.approx(2 / np.sqrt(15), rel=1e-5)


def test_a_mark_so_rare_that_small_parts_have_none_is_no_sure_change():
    """One in 35 records of the baseline's part of each of ten wards, none in the window's five: seen by chance."""
    window, groups = wards(10, 35, 5)
    mark = np.zeros(len(groups))
    mark[np.arange(10) * 35] = 1.0
    units = Units.of(groups, window)
    matrix = (mark - mark.mean())[:, None]
    statistics = Pairs.of(units).statistics(units.means(matrix), matrix.var(axis=0), 99, np.random.default_rng(1))
    # Expected 1.43 of 50 records, and none seen: as many standard deviations as the root of it, nearly.
    assert abs(statistics[0, 0]) == pytest.approx(np.sqrt(50 / 35), abs=0.15)


def test_what_a_ward_has_for_good_hides_no_shift():
    window, groups = wards(12, 30, 5)
    matrix = scores_of(groups, window, lasting=3.0, shift=0.8)
    arguments = {"times": 999, "seed": 1}
    assert p_of(relabelled_clusters(matrix, window, groups, **arguments, level=0.05)) <= 0.005
    assert p_of(permuted_clusters(matrix, window, groups, **arguments)) > 0.1


@pytest.mark.parametrize(("count", "level", "by_pairs"), [(8, 0.05, True), (7, 0.05, False), (8, 0.01, False)])
def test_pairs_are_used_where_they_can_reach_a_quarter_of_the_level(count, level, by_pairs):
    """Eight pairs reach 2 / 256 = 0.0078, seven 0.0156; a quarter of 0.05 is 0.0125."""
    window, groups = wards(count, 10, 10)
    matrix = scores_of(groups, window, lasting=2.0)
    found = relabelled_clusters(matrix, window, groups, times=99, seed=1, level=level)
    plain = permuted_clusters(matrix, window, groups, 99, 1)
    assert np.array_equal(found, plain) != by_pairs


@pytest.mark.parametrize(("lasting", "by_pairs"), [(2.0, True), (0.0, False)])
def test_pairs_are_used_where_they_tell_more_than_all_parts_do(lasting, by_pairs):
    """20 of 60 wards come again. Without an effect of wards, the other 40 of the baseline tell more."""
    window, groups = wards(20, 5, 2, alone=(40, 1))
    matrix = scores_of(groups, window, lasting)
    found = relabelled_clusters(matrix, window, groups, times=99, seed=1, level=0.05)
    assert np.array_equal(found, permuted_clusters(matrix, window, groups, 99, 1)) != by_pairs


def test_clusters_on_one_side_are_added_with_what_they_tell():
    """A shift in them alone moves the statistic, and its distribution stays that of both."""
    window, groups = wards(10, 10, 10, alone=(30, 30))
    plain = scores_of(groups, window, lasting=1.0)
    moved = plain + 2.0 * (window & (groups >= 10))[:, None]
    arguments = {"times": 999, "seed": 1, "level": 0.05}
    first, second = (relabelled_clusters(each - each.mean(), window, groups, **arguments) for each in (plain, moved))
    assert len(first) == 1_000
    assert p_of(second) < 0.01 < p_of(first)
    assert 0.75 < first[1:, 0].std() < 1.1  # the pairs' deviation is the larger of two


def test_few_clusters_on_one_side_are_drawn_beside_the_signs():
    """One on each side has two orders, of which each row takes one."""
    window, groups = wards(10, 10, 10, alone=(1, 1))
    found = relabelled_clusters(scores_of(groups, window, lasting=1.0), window, groups, times=99, seed=1, level=0.05)
    assert found.shape == (100, 1)
    assert np.isfinite(found).all()


def test_a_score_without_differences_has_no_statistic():
    window, groups = wards(10, 4, 4)
    matrix = np.column_stack([np.zeros(80), scores_of(groups, window, lasting=1.0)[:, 0]])
    found = relabelled_clusters(matrix, window, groups, times=99, seed=1, level=0.05)
    assert (found[:, 0] == 0).all()


@pytest.mark.parametrize("own", [0.0, 1.0])
def test_without_a_change_p_is_small_as_seldom_as_it_says(own):
    """Unequal parts and an exponential score; with and without an effect of a ward's week. Binomial(400, 0.05) is above
    34 once in 1,000."""
    rng = np.random.default_rng(3)
    window, groups = wards(12, 20, 4)
    hits = 0
    for number in range(400):
        week = rng.normal(0, own, (2, 12))[window.astype(int), groups.astype(int)]
        x = rng.exponential(size=len(groups)) + rng.normal(0, 1.0, 12)[groups.astype(int)] + week
        found = relabelled_clusters((x - x.mean())[:, None], window, groups, times=199, seed=number, level=0.05)
        hits += p_of(found) <= 0.05
    assert hits <= 34


def test_both_statistics_are_added_row_by_row_with_the_roots_of_their_information():
    """Ten wards on both sides and 30 on each side alone: random signs beside relabellings, each of which comes once."""
    window, groups = wards(10, 10, 8, alone=(30, 20))
    matrix = scores_of(groups, window, lasting=1.0)
    found = relabelled_clusters(matrix, window, groups, times=99, seed=4, level=0.05)

    units = Units.of(groups, window)
    means, pairs = units.means(matrix), Pairs.of(units)
    own = intraclass_correlation(matrix, means, units.sizes)
    within = (1 - own) * (matrix**2).mean(axis=0)
    signs = pairs.statistics(means, within, 99, np.random.Generator(np.random.SFC64(4)))
    alone = groups >= 10
    others = permuted_clusters(matrix[alone] - matrix[alone].mean(axis=0), window[alone], groups[alone], 99, 4)
    precision = 5 / (5 * own[0] + 1 - own[0])
    of_others = 1 / (1 / (30 * precision) + 1 / (20 * precision))
    of_pairs = 10 / (1 / 10 + 1 / 8) / (1 - own[0])
    expected = np.sqrt(of_pairs) * signs + np.sqrt(of_others) * others
    np.testing.assert_allclose(found, expected / np.sqrt(of_pairs + of_others), atol=1e-4)


def test_few_orders_are_drawn_again_and_again_and_each_comes():
    """Of one cluster on each side alone the observed order and the other one."""
    drawn = _rows(2, 200, np.random.default_rng(1))
    assert set(drawn.tolist()) == {0, 1}
    assert len(drawn) == 200
    assert _rows(5, 4, np.random.default_rng(1)).tolist() == [1, 2, 3, 4]
    assert len(_rows(4, 4, np.random.default_rng(1))) == 4


def test_records_that_are_alike_within_their_wards_leave_pairs_all_the_information():
    """The correlation within wards is 1, so that nothing but differences of wards' means is left."""
    window, groups = wards(10, 4, 4)
    effects = np.random.default_rng(2).normal(size=10)
    x = effects[groups.astype(int)] + 0.1 * window
    found = relabelled_clusters((x - x.mean())[:, None], window, groups, times=99, seed=1, level=0.05)
    assert found[0, 0] == pytest.approx(np.sqrt(10), rel=1e-3)  # ten equal differences


def test_a_search_relabels_pair_by_pair_and_clusters_on_one_side_among_each_other():
    window, groups = wards(10, 10, 4, alone=(6, 3))
    rows = relabelled_sides(scores_of(groups, window, lasting=2.0), window, groups, times=50, seed=1, level=0.05)
    assert rows.shape == (50, len(groups))
    units = Units.of(groups, window)
    starts = np.array([np.flatnonzero(units.of_record == unit)[0] for unit in range(len(units.sizes))])
    sides = rows[:, starts]
    assert np.array_equal(sides[:, units.of_record], rows)  # whole units
    pairs = Pairs.of(units)
    assert np.array_equal(sides[:, pairs.window], 1 - sides[:, pairs.baseline])
    assert 0.3 < sides[:, pairs.window].mean() < 0.7
    assert set(sides[:, units.clusters >= 10].sum(axis=1)) == {3.0}
    assert len(np.unique(sides[:, units.clusters >= 10], axis=0)) > 20


@pytest.mark.parametrize(("count", "lasting", "alone"), [(7, 2.0, (0, 0)), (20, 0.0, (40, 1))])
def test_a_search_relabels_all_units_where_pairs_are_few_or_tell_less(count, lasting, alone):
    window, groups = wards(count, 5, 2, alone)
    rows = relabelled_sides(scores_of(groups, window, lasting), window, groups, times=9, seed=1, level=0.05)
    assert np.array_equal(rows, cluster_labels(window, groups, 9, 1))
