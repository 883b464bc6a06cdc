"""Dependent records in evidence: variance, degrees of freedom and concentration by direct arithmetic."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Evidence, Policy, Schema, Window, check
from driftloop.profile.sampling.sample import Sample
from driftloop.sequential.clustered_sums import ClusterVariance, cluster_variance, concentration_of, sketch_of, widened
from driftloop.sequential.evidence import fits, update
from driftloop.stats.distributions import t_tail

SCHEMA = Schema((Column("x"), Column("ward", "categorical", role="cluster")))


def variance(between=4.0, within=0.5, common=5.0, clusters=21, records=105.0):
    return ClusterVariance(np.array([between]), np.array([within]), 1.0, common, clusters, records, 1 / clusters)


def test_clusters_of_the_baselines_size_have_the_variance_of_cluster_means():
    # 4 windows' clusters of 5 in 20 records: Q = 1/4; baseline Q = 1/21. a = (1/4 + 1/21) / 5 = 1/20 + 1/105 = R.
    design = variance().design(np.array([[20.0]]), np.array([1 / 4]), np.array([105.0]), np.array([1 / 21]))
    assert design.factor[0, 0] == pytest.approx(4.0)
    assert design.freedom[0, 0] == pytest.approx(20)


def test_single_records_in_the_window_count_the_within_mean_square_too():
    # Q = 1/20 and 1/21: a = (1/20 + 1/21) / 5, R = 1/20 + 1/105.
    design = variance().design(np.array([[20.0]]), np.array([1 / 20]), np.array([105.0]), np.array([1 / 21]))
    a, spread = (1 / 20 + 1 / 21) / 5, 1 / 20 + 1 / 105
    between, within = a * 4.0, (spread - a) * 0.5
    assert design.factor[0, 0] == pytest.approx((between + within) / spread)
    assert design.freedom[0, 0] == pytest.approx((between + within) ** 2 / (between**2 / 20 + within**2 / 84))


def test_a_baseline_of_single_records_takes_clusters_for_wholly_dependent():
    known = variance(between=1.0, within=0.0, common=1.0, clusters=100, records=100.0)
    design = known.design(np.array([[50.0]]), np.array([1 / 10]), np.array([1e12]), np.array([0.0]))
    assert design.factor[0, 0] == pytest.approx(5.0)  # ten clusters of five are ten records


def test_two_clusters_leave_one_degree_of_freedom_and_single_records_one_within():
    of_two = variance(clusters=2).design(np.array([[20.0]]), np.array([1 / 4]), np.array([105.0]), np.array([1 / 2]))
    assert of_two.freedom[0, 0] == pytest.approx(1)
    single = variance(clusters=21, records=21.0)
    design = single.design(np.array([[20.0]]), np.array([1 / 20]), np.array([105.0]), np.array([1 / 21]))
    a, spread = (1 / 20 + 1 / 21) / 5, 1 / 20 + 1 / 105
    between, within = a * 4.0, (spread - a) * 0.5
    assert design.freedom[0, 0] == pytest.approx((between + within) ** 2 / (between**2 / 20 + within**2))


def test_without_any_variance_the_freedom_is_that_of_the_clusters():
    nothing = variance(between=0.0, within=0.0)
    design = nothing.design(np.array([[20.0]]), np.array([1 / 4]), np.array([105.0]), np.array([1 / 21]))
    assert (design.factor[0, 0], design.freedom[0, 0]) == (1.0, 20)


def test_all_columns_together_vary_as_much_as_the_widest_direction():
    known = ClusterVariance(np.array([1.0, 1.0]), np.array([0.5, 0.5]), 6.0, 5.0, 21, 105.0, 1 / 21)
    rows = np.array([[20.0, 40.0], [20.0, 20.0]])
    design = known.design(rows, np.array([1 / 4, 1 / 20]), np.array([105.0, 105.0]), np.array([1 / 21, 1 / 21]))
    # a = (Q + 1/21) / 5; of a column T a / R + (1 - a / R), and of two columns the larger.
    many, few = (1 / 4 + 1 / 21) / 5, (1 / 20 + 1 / 21) / 5
    spread = 1 / 20 + 1 / 105
    assert design.together[0] == pytest.approx(6 * many / (1 / 40 + 1 / 105)), "a exceeds R: nothing is left within"
    assert design.together[1] == pytest.approx((6 * few + spread - few) / spread)
    assert design.freedom_together == 20


def test_together_independent_records_are_never_more_than_themselves():
    known = ClusterVariance(np.array([0.1]), np.array([0.1]), 0.5, 5.0, 21, 105.0, 1 / 21)
    design = known.design(np.array([[20.0]]), np.array([1 / 4]), np.array([105.0]), np.array([1 / 21]))
    assert (design.together[0], design.factor[0, 0]) == (1.0, 1.0)


def test_independent_records_are_never_more_than_themselves():
    design = variance(between=0.5).design(np.array([[20.0]]), np.array([1 / 20]), np.array([105.0]), np.array([1 / 21]))
    assert design.factor[0, 0] == 1.0


def test_mean_squares_are_those_of_the_analysis_of_variance():
    baseline = Baseline(pa.table({"x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "ward": ["a", "a", "b", "b", "c", "c"]}), SCHEMA)
    sample = baseline.profile.sample
    centred = sample.values - sample.values.mean()
    found = cluster_variance(centred, sample, np.array([3.5]), np.array([0]), np.eye(1))
    # Means 1.5, 3.5, 5.5: B = 2 * (4 + 0 + 4) / 2 = 8; W = 6 * 0.25 / 3 = 0.5; in variances of 3.5.
    assert (found.between[0], found.within[0]) == pytest.approx((8 / 3.5, 0.5 / 3.5))
    assert (found.common_size, found.clusters, found.records) == pytest.approx((2.0, 3, 6.0))
    assert found.concentration == pytest.approx(1 / 3)
    assert found.together == pytest.approx(8 / 3.5)


def sample_of(clusters: list[int], weights: list[int]) -> Sample:
    rows = len(clusters)
    empty = np.empty((rows, 0))
    marks = np.array(clusters, np.uint64)
    return Sample(np.arange(rows, dtype=np.uint64), empty, np.array(weights), (), complete=True, clusters=marks)


def test_clusters_of_unequal_size_count_by_their_records():
    """Sizes 4 (one row stands for two) and 2: k_0 = (6 - 20 / 6) / 1, means 1.5 and -3."""
    sample = sample_of([7, 7, 7, 9, 9], [1, 1, 2, 1, 1])
    centred = np.array([[0.0, 5.0], [2.0, 5.0], [2.0, 5.0], [-3.0, 5.0], [-3.0, 5.0]])
    found = cluster_variance(centred, sample, np.array([2.0, 0.0]), np.array([0]), np.eye(1))
    between, squares = 4 * 1.5**2 + 2 * 3**2, 3 * 4.0 + 2 * 9.0
    assert found.common_size == pytest.approx(6 - 20 / 6)
    assert found.between[0] == pytest.approx(between / 2)
    assert found.within[0] == pytest.approx((squares - between) / 4 / 2)
    assert found.together == pytest.approx(between / 2)
    assert (found.clusters, found.records, found.concentration) == (2, 6.0, pytest.approx(20 / 36))
    # A feature without variance is taken for the same in all records of a cluster.
    assert (found.between[1], found.within[1]) == (found.common_size, 0.0)


def test_the_widest_direction_is_that_of_two_columns_together():
    """Two columns whose cluster means are opposite and which are correlated by 0.5: their difference is wide."""
    sample = sample_of([1, 1, 2, 2], [1, 1, 1, 1])
    centred = np.array([[1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, 1.0]])
    correlation = np.array([[1.0, 0.5], [0.5, 1.0]])
    found = cluster_variance(centred, sample, np.ones(2), np.array([0, 1]), np.linalg.inv(correlation))
    # Of x - y: between mean square 4 * 2^2 / 1 = 16, variance 1 + 1 - 2 * 0.5 = 1.
    assert found.together == pytest.approx(16.0)
    assert found.between == pytest.approx([4.0, 4.0])


def test_directions_narrower_than_independent_records_and_no_location_at_all_count_as_one():
    sample = sample_of([1, 1, 2, 2], [1, 1, 1, 1])
    centred = np.array([[1.0], [-1.0], [1.0], [-1.0]])
    assert cluster_variance(centred, sample, np.ones(1), np.array([0]), np.eye(1)).together == 1.0
    none = cluster_variance(centred, sample, np.ones(1), np.array([], np.int64), np.empty((0, 0)))
    assert none.together == 1.0


def test_one_cluster_and_single_records_divide_by_no_zero():
    one = cluster_variance(np.array([[1.0], [-1.0]]), sample_of([3, 3], [1, 1]), np.ones(1), np.array([0]), np.eye(1))
    assert (one.between[0], one.within[0], one.common_size, one.concentration) == (0.0, 2.0, 1.0, 1.0)
    single = cluster_variance(
        np.array([[1.0], [-1.0]]), sample_of([3, 4], [1, 1]), np.ones(1), np.array([0]), np.eye(1)
    )
    assert (single.between[0], single.within[0], single.common_size, single.concentration) == (2.0, 0.0, 1.0, 0.5)
    nothing = sample_of([3, 4], [1, 1])
    assert cluster_variance(np.zeros((2, 0)), replace(nothing, clusters=None), *[np.empty(0)] * 3) is None


def test_the_layout_of_a_sketch_is_that_of_stored_ones():
    """Two sketches of 256 buckets: the lowest 8 bits are the bucket, the ninth the sign, from bit 16 on once more."""
    clusters = np.array([5, 5 + 256, 5 + (3 << 16), 255 + (256 + 7 << 16)], np.uint64)
    found = sketch_of(clusters, np.array([1.0, 10.0, 100.0, 1000.0])).reshape(2, 256)
    assert {place: value for place, value in enumerate(found[0]) if value} == {5: 1 - 10 + 100, 255: 1000}
    assert {place: value for place, value in enumerate(found[1]) if value} == {0: 11, 3: 100, 7: -1000}


def test_of_two_sketches_the_larger_concentration_counts():
    first, second = np.zeros((2, 256)), np.zeros((2, 256))
    first[0, :2], second[1, :2] = 4.0, 4.0
    first[1, :4], second[0, :4] = 2.0, 2.0
    for sketch in (first, second):
        assert concentration_of(sketch.reshape(-1), 8) == (16 + 16) / 64


def test_a_sketch_tells_the_concentration_of_many_clusters_and_adds_up():
    rng = np.random.default_rng(2)
    clusters = np.repeat(rng.integers(0, 1 << 32, 400, dtype=np.uint64), 3)
    sketch = sketch_of(clusters, np.ones(1200))
    assert concentration_of(sketch, 1200) == pytest.approx(1 / 400, rel=0.3)
    assert concentration_of(sketch + sketch, 2400) == pytest.approx(concentration_of(sketch, 1200))
    others = sketch_of(np.repeat(rng.integers(0, 1 << 32, 400, dtype=np.uint64), 3), np.ones(1200))
    assert concentration_of(sketch + others, 2400) == pytest.approx(1 / 800, rel=0.3)


def test_concentration_stays_between_single_records_and_one_cluster():
    assert concentration_of(np.zeros(512), 10) == pytest.approx(1 / 10)
    assert concentration_of(sketch_of(np.zeros(10, np.uint64), np.ones(10)), 10) == 1.0
    assert concentration_of(np.full(512, 10.0), 10) == 1.0
    assert concentration_of(np.zeros(512), 0) == 1.0, "of no record nothing better is known"


def test_p_of_an_estimated_variance_is_students():
    assert widened(np.array([0.01]), np.array([9.0]))[0] == pytest.approx(
        2 * t_tail(np.array([2.5758293]), np.array([9.0]))[0]
    )
    assert widened(np.array([1.0]), np.array([2.0]))[0] == 1.0
    assert widened(np.array([0.0]), np.array([1e12]))[0] == pytest.approx(1e-300, rel=1e-3, abs=0), (
        "its tail never underflows"
    )


def table(rng, effects, wards, shift=0.0):
    return pa.table({"x": effects[wards] + rng.normal(size=len(wards)) + shift, "ward": [str(ward) for ward in wards]})


def test_five_wards_a_week_raise_no_alarm_and_a_shift_of_all_wards_does():
    rng = np.random.default_rng(1)
    effects = 2 * rng.normal(size=200)
    made = table(rng, effects, rng.integers(0, 100, 600))
    plain = SCHEMA.with_roles(ignore=["ward"])

    def alarms(schema, shift):
        baseline, evidence, found = Baseline(made, schema), Evidence(), 0
        drawn = np.random.default_rng(2)
        for week in range(8):
            wards = 100 + drawn.choice(100, 5, replace=False)[np.arange(60) % 5]
            window = Window(table(drawn, effects, wards, shift), schema)
            evidence = update(evidence, baseline, window, window_id=str(week), since=None, policy=Policy())
            found += evidence.alarm
        assert fits(evidence, baseline)
        return found

    assert alarms(SCHEMA, 0.0) == 0
    assert alarms(plain, 0.0) > 0
    assert alarms(SCHEMA, 5.0) > 0


def test_a_check_with_evidence_keeps_the_sketch_and_a_plain_one_stores_none():
    rng = np.random.default_rng(3)
    effects = rng.normal(size=60)
    tables = [table(rng, effects, rng.integers(0, 60, rows)) for rows in (300, 60)]
    evidence = check(Baseline(tables[0], SCHEMA), Window(tables[1], SCHEMA), Policy(), Evidence()).evidence
    assert np.abs(evidence.blocks[0].sketch).max() >= 1
    plain = SCHEMA.with_roles(ignore=["ward"])
    evidence = check(Baseline(tables[0], plain), Window(tables[1], plain), Policy(), Evidence()).evidence
    assert evidence.blocks[0].clusters == b""
