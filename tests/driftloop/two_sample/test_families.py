"""Which statistics are looked at together, and the weight of each family."""

import numpy as np
import pytest

from driftloop.two_sample.column_scores import (
    BUMP,
    CENTRE,
    DEPENDENCE,
    GIVEN,
    LOCATION,
    MISSING,
    OMNIBUS,
    PAIR,
    RANGE,
    REPEAT,
    SHARE,
    SIDE,
    SPREAD,
    Score,
)
from driftloop.two_sample.families import BROKEN, Omnibus, build_families, family_weights
from driftloop.two_sample.score_matrix import ScoreMatrix


def scores(*names, rows=60, main=(), seed=1):
    matrix = np.random.default_rng(seed).normal(size=(rows, len(names)))
    matrix -= matrix.mean(axis=0)
    marks = np.array([index in main for index in range(len(names))], bool)
    return ScoreMatrix(matrix, np.zeros(len(names)), names, marks)


def test_weights_are_those_of_the_documentation():
    weights = family_weights([Score(LOCATION, (0,)), Score(SHARE, (1,), "a")])
    assert weights == pytest.approx(
        {
            LOCATION: 0.21,
            SIDE: 0.12,
            SHARE: 0.36,
            SPREAD: 0.34,
            BUMP: 0.10,
            DEPENDENCE: 0.12,
            PAIR: 0.03,
            GIVEN: 0.02,
            BROKEN: 0.08,
            OMNIBUS: 0.025,
        }
    )


@pytest.mark.parametrize(("numeric", "categorical"), [(1, 0), (0, 3), (9, 1), (2, 2), (1, 32)])
def test_numbers_and_categories_divide_the_weights_as_their_numbers_of_columns_to_the_power_of_three_tenths(
    numeric, categorical
):
    names = [Score(kind, (j,), level) for j in range(numeric) for kind, level in ((LOCATION, ""), (SIDE, "high"))]
    names += [Score(SHARE, (numeric + j,), level) for j in range(categorical) for level in "abc"]
    weights = family_weights(names)
    total = numeric**0.3 * (numeric > 0) + categorical**0.3 * (categorical > 0)
    part = numeric**0.3 * (numeric > 0) / total
    assert weights.get(LOCATION, 0.0) == pytest.approx(0.42 * part)
    assert weights.get(SIDE, 0.0) == pytest.approx(0.24 * part)
    assert weights.get(SHARE, 0.0) == pytest.approx(0.72 * (1 - part))
    assert (LOCATION in weights, SHARE in weights) == (numeric > 0, categorical > 0)


def test_a_column_that_may_be_codes_counts_as_number_and_as_category():
    names = [Score(LOCATION, (0,)), Score(LOCATION, (1,)), Score(SHARE, (1,), "3"), Score(SHARE, (1,), "4")]
    weights = family_weights(names)
    assert weights[LOCATION] / weights[SHARE] == pytest.approx(0.42 / 0.72 * 2**0.3)


def test_each_kind_of_score_is_in_its_family_by_absolute_value():
    names = (
        Score(LOCATION, (0,)), Score(SIDE, (0,), "high"), Score(SHARE, (1,), "a"), Score(SPREAD, (0,)),
        Score(DEPENDENCE, (0,)), Score(PAIR, (0, 1)), Score(GIVEN, (0,)), Score(MISSING, (0,)),
        Score(RANGE, (0,), "above"), Score(REPEAT, (0,), "5"), Score(CENTRE, (0,)), Score(SIDE, (0,), "low"),
        Score(BUMP, (0,), "lower"), Score(BUMP, (0,), "upper"),
    )  # fmt: skip
    statistics = np.random.default_rng(2).normal(size=(20, len(names))).astype(np.float32)
    families, members = build_families(names, statistics, None)
    assert members == {
        LOCATION: [0, 10], SIDE: [1, 11], SHARE: [2], SPREAD: [3], DEPENDENCE: [4], PAIR: [5], GIVEN: [6],
        BROKEN: [7, 8, 9], BUMP: [12, 13],
    }  # fmt: skip
    for family in families:
        values = np.abs(statistics[:, members[family.name]])
        np.testing.assert_array_equal(family.observed, values[0])
        np.testing.assert_array_equal(family.largest, values.max(axis=1))
        assert family.weight == family_weights(names)[family.name]


def test_the_omnibus_statistic_is_hotellings_of_the_main_scores():
    names = tuple(Score(LOCATION, (j,)) for j in range(3))
    matrix = scores(*names, main=(0, 2))
    statistics = np.random.default_rng(3).normal(size=(10, 3)).astype(np.float32)
    families, _ = build_families(names, statistics, Omnibus.of(matrix))
    omnibus = families[-1]
    assert (omnibus.name, omnibus.weight) == (OMNIBUS, 0.025)
    correlation = np.corrcoef(matrix.matrix[:, [0, 2]].T) + (0.001 + (2 / 60) ** 2) * np.eye(2)
    d = statistics[:, [0, 2]].astype(float)
    expected = np.sum(d @ np.linalg.inv(correlation) * d, axis=1)
    np.testing.assert_allclose(omnibus.largest, expected, rtol=1e-4)


def test_there_is_no_omnibus_statistic_of_one_column():
    statistics = np.zeros((3, 2), np.float32)
    names = Score(LOCATION, (0,)), Score(SIDE, (0,), "low")
    families, _ = build_families(names, statistics, Omnibus.of(scores(*names, main=(0,))))
    assert [family.name for family in families] == [LOCATION, SIDE]
