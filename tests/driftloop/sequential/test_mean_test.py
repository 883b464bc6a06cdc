"""The p of one stretch, by hand: each feature's p divided by its weight, and the omnibus statistic's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from driftloop import Policy
from driftloop.sequential.clustered_sums import Design, widened
from driftloop.sequential.column_features import Feature
from driftloop.sequential.mean_test import TOGETHER, difference_p
from driftloop.sequential.reference_features import ReferenceFeatures
from driftloop.sequential.window_sums import Sums
from driftloop.stats.fisher import share_p
from driftloop.stats.hotelling import hotelling_p
from driftloop.stats.moments import moments_p

POLICY = Policy()
N, M = 50.0, 350.0


def features(**changes: object) -> ReferenceFeatures:
    """Two locations, one scale and one share; skewed scores, some weights."""
    names = (("x location", "location"), ("y location", "location"), ("x scale", "scale"), ("g=a share", "share"))
    of_all = ReferenceFeatures(
        features=tuple(Feature(name, (name[0],), kind, kind == "share") for name, kind in names),
        scorers=(),
        pairs=(),
        baseline_sums=Sums(np.full(4, M), np.array([0.0, 0.0, M, 35.0])),
        variance=np.array([1.0, 4.0, 2.0, 0.09]),
        skew=np.array([0.5, 0.0, 2.8, 2.67]),
        kurtosis=np.array([3.0, 4.0, 15.0, 8.1]),
        uncertainty=np.array([0.0, 0.3, 0.0, 0.0]),
        weights=np.array([0.4, 0.1, 0.2, 0.1]),
        omnibus_weight=0.2,
        locations=np.array([0, 1]),
        inverse_correlation=np.linalg.inv(np.array([[1.0, 0.5], [0.5, 1.0]])),
        binary=np.array([False, False, False, True]),
        quadratic=np.array([False, False, True, False]),
    )
    return replace(of_all, **changes)  # type: ignore[arg-type]


def window(*means: float, rows: float = N) -> Sums:
    """One stretch with these means; by default the baseline's: 0, 0, 1 and 0.1."""
    return Sums(np.full((1, 4), rows), rows * np.array([means]))


def result(of: ReferenceFeatures, windows: Sums, variance: np.ndarray | None = None) -> tuple[float, str]:
    p, names = difference_p(of, windows, of.baseline_sums, POLICY, variance)
    return float(p[0]), names[0]


def about(p: float) -> object:
    return pytest.approx(p, rel=1e-12, abs=0)


def tail(difference: float, variance: float, skew: float, excess: float) -> float:
    z = difference / np.sqrt(variance * (1 / N + 1 / M))
    return float(moments_p(np.array([z]), np.array([skew]), np.array([excess]))[0])


SPREAD = 1 / N + 1 / M
FOURTH = (1 / N**3 + 1 / M**3) / SPREAD**2


def test_a_stretch_like_the_baseline_says_nothing() -> None:
    assert result(features(), window(0, 0, 1, 0.1))[0] == 1.0


def test_the_p_of_a_location_is_its_tail_over_its_weight() -> None:
    skew = 0.5 * (1 / N**2 - 1 / M**2) / SPREAD**1.5
    expected = tail(-0.6, 1.0, skew, 0.0) / 0.4
    assert result(features(omnibus_weight=1e-9), window(-0.6, 0, 1, 0.1)) == (
        pytest.approx(expected, rel=1e-12),
        "x location",
    )
    assert 1e-5 < expected < 0.1


def test_kurtosis_and_the_uncertainty_of_a_variance_make_tails_heavier() -> None:
    expected = tail(1.5, 4.0, 0.0, 1.0 * FOURTH + 0.3) / 0.1
    assert result(features(omnibus_weight=1e-9), window(0, 1.5, 1, 0.1)) == (
        pytest.approx(expected, rel=1e-12),
        "y location",
    )


def test_a_quadratic_score_has_the_other_sign_in_its_skewness() -> None:
    """A baseline that happens to be narrow makes all later squares large, so its own error adds to the long tail."""
    turned = 2.8 * (1 / N**2 + 1 / M**2) / SPREAD**1.5
    expected = tail(1.0, 2.0, turned, 12 * FOURTH) / 0.2
    assert result(features(), window(0, 0, 2.0, 0.1)) == (about(expected), "x scale")
    plain = 2.8 * (1 / N**2 - 1 / M**2) / SPREAD**1.5
    of_plain = features(quadratic=np.zeros(4, dtype=bool))
    assert result(of_plain, window(0, 0, 2.0, 0.1)) == (about(tail(1.0, 2.0, plain, 12 * FOURTH) / 0.2), "x scale")
    assert turned > plain


