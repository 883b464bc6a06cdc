"""Which statistics are looked at together, and how much of the error rate each family may spend.

The weights were chosen so that each kind of change is found about as often as by a test of its own at the same total
error rate (docs/statistics.md). They shift power, never the error rate.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from driftloop.stats.hotelling import inverse_with_ridge, t_squared
from driftloop.two_sample.column_scores import (
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
)
from driftloop.two_sample.min_p import Family
from driftloop.two_sample.score_matrix import ScoreMatrix

MARGIN, BROKEN = "margin", "broken"
FAMILY_OF = {
    LOCATION: MARGIN,
    SIDE: MARGIN,
    SHARE: SHARE,
    SPREAD: SPREAD,
    DEPENDENCE: DEPENDENCE,
    PAIR: PAIR,
    GIVEN: GIVEN,
    MISSING: BROKEN,
    RANGE: BROKEN,
    REPEAT: BROKEN,
}
WEIGHTS = {SPREAD: 0.30, DEPENDENCE: 0.17, PAIR: 0.03, GIVEN: 0.02, BROKEN: 0.04}
MARGINS, CROWDING = 0.60, 0.3
"""Shared by numeric and categorical columns as their numbers to this power: between equal parts for each column (1) and
equal parts for both kinds (0)."""
OMNIBUS_WEIGHT = (OMNIBUS, 0.025)
RIDGE = 1e-3


def build_families(scores: ScoreMatrix, drawn: npt.NDArray[np.float32]) -> tuple[list[Family], dict[str, list[int]]]:
    """The statistics in families (absolute values; row 0 as seen), and which score is where."""
    members: dict[str, list[int]] = {}
    for j, name in enumerate(scores.names):
        members.setdefault(FAMILY_OF[name.kind], []).append(j)
    numbers = {
        kind: len({score.column_indexes for score in scores.names if FAMILY_OF[score.kind] == kind})
        for kind in (MARGIN, SHARE)
    }
    roots = {kind: number**CROWDING for kind, number in numbers.items()}
    weights = WEIGHTS | {kind: MARGINS * root / sum(roots.values()) for kind, root in roots.items() if root}
    families = [Family(name, weights[name], np.abs(drawn[:, places])) for name, places in members.items()]
    main = np.flatnonzero(scores.main)
    if len(main) > 1:
        families.append(Family(*OMNIBUS_WEIGHT, _distance(scores, main, drawn)[:, None]))
    return families, members


def _distance(
    scores: ScoreMatrix, main: npt.NDArray[np.int64], drawn: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Hotelling's T^2 of the main scores, with a little ridge: all columns at once, in any direction."""
    matrix = scores.matrix[:, main]
    matrix = matrix / np.sqrt((matrix**2).mean(axis=0))
    rows, width = matrix.shape
    correlation = matrix.T @ matrix / rows
    inverse = inverse_with_ridge(correlation, RIDGE + min(1.0, (width / rows) ** 2)).astype(np.float32)
    return t_squared(drawn[:, main], inverse)
