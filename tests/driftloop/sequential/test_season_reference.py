"""The baseline with a stretch's own mix of seasons, by direct arithmetic, and evidence over seasonal windows."""

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Evidence, Policy, Schema, Window
from driftloop.sequential.evidence import update
from driftloop.sequential.season_reference import SeasonSums, less_season_means, season_counts

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


def test_scores_less_their_season_keep_the_overall_mean():
    sample = Baseline(days([0, 0, 6, 6], [1.0, 3.0, 11.0, 13.0]), SCHEMA).profile.sample
    moved = less_season_means(sample.values, sample)
    assert sorted(moved[:, 0]) == [6.0, 6.0, 8.0, 8.0]


def test_windows_are_counted_by_season():
    sample = Baseline(days([0, 6, 6, 7], [1.0, 2.0, 3.0, 4.0]), SCHEMA).profile.sample
    assert season_counts(sample, np.ones(4))[:7] == (2.0, 0, 0, 0, 0, 0, 2.0)


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