def test_the_p_of_a_share_is_fishers_over_its_weight() -> None:
    counts = [np.array([value]) for value in (15.0, N, 35.0, M)]
    assert result(features(), window(0, 0, 1, 0.3)) == (
        pytest.approx(share_p(*counts)[0] / 0.1, rel=1e-12),
        "g=a share",
    )


def test_all_columns_together_have_hotellings_p_over_its_weight() -> None:
    """Opposite shifts of two columns that are correlated by 0.5: each small, together far out."""
    z = np.array([0.4 / np.sqrt(1.0 * SPREAD), -0.8 / np.sqrt(4.0 * SPREAD)])
    statistic = z @ np.linalg.inv([[1.0, 0.5], [0.5, 1.0]]) @ z
    expected = hotelling_p(np.array([statistic]), 2, M)[0] / 0.2
    assert result(features(), window(0.4, -0.8, 1, 0.1)) == (about(expected), TOGETHER)
    assert expected == pytest.approx(stats.f.sf(statistic * (M - 2) / (2 * (M - 1)), 2, M - 2) / 0.2)


def test_the_correlations_rest_on_the_fewest_records_of_a_location() -> None:
    few = features(baseline_sums=Sums(np.array([M, 5.0, M, M]), np.array([0.0, 0.0, M, 35.0])))
    with_few = result(few, window(0.4, -0.8, 1, 0.1))
    assert with_few[1] != TOGETHER or with_few[0] > result(features(), window(0.4, -0.8, 1, 0.1))[0]
    none = features(baseline_sums=Sums(np.array([M, 4.0, M, M]), np.array([0.0, 0.0, M, 35.0])))
    assert result(none, window(0.4, -0.8, 1, 0.1))[1] != TOGETHER, "four records are too few for two columns"


def test_with_a_variance_of_another_regime_it_is_used_and_the_omnibus_statistic_left_out() -> None:
    variance = np.array([2.0, 8.0, 4.0, 0.09])
    skew = 0.5 * (1 / N**2 - 1 / M**2) / SPREAD**1.5
    expected = tail(0.8, 2.0, skew, 0.0) / 0.4
    assert result(features(), window(0.8, -1.0, 1, 0.1), variance) == (about(expected), "x location")


def test_without_two_locations_there_is_nothing_together() -> None:
    one = features(locations=np.array([0]), inverse_correlation=np.eye(1))
    assert result(one, window(0.8, 0, 1, 0.1))[1] == "x location"


@pytest.mark.parametrize(
    ("means", "name"), [((0.1, 0, 1, 0.1), "x location"), ((0, 0, 1.2, 0.1), "x scale"), ((0, 0, 1, 0.12), "g=a share")]
)
def test_differences_below_the_minimum_effect_count_as_none(means: tuple[float, ...], name: str) -> None:
    """A million rows on each side: certain, but 0.1 standard deviations, 0.2 of z^2 and 2 points are the least."""
    sums = Sums(np.full(4, 1e6), 1e6 * np.array([0.0, 0.0, 1.0, 0.1]))
    large = features(baseline_sums=sums, locations=np.array([0]), inverse_correlation=np.eye(1))
    beyond = [mean + 0.001 * np.sign(mean - usual) for mean, usual in zip(means, (0, 0, 1, 0.1), strict=True)]
    within = [mean - 0.001 * np.sign(mean - usual) for mean, usual in zip(means, (0, 0, 1, 0.1), strict=True)]
    p, found = result(large, window(*beyond, rows=1e6))
    assert (p < 1e-9, found) == (True, name)
    assert result(large, window(*within, rows=1e6))[0] == 1.0


def test_a_shift_of_all_columns_together_below_the_minimum_effect_counts_as_none() -> None:
    """The length of the whitened shift counts: 0.099 of one column alone is 0.099 / sqrt(0.75) = 0.114 of both."""
    only = {"weights": np.array([1e-300, 0, 0, 0]), "omnibus_weight": 1.0}
    large = features(baseline_sums=Sums(np.full(4, 1e6), 1e6 * np.array([0.0, 0.0, 1.0, 0.1])), **only)
    assert result(large, window(0.099, 0, 1, 0.1, rows=1e6))[0] < 1e-9
    assert result(large, window(0.1 * np.sqrt(0.75) - 0.001, 0, 1, 0.1, rows=1e6))[0] == 1.0


