"""Which statistics are looked at together, and how much of the error rate each family may spend.

The weights are chosen for equal power. Each kind of change is found about as often as by a test of its own at the same
total error rate (docs/statistics.md). They shift power, never the error rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.stats.hotelling import inverse_with_ridge, t_squared
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
from driftloop.two_sample.joint_scores import ridge
from driftloop.two_sample.min_p import Family
from driftloop.two_sample.score_matrix import ScoreMatrix

Singles = npt.NDArray[np.float32]

BROKEN = "broken"
FAMILY_OF = {
    LOCATION: LOCATION,
    CENTRE: LOCATION,
    SIDE: SIDE,
    BUMP: BUMP,
    SHARE: SHARE,
    SPREAD: SPREAD,
    DEPENDENCE: DEPENDENCE,
    PAIR: PAIR,
    GIVEN: GIVEN,
    MISSING: BROKEN,
    RANGE: BROKEN,
    REPEAT: BROKEN,
}
WEIGHTS = {SPREAD: 0.34, BUMP: 0.10, DEPENDENCE: 0.12, PAIR: 0.03, GIVEN: 0.02, BROKEN: 0.08, OMNIBUS: 0.025}
"""Chosen on the changes of `benchmarks/changes.py`. Spread and dependence need most, because their scores have the
heaviest tails. Blank or stuck feeds are so far out that a small weight serves. That of bumps was chosen on 20 random
changes of a seed of their own. Weights of 0.05 to 0.3 found as many; 0.1 costs the other changes least.
"""
NUMBERS = {LOCATION: 0.42, SIDE: 0.24}
CATEGORIES = {SHARE: 0.72}
"""Weights where all columns are numbers, or categories."""
CROWDING = 0.3
"""A table of both divides these as its numbers of columns to this power. It lies between equal parts for each column
(1) and equal parts for both kinds (0).
"""


@dataclass(frozen=True)
class Omnibus:
    """Hotelling's T^2 of the main scores, with a little ridge: all columns at once, in any direction.

    `main`: indices of the main scores; `inverse`: of their correlations with the ridge.
    """

    main: npt.NDArray[np.int64]
    inverse: Singles

    @classmethod
    def of(cls, scores: ScoreMatrix) -> Omnibus | None:
        """Of the scores' records; None where fewer than two main scores vary."""
        main = np.flatnonzero(scores.main)
        if len(main) < 2:
            return None
        matrix = scores.matrix[:, main]
        matrix = matrix / np.sqrt((matrix**2).mean(axis=0))
        rows, width = matrix.shape
        inverse = inverse_with_ridge(matrix.T @ matrix / rows, ridge(rows, width))
        return cls(main, inverse.astype(np.float32))

    def values(self, statistics: Singles) -> Singles:
        """T^2 of each row of statistics (B + 1, k): (B + 1, 1)."""
        return t_squared(statistics[:, self.main], self.inverse)[:, None]


def build_families(
    names: Sequence[Score], statistics: Singles, omnibus: Omnibus | None
) -> tuple[list[Family], dict[str, list[int]]]:
    """Statistics by family, as absolute values.

    Parameters
    ----------
    names : what the statistics measure.
    statistics : of each score (B + 1, k); row 0 is observed, the others are permuted.
    omnibus : the statistic of all columns at once, where there is one.

    Returns
    -------
    The families, the omnibus statistic among them; and which statistics are in each but the omnibus, in the order of
    their family's values.
    """
    members: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        members.setdefault(FAMILY_OF[name.kind], []).append(index)
    weights = family_weights(names)
    families = [Family.of(name, weights[name], statistics, indexes) for name, indexes in members.items()]
    if omnibus is not None:
        families.append(Family.of(OMNIBUS, WEIGHTS[OMNIBUS], omnibus.values(statistics)))
    return families, members


def family_weights(names: Sequence[Score]) -> dict[str, float]:
    """The weight of each family that these scores may have.

    >>> names = [Score(LOCATION, (0,)), Score(LOCATION, (1,)), Score(SHARE, (2,), "a"), Score(SHARE, (2,), "b")]
    >>> weights = family_weights(names)
    >>> round(weights[LOCATION] / 0.42 / (weights[SHARE] / 0.72), 4) == round(2**0.3, 4)
    True
    """
    weights, roots = dict(WEIGHTS), []
    for kind in (LOCATION, SHARE):
        roots.append(len({name.column_indexes for name in names if name.kind == kind}) ** CROWDING)
    for root, of_families in zip(roots, (NUMBERS, CATEGORIES), strict=True):
        weights |= {family: weight * root / sum(roots) for family, weight in of_families.items() if root}
    return weights
