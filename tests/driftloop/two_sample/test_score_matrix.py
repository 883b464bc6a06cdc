"""The records of two samples in one matrix of scores."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from driftloop import Column, Profile, Schema
from driftloop.two_sample.column_scores import BUMP, CENTRE, LOCATION, MISSING, SHARE, SIDE, Score
from driftloop.two_sample.score_matrix import PooledRecords, column_blocks, pool_samples, score_records

SCHEMA = Schema((Column("x"), Column("g", "categorical")))


def pooled(baseline, window):
    return pool_samples(*(Profile.build(pd.DataFrame(side), SCHEMA).sample for side in (baseline, window)))


def test_records_are_pooled_as_often_as_they_occurred_with_common_levels():
    records = pooled({"x": [1.0, 1.0, 2.0], "g": ["b", "b", "c"]}, {"x": [1.0, 3.0], "g": ["a", "c"]})
    assert records.levels == ((), ("a", "b", "c"))
    assert records.window.tolist() == [False] * 3 + [True] * 2
    rows = sorted(zip(records.values[:, 0].tolist(), records.values[:, 1].tolist(), strict=True))
    assert rows == [(1.0, 0.0), (1.0, 1.0), (1.0, 1.0), (2.0, 2.0), (3.0, 2.0)]


def test_a_missing_value_has_the_mean_of_the_others_and_its_own_mark():
    records = pooled({"x": [1.0, 2.0, None, 4.0], "g": list("aabb")}, {"x": [None, 6.0, 7.0], "g": list("aba")})
    scores = score_records(records, SCHEMA.features, [0, 1])
    location, missing = (scores.names.index(Score(kind, (0,))) for kind in (LOCATION, MISSING))
    gone = np.isnan(records.values[:, 0])
    of_values = [index for index, name in enumerate(scores.names) if name.kind in (LOCATION, CENTRE, SIDE, BUMP)]
    assert len(of_values) == 6
    np.testing.assert_allclose(scores.matrix[np.ix_(gone, of_values)], 0, atol=1e-12)
    assert scores.means[location] == pytest.approx(scores.matrix[~gone, location].mean() + scores.means[location])
    np.testing.assert_allclose(scores.matrix[:, missing] + scores.means[missing], gone)
    assert scores.means[missing] == pytest.approx(2 / 7)


def test_scores_are_centred_and_constant_ones_are_left_out():
    records = pooled({"x": [5.0] * 6, "g": list("aabbcc")}, {"x": [5.0] * 3, "g": list("abc")})
    scores = score_records(records, SCHEMA.features, [0, 1])
    np.testing.assert_allclose(scores.matrix.mean(axis=0), 0, atol=1e-12)
    assert {name.column_indexes for name in scores.names} == {(1,)}
    assert [name.level for name in scores.names if name.kind == SHARE] == ["a", "b", "c"]


def test_a_numeric_column_stands_by_its_location_a_categorical_one_by_marks_but_the_first():
    rng = np.random.default_rng(1)
    frames = [{"x": rng.normal(size=rows), "g": rng.choice(list("abc"), rows, p=[0.5, 0.3, 0.2])} for rows in (80, 40)]
    scores = score_records(pooled(*frames), SCHEMA.features, [0, 1])
    main = [(name.kind, name.level) for name, stands in zip(scores.names, scores.main, strict=True) if stands]
    assert main == [(LOCATION, ""), (SHARE, "b"), (SHARE, "c")]


def test_no_column_no_score():
    records = pooled({"x": [1.0], "g": ["a"]}, {"x": [2.0], "g": ["b"]})
    scores = score_records(records, SCHEMA.features, [])
    assert (scores.names, scores.matrix.shape) == ((), (2, 0))


@pytest.mark.parametrize(
    ("width", "blocks"),
    [
        (0, [(0, 0)]),
        (1, [(0, 1)]),
        (2, [(0, 2)]),
        (64, [(0, 64)]),
        (65, [(0, 65)]),
        (66, [(0, 64), (64, 66)]),
        (128, [(0, 64), (64, 128)]),
        (129, [(0, 64), (64, 129)]),
    ],
)
def test_blocks_of_64_columns_hold_each_once_and_none_alone(width, blocks):
    assert [(block.start, block.stop) for block in column_blocks(width)] == blocks


def test_scores_of_many_columns_are_those_of_each_alone():
    """200 columns have more than 600 scores, in ten blocks."""
    rng = np.random.default_rng(2)
    values = np.round(rng.normal(size=(30, 200)), 1)
    records = PooledRecords(values, ((),) * 200, np.arange(30) >= 20)
    columns = [Column(f"x{index}") for index in range(200)]
    scores = score_records(records, columns, range(200))
    found = {name: scores.matrix[:, index] + scores.means[index] for index, name in enumerate(scores.names)}
    assert len(scores.names) == scores.matrix.shape[1] > 600
    for index in (0, 20, 21, 22, 43, 64, 65, 199):
        alone = score_records(records, columns, [index])
        for place, name in enumerate(alone.names):
            if name in found and name.kind == LOCATION:
                np.testing.assert_allclose(found[name], alone.matrix[:, place] + alone.means[place], atol=1e-9)
    assert {name.column_indexes for name in scores.names if name.kind == LOCATION} == {(each,) for each in range(200)}


def both_structures():
    schema = Schema(
        (Column("x"), Column("at", "datetime", role="timestamp"), Column("ward", "categorical", role="cluster")),
        season="weekday",
    )

    def side(values, days, wards):
        at = pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D")  # a Monday
        return Profile.build(pd.DataFrame({"x": values, "at": at, "ward": wards}), schema).sample

    baseline = side([1.0, 1.0, 2.0], [0, 0, 5], ["a", "a", "b"])
    window = side([3.0, 4.0, 4.0], [6, 5, 5], ["a", "c", "c"])
    return pool_samples(baseline, window), (baseline, window)


def test_clusters_and_seasons_are_those_of_each_record():
    records, _ = both_structures()
    assert sorted(zip(records.values[:, 0].tolist(), records.seasons.tolist(), strict=True)) == [
        (1.0, 0), (1.0, 0), (2.0, 5), (3.0, 6), (4.0, 5), (4.0, 5),
    ]  # fmt: skip
    of_value = {value: set(records.clusters[records.values[:, 0] == value].tolist()) for value in (1.0, 2.0, 3.0, 4.0)}
    assert all(len(keys) == 1 for keys in of_value.values())
    assert of_value[1.0] == of_value[3.0]
    assert len(set().union(*of_value.values())) == 3


def test_chosen_records_keep_their_clusters_and_seasons():
    records, _ = both_structures()
    some = records.values[:, 0] >= 3
    chosen = records.chosen(some)
    assert sorted(chosen.values[:, 0].tolist()) == [3, 4, 4]
    assert chosen.window.all()
    assert (chosen.seasons == records.seasons[some]).all()
    assert (chosen.clusters == records.clusters[some]).all()
    plain = PooledRecords(records.values, records.levels, records.window).chosen(some)
    assert (plain.clusters, plain.seasons, len(plain.window)) == (None, None, 3)


def test_a_structure_that_one_side_lacks_is_none_of_both():
    _, (baseline, window) = both_structures()
    records = pool_samples(replace(baseline, clusters=None), replace(window, seasons=None))
    assert (records.clusters, records.seasons) == (None, None)


@pytest.mark.parametrize("structure", [{}, {"clusters": 1}, {"seasons": 1}, {"clusters": 1, "seasons": 1}])
def test_records_are_structured_by_clusters_or_by_seasons(structure):
    marks = np.array([False, True])
    given = {name: np.zeros(2, np.uint64 if name == "clusters" else np.int64) for name in structure}
    assert PooledRecords(np.zeros((2, 1)), ((),), marks, **given).is_structured is bool(structure)