def test_a_feature_without_a_record_says_nothing() -> None:
    rows = np.array([[0.5, N, N, N]])
    empty = Sums(rows, rows * np.array([[5.0, 0, 1, 0.1]]))
    assert result(features(omnibus_weight=1e-300), empty)[0] == 1.0
    reference = features(
        baseline_sums=Sums(np.array([0.5, M, M, M]), np.array([2.0, 0, M, 35.0])), omnibus_weight=1e-300
    )
    assert result(reference, window(0, 0, 1, 0.1))[0] == 1.0


def test_a_feature_without_weight_says_nothing_and_none_with_a_weight_no_p() -> None:
    unused = features(weights=np.array([0.0, 0.1, 0.2, 0.1]), omnibus_weight=1e-300)
    assert result(unused, window(3.0, 0, 1, 0.1))[0] == 1.0
    nothing = features(weights=np.zeros(4))
    p, names = difference_p(nothing, window(3.0, 0, 1, 0.1), nothing.baseline_sums, POLICY)
    assert (p.tolist(), names) == ([1.0], [TOGETHER])


def test_a_feature_without_variance_says_nothing() -> None:
    constant = features(
        variance=np.array([0.0, 4.0, 2.0, 0.09]), locations=np.array([1]), inverse_correlation=np.eye(1)
    )
    assert result(constant, window(3.0, 0, 1, 0.1))[0] == 1.0


def test_each_stretch_has_a_p_of_its_own() -> None:
    both = Sums(np.full((2, 4), N), N * np.array([[0, 0, 1, 0.1], [-0.6, 0, 1, 0.1]]))
    p, names = difference_p(features(), both, features().baseline_sums, POLICY)
    assert p[0] == 1.0
    assert (p[1], names[1]) == result(features(), window(-0.6, 0, 1, 0.1))


def test_a_location_that_is_missing_in_the_whole_window_leaves_the_others_their_p() -> None:
    """No rows of y: x is judged as before, and nothing divides by zero."""
    rows = np.array([[N, 0.0, N, N]])
    without = Sums(rows, rows * np.array([[-0.6, 0.0, 1.0, 0.1]]))
    assert result(features(omnibus_weight=1e-9), without) == result(
        features(omnibus_weight=1e-9), window(-0.6, 0, 1, 0.1)
    )
    together, name = result(features(weights=np.array([1e-300, 0, 0, 0]), omnibus_weight=1.0), without)
    assert (0 < together < 1, name) == (True, TOGETHER)


SURE = 1e12
"""Degrees of freedom of a variance that is as good as known."""
ONLY_TOGETHER = {"weights": np.array([1e-300, 0, 0, 0]), "omnibus_weight": 1.0}


def designed(factor: float, freedom: float = SURE, together: float = 1.0, freedom_together: float = SURE) -> Design:
    shape = np.ones((1, 4))
    return Design(factor * shape, freedom * shape, np.array([together]), freedom_together)


def of_clusters(of: ReferenceFeatures, windows: Sums, design: Design) -> tuple[float, str]:
    p, names = difference_p(of, windows, of.baseline_sums, POLICY, design=design)
    return float(p[0]), names[0]


@pytest.mark.parametrize(("means", "name"), [((-0.6, 0, 1, 0.1), "x location"), ((0, 0, 1, 0.3), "g=a share")])
def test_dependent_records_count_as_so_many_fewer(means: tuple[float, ...], name: str) -> None:
    """Four times as many records on each side, at a design of 4, say what the fourth part of them would."""
    alone = {"omnibus_weight": 1e-300}
    fourfold = features(baseline_sums=Sums(np.full(4, 4 * M), np.array([0.0, 0.0, 4 * M, 140.0])), **alone)
    p, found = of_clusters(fourfold, window(*means, rows=4 * N), designed(4.0))
    assert (p, found) == (pytest.approx(result(features(**alone), window(*means))[0], rel=1e-6, abs=0), name)


def test_a_variance_that_is_estimated_from_few_clusters_makes_p_students() -> None:
    alone = features(omnibus_weight=1e-300)
    known = result(alone, window(-0.6, 0, 1, 0.1))[0] * 0.4
    p, name = of_clusters(alone, window(-0.6, 0, 1, 0.1), designed(1.0, freedom=9.0))
    assert (p, name) == (pytest.approx(widened(np.array([known]), np.array([9.0]))[0] / 0.4), "x location")


