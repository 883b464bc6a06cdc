"""Minimum effect sizes, in the units that the policy speaks of."""

import pytest

from driftloop import Policy
from driftloop.two_sample.column_scores import (
    BUMP,
    CENTRE,
    DEPENDENCE,
    GIVEN,
    LOCATION,
    MISSING,
    PAIR,
    RANGE,
    REPEAT,
    SHARE,
    SIDE,
    SPREAD,
    Score,
)
from driftloop.two_sample.count_scores import ScoreMean
from driftloop.two_sample.minimum_effect import is_large_enough

POLICY = Policy(min_shift=0.1, min_spread=0.15, min_correlation=0.2, min_share=0.03)
DEVIATION = 0.5


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        (LOCATION, 0.1 * DEVIATION),
        (CENTRE, 0.1 * DEVIATION),
        (SIDE, 0.1 * DEVIATION),
        (BUMP, 0.1 * DEVIATION),
        (GIVEN, 0.1 * DEVIATION),
        (SPREAD, 2 * 0.15 * DEVIATION),
        (DEPENDENCE, 0.2 * DEVIATION),
        (PAIR, 0.2 * DEVIATION),
        (SHARE, 0.03),
        (RANGE, 0.03),
        (REPEAT, 0.03),
        (MISSING, 0.03),
    ],
)
def test_each_kind_has_its_minimum_whichever_way_the_change_goes(kind, least):
    for sign in (1, -1):
        enough, too_small = (ScoreMean(0.4, 0.4 + sign * least * part, DEVIATION, 9.0) for part in (1.0001, 0.9999))
        assert is_large_enough(Score(kind, (0,)), enough, POLICY)
        assert not is_large_enough(Score(kind, (0,)), too_small, POLICY)


def test_a_score_without_deviation_has_not_moved():
    assert not is_large_enough(Score(LOCATION, (0,)), ScoreMean(0.0, 5.0, 0.0, 0.0), POLICY)


@pytest.mark.parametrize("kind", [LOCATION, SPREAD, PAIR, SHARE])
def test_a_change_of_exactly_the_minimum_is_large_enough(kind):
    policy = Policy(min_shift=0.5, min_spread=0.25, min_correlation=0.5, min_share=0.25)
    least = 0.25 if kind == SHARE else 0.5 * DEVIATION
    assert is_large_enough(Score(kind, (0,)), ScoreMean(0.0, least, DEVIATION, 9.0), policy)
