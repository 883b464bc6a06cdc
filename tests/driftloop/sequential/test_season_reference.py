"""The baseline with a stretch's own mix of seasons, by direct arithmetic, and evidence over seasonal windows."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Evidence, Policy, Schema, Window
from driftloop.profile.sampling.sample import Sample
from driftloop.sequential.evidence import update
from driftloop.sequential.season_reference import (
    MOST_SEASONS,
    SeasonSums,
    less_season_means,
    season_counts,
    season_sums,
)

SCHEMA = Schema((Column("x"), Column("at", "datetime", role="timestamp")), season="weekday")
MONDAY = np.datetime64("2024-01-01T12:00", "us")


def days(of, values):
    return pa.table({"x": np.asarray(values, float), "at": pa.array(MONDAY + np.asarray(of) * np.timedelta64(1, "D"))})


def test_the_reference_has_the_windows_mix_and_the_variance_of_fewer_records():
    sums = SeasonSums(np.array([40.0, 10.0]), np.array([[40.0], [10.0]]), np.array([[40.0], [50.0]]))
    reference, records = sums.reference(np.array([[30.0, 10.0]]))
    # Means 1 and 5 at shares 3/4 and 1/4; 1 / ((3/4)^2 / 40 + (1/4)^2 / 10) records.
    assert reference.totals[0, 0] / reference.rows[0, 0] == pytest.approx(2.0)
    assert records[0] == pytest.approx(1 / (9 / 640 + 1 / 160))
    assert reference.rows[0, 0] == pytest.approx(records[0])


def test_missing_values_of_a_season_take_their_share_of_the_reference():
    sums = SeasonSums(np.array([40.0, 40.0]), np.array([[40.0], [10.0]]), np.array([[40.0], [50.0]]))
    reference, records = sums.reference(np.array([[1.0, 1.0]]))
    assert records[0] == pytest.approx(80)
    assert reference.rows[0, 0] == pytest.approx(80 * (1 + 0.25) / 2)


def test_windows_of_seasons_that_the_baseline_lacks_are_compared_with_the_others():
    """Half of the window's records are of a season without a baseline record: only the other half has a reference."""
    sums = SeasonSums(np.array([40.0, 0.0]), np.array([[40.0], [0.0]]), np.array([[80.0], [0.0]]))
    reference, records = sums.reference(np.array([[5.0, 5.0], [0.0, 7.0]]))
    assert records[0] == pytest.approx(40.0)
    assert (reference.rows[0, 0], reference.totals[0, 0]) == pytest.approx((40.0, 80.0))
    assert (reference.rows[1, 0], reference.totals[1, 0]) == (0.0, 0.0), "nothing to compare with"


def test_a_season_of_a_single_baseline_record_is_compared_with_it():
    sums = SeasonSums(np.array([40.0, 1.0]), np.array([[40.0], [1.0]]), np.array([[80.0], [9.0]]))
    reference, records = sums.reference(np.array([[0.0, 5.0]]))
    assert (records[0], reference.rows[0, 0], reference.totals[0, 0]) == pytest.approx((1.0, 1.0, 9.0))


def test_a_feature_without_a_value_in_its_seasons_has_no_reference():
    sums = SeasonSums(np.array([4.0, 4.0]), np.array([[0.0, 4.0], [4.0, 4.0]]), np.array([[0.0, 8.0], [12.0, 8.0]]))
    reference, records = sums.reference(np.array([[3.0, 0.0]]))
    assert records[0] == pytest.approx(4.0)
    assert reference.rows[0] == pytest.approx([0.0, 4.0])
    assert reference.totals[0] == pytest.approx([0.0, 8.0])


