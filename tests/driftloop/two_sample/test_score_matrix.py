"""The records of two samples in one matrix of scores."""

import numpy as np
import pandas as pd
import pytest

from driftloop import Column, Profile, Schema
from driftloop.two_sample.column_scores import LOCATION, MISSING, SHARE, Score
from driftloop.two_sample.score_matrix import pool_samples, score_records

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
    np.testing.assert_allclose(scores.matrix[gone, location], 0, atol=1e-12)
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
