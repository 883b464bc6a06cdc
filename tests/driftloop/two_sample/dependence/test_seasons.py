"""The baseline's matching part: weights, relabelling within seasons, and what is said where it covers less."""

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Evidence, Policy, Schema, SchemaError, Window, check
from driftloop.profile.sampling.season_codes import UNKNOWN
from driftloop.two_sample import permutation
from driftloop.two_sample.column_scores import LOCATION, Score
from driftloop.two_sample.compare import compare
from driftloop.two_sample.dependence.seasons import (
    centred_within,
    labels_within,
    matching,
    mix_weights,
    permuted_within,
)
from driftloop.two_sample.score_matrix import PooledRecords, ScoreMatrix

SCHEMA = Schema((Column("x"), Column("at", "datetime", role="timestamp")), season="weekday")
MONDAY = np.datetime64("2024-01-01T12:00", "us")


def days(of, values):
    """Records of days since a Monday."""
    return pa.table({"x": np.asarray(values, float), "at": pa.array(MONDAY + np.asarray(of) * np.timedelta64(1, "D"))})


def weeks(count, per_day, rng, effect=3.0):
    of = np.repeat(np.arange(7 * count), per_day)
    return days(of, rng.normal(size=len(of)) + effect * (of % 7 >= 5))


def test_the_baseline_is_weighted_by_the_windows_mix():
    # Baseline: 4 Mondays, 2 Sundays; window: 1 Monday, 3 Sundays. Weights (1/4)/(4/6) and (3/4)/(2/6).
    seasons, window = np.array([0, 0, 0, 0, 6, 6, 0, 6, 6, 6]), np.arange(10) >= 6
    weights = mix_weights(seasons, window)
    assert weights == pytest.approx([0.375] * 4 + [2.25] * 2)
    assert weights.mean() == pytest.approx(1)


def test_the_statistic_is_the_sum_over_seasons_in_its_own_standard_deviation():
    scores = np.array([0.0, 2.0, 4.0, 10.0, 16.0])
    seasons, window = np.array([0, 0, 0, 1, 1]), np.array([False, False, True, False, True])
    centred = np.where(seasons == 0, scores - 2, scores - 13)[:, None]
    # Season 0: m = 1 of n = 3, sum of squares 8; season 1: 1 of 2, 18. Variance 1*2/(3*2)*8 + 1*1/(2*1)*18.
    expected = (2 + 3) / np.sqrt(8 / 3 + 9)
    found = permuted_within(centred, window, seasons, 99, 1)
    assert found[0, 0] == pytest.approx(expected, rel=1e-6)
    # Six choices, of which the observed one alone is the farthest out on its side.
    assert len(np.unique(found.round(4))) == 6


def test_relabelling_keeps_the_numbers_of_each_season():
    seasons, window = np.repeat([0, 1, 2], 20), np.tile([True, False, False, False], 15)
    for labels in labels_within(window, seasons, 30, 4):
        for season in range(3):
            assert set(labels[:, seasons == season].sum(axis=1)) == {5.0}


def test_a_sunday_is_compared_with_sundays():
    rng = np.random.default_rng(3)
    baseline = weeks(20, 4, rng)
    sunday = days(np.full(40, 6), rng.normal(size=40) + 3.0)
    plain = Schema(SCHEMA.columns)
    assert compare(Baseline(baseline, plain), Window(sunday, plain), Policy()).p <= 0.001
    result = check(Baseline(baseline, SCHEMA), Window(sunday, SCHEMA))
    assert result.verdict.value == "stable"
    assert "compared with the baseline's records of the same weekday: Sunday" in result.notes
    (location,) = [each for each in result.comparison.results if each.score.kind == "location"]
    assert abs(location.window_mean - location.baseline_mean) < 0.5  # the plain difference is above 1
    assert result["x"].effect == pytest.approx(location_of(sunday) - location_of(baseline, 6))


def location_of(table, weekday=None):
    values = table["x"].to_numpy()
    of = (table["at"].to_numpy() - MONDAY).astype("timedelta64[D]").astype(int) % 7
    return values[of == weekday].mean() if weekday is not None else values.mean()


def test_a_shift_within_the_season_is_found():
    rng = np.random.default_rng(4)
    baseline = Baseline(weeks(20, 4, rng), SCHEMA)
    moved = Window(days(np.full(40, 6), rng.normal(size=40) + 4.0), SCHEMA)
    assert check(baseline, moved).verdict.value == "drift"