def test_a_baselines_scores_are_summed_by_season_with_their_weights():
    sample = Baseline(days([0, 0, 6, 6], [1.0, 3.0, 11.0, 13.0]), SCHEMA).profile.sample
    values = np.sort(sample.values[:, 0])
    order = np.argsort(sample.values[:, 0])
    assert values.tolist() == [1.0, 3.0, 11.0, 13.0]
    matrix, weights = np.full((4, 2), np.nan), np.empty(4)
    matrix[order] = np.array([[1.0, 5.0], [3.0, np.nan], [11.0, np.nan], [np.nan, np.nan]])
    weights[order] = np.array([1.0, 2.0, 3.0, 4.0])
    sums = season_sums(matrix, sample, weights)
    assert (sums.records[0], sums.records[6], sums.records.sum()) == (3.0, 7.0, 10.0)
    assert len(sums.records) == MOST_SEASONS == 24, "as many as there are hours"
    assert (sums.rows[0].tolist(), sums.totals[0].tolist()) == ([3.0, 1.0], [7.0, 5.0])
    assert (sums.rows[6].tolist(), sums.totals[6].tolist()) == ([3.0, 0.0], [33.0, 0.0])


def test_where_no_season_is_asked_for_nothing_is_summed_counted_or_moved():
    sample = Baseline(days([0, 0, 6, 6], [1.0, 3.0, 11.0, 13.0]), Schema(SCHEMA.columns)).profile.sample
    assert season_sums(sample.values, sample, np.ones(4)) is None
    assert season_counts(sample, np.ones(4)) == ()
    assert less_season_means(sample.values, sample) is sample.values


def test_scores_less_their_season_count_weights_and_leave_missing_ones_missing():
    """Season 0: 1 (weight 3) and 5, mean 2; season 1: 10, and one without a value. Overall mean: (3 + 5 + 10) / 5."""
    marks, weights = np.array([0, 0, 1, 1]), np.array([3, 1, 1, 1])
    values = np.array([[1.0], [5.0], [10.0], [np.nan]])
    sample = Sample(np.arange(4, dtype=np.uint64), values, weights, ((),), complete=True, seasons=marks)
    moved = less_season_means(values, sample)
    np.testing.assert_allclose(moved[:, 0], [1 - 2 + 3.6, 5 - 2 + 3.6, 3.6, np.nan])
    assert values[0, 0] == 1.0, "the scores that were given stay as they are"
    alone = Sample(np.arange(4, dtype=np.uint64), values, weights, ((),), complete=True, seasons=np.array([0, 0, 0, 1]))
    assert np.isfinite(less_season_means(values, alone)[:3]).all()


def test_scores_less_their_season_keep_the_overall_mean():
    sample = Baseline(days([0, 0, 6, 6], [1.0, 3.0, 11.0, 13.0]), SCHEMA).profile.sample
    moved = less_season_means(sample.values, sample)
    assert sorted(moved[:, 0]) == [6.0, 6.0, 8.0, 8.0]


def test_windows_are_counted_by_season():
    sample = Baseline(days([0, 6, 6, 7], [1.0, 2.0, 3.0, 4.0]), SCHEMA).profile.sample
    assert season_counts(sample, np.ones(4)) == (2.0, 0, 0, 0, 0, 0, 2.0, *[0] * 17)
    unknown = replace(sample, seasons=np.where(sample.seasons == 6, -1, sample.seasons))
    assert season_counts(unknown, np.full(4, 2.5)) == (5.0, *[0] * 23), "a record of an unknown season is of none"


def alarms(schema, shift=0.0):
    """Days of 14 with an alarm: Sundays lie three standard deviations higher."""
    rng = np.random.default_rng(11)

    def made(of, moved=0.0):
        return days(of, rng.normal(size=len(of)) + 3 * (of % 7 == 6) + moved)

    baseline, evidence, found = Baseline(made(np.repeat(np.arange(140), 4)), schema), Evidence(), 0
    for day in range(140, 154):
        window = Window(made(np.full(30, day), shift), schema)
        evidence = update(evidence, baseline, window, window_id=str(day), since=None, policy=Policy())
        found += evidence.alarm
    return found


def test_evidence_over_single_days_is_quiet_with_the_season_and_finds_a_shift():
    assert alarms(SCHEMA) == 0
    assert alarms(Schema(SCHEMA.columns)) > 0
    assert alarms(SCHEMA, shift=1.0) > 0