@pytest.mark.parametrize(("factor", "together", "part"), [(1.0, 4.0, 1 / 4), (2.0, 4.0, 1 / 4), (4.0, 2.0, 1 / 4)])
def test_all_columns_together_are_divided_by_the_widest_direction_or_their_own_factor(
    factor: float, together: float, part: float
) -> None:
    z = np.array([0.4 / np.sqrt(1.0 * SPREAD), -0.8 / np.sqrt(4.0 * SPREAD)])
    statistic = part * z @ np.linalg.inv([[1.0, 0.5], [0.5, 1.0]]) @ z
    found = of_clusters(features(**ONLY_TOGETHER), window(0.4, -0.8, 1, 0.1), designed(factor, together=together))
    assert found == (about(hotelling_p(np.array([statistic]), 2, M / factor)[0]), TOGETHER)


def test_all_columns_together_rest_on_no_more_than_the_clusters() -> None:
    z = np.array([0.4 / np.sqrt(1.0 * SPREAD), -0.8 / np.sqrt(4.0 * SPREAD)])
    statistic = z @ np.linalg.inv([[1.0, 0.5], [0.5, 1.0]]) @ z
    for freedom, rows in ((20.0, 20.0), (1_000.0, M)):
        design = designed(1.0, freedom_together=freedom)
        found = of_clusters(features(**ONLY_TOGETHER), window(0.4, -0.8, 1, 0.1), design)
        assert found == (about(hotelling_p(np.array([statistic]), 2, rows)[0]), TOGETHER)


def test_each_stretch_may_have_a_reference_of_its_own() -> None:
    """Of a season: the same window twice, beside the baseline and beside one that it equals."""
    both = Sums(np.full((2, 4), N), N * np.array([[-0.6, 0, 1, 0.1]] * 2))
    references = Sums(np.full((2, 4), M), M * np.array([[0.0, 0.0, 1.0, 0.1], [-0.6, 0, 1, 0.1]]))
    p, names = difference_p(features(), both, references, POLICY)
    assert (p[0], names[0]) == result(features(), window(-0.6, 0, 1, 0.1))
    assert p[1] == 1.0


def test_one_record_is_enough_on_either_side() -> None:
    """One of one against none of three, and the other way round: Fisher's tail is 1 / 4, doubled."""
    share = {"weights": np.array([0, 0, 0, 1.0]), "omnibus_weight": 1e-300}
    three = features(baseline_sums=Sums(np.full(4, 3.0), np.zeros(4)), **share)
    assert result(three, window(0, 0, 0, 1, rows=1.0)) == (about(0.5), "g=a share")
    one = features(baseline_sums=Sums(np.full(4, 1.0), np.array([0, 0, 0, 1.0])), **share)
    assert result(one, window(0, 0, 0, 0, rows=3.0)) == (about(0.5), "g=a share")


def test_a_difference_of_exactly_the_minimum_effect_counts() -> None:
    """An eighth, which is exact in binary."""
    sums = Sums(np.full(4, 2.0**20), np.zeros(4))
    large = features(baseline_sums=sums, locations=np.array([0]), inverse_correlation=np.eye(1))
    windows = window(0.125, 0, 0, 0, rows=2.0**20)
    for least, sure in ((0.125, True), (0.1251, False)):
        p, _ = difference_p(large, windows, sums, Policy(min_shift=least))
        assert bool(p[0] < 1e-9) is sure


def test_a_shift_together_of_exactly_the_minimum_effect_counts() -> None:
    """An eighth of a standard deviation, which is 1 of x and 2 of y."""
    sums = Sums(np.full(4, 2.0**20), np.zeros(4))
    of_two = features(baseline_sums=sums, inverse_correlation=np.eye(2), **ONLY_TOGETHER)
    for windows in (window(0.125, 0, 0, 0, rows=2.0**20), window(0, 0.25, 0, 0, rows=2.0**20)):
        for least, sure in ((0.125, True), (0.1251, False)):
            p, _ = difference_p(of_two, windows, sums, Policy(min_shift=least))
            assert bool(p[0] < 1e-9) is sure


def test_one_location_is_nothing_together_whatever_weight_it_had() -> None:
    one = replace(features(locations=np.array([0]), inverse_correlation=np.eye(1)), omnibus_weight=1e9)
    assert result(one, window(0.8, 0, 1, 0.1))[1] == "x location"