def test_days_that_the_baseline_lacks_are_left_out_and_said():
    rng = np.random.default_rng(5)
    of = np.repeat(np.arange(140), 4)
    of = of[of % 7 < 5]
    baseline = Baseline(days(of, rng.normal(size=len(of))), SCHEMA)
    window = Window(days([0] * 30 + [6] * 10, np.concatenate([rng.normal(size=30), np.full(10, 50.0)])), SCHEMA)
    result = check(baseline, window)
    assert "25% of the rows were not compared: the baseline has no record of their weekday (Sunday)" in result.notes
    alone = Window(days([6] * 40, rng.normal(size=40)), SCHEMA)
    result = check(baseline, alone, Policy(), Evidence())
    assert result.verdict.value == "insufficient"
    assert result.reasons[0].startswith("only 0 rows")
    assert result.evidence == Evidence()


def test_a_season_needs_a_time_and_a_known_name():
    with pytest.raises(SchemaError, match="season = 'weekday' needs a column with the role timestamp"):
        Schema((Column("x"),), season="weekday")
    with pytest.raises(SchemaError, match=r"season = 'weekdays'.*weekday"):
        SCHEMA.with_season("weekdays")


def test_records_without_a_time_are_compared_with_none():
    rng = np.random.default_rng(6)
    table = weeks(20, 4, rng)
    blank = table.set_column(1, "at", pa.nulls(len(table), pa.timestamp("us")))
    window = Window(blank.slice(0, 60), SCHEMA)
    assert check(Baseline(table, SCHEMA), window).verdict.value == "insufficient"


def test_a_profile_with_seasons_survives_its_file():
    baseline = Baseline(weeks(3, 4, np.random.default_rng(7)), SCHEMA)
    again = Baseline.from_bytes(baseline.to_bytes())
    assert again == baseline
    assert np.array_equal(again.profile.sample.seasons, baseline.profile.sample.seasons)
    assert again.schema.season == "weekday"


def pooled(seasons, window):
    marks = np.array(window, bool)
    return PooledRecords(np.arange(float(len(marks)))[:, None], ((),), marks, None, seasons)


def test_records_of_seasons_that_one_side_lacks_are_left_out():
    records = pooled(np.array([0, 0, 1, UNKNOWN, 0, 2, UNKNOWN]), [0, 0, 0, 0, 1, 1, 1])
    assert matching(records).values[:, 0].tolist() == [0, 1, 4]
    assert matching(records).window.tolist() == [False, False, True]


@pytest.mark.parametrize("seasons", [None, np.array([0, 1, 1, 0])])
def test_records_that_all_match_are_taken_as_they_are(seasons):
    records = pooled(seasons, [0, 0, 1, 1])
    assert matching(records) is records


def test_scores_are_centred_within_seasons_and_those_that_differ_between_them_alone_are_left_out():
    within, between = Score(LOCATION, (0,)), Score(LOCATION, (1,))
    matrix = np.array([[1.0, -1.0], [3.0, -1.0], [-6.0, 1.0], [2.0, 1.0]])
    scores = ScoreMatrix(matrix.copy(), np.array([5.0, 7.0]), (within, between), np.array([True, False]))
    found = centred_within(scores, np.array([0, 0, 1, 1]))
    assert found.matrix.tolist() == [[-1.0], [1.0], [-4.0], [4.0]]
    assert (found.names, found.means.tolist(), found.main.tolist()) == ((within,), [5.0], [True])
    np.testing.assert_array_equal(scores.matrix, matrix)


def test_as_many_relabellings_as_asked_for_however_they_are_divided(monkeypatch):
    seasons, window = np.repeat([0, 1], 10), np.arange(20) % 3 == 0
    whole = np.concatenate(list(labels_within(window, seasons, 7, 1)))
    assert whole.shape == (7, 20)
    monkeypatch.setattr(permutation, "AT_ONCE", 3 * 20)
    np.testing.assert_array_equal(np.concatenate(list(labels_within(window, seasons, 7, 1))), whole)
    monkeypatch.setattr(permutation, "AT_ONCE", 1)
    np.testing.assert_array_equal(np.concatenate(list(labels_within(window, seasons, 7, 1))), whole)


def test_at_most_so_many_labels_are_held_at_once(monkeypatch):
    monkeypatch.setattr(permutation, "AT_ONCE", 3 * 20 + 19)
    blocks = list(labels_within(np.arange(20) % 3 == 0, np.repeat([0, 1], 10), 7, 1))
    assert [len(block) for block in blocks] == [3, 3, 1]
