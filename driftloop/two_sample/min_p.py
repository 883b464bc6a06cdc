"""Many statistics, one error rate: families of statistics, each by its largest, combined by the smallest weighted p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Family:
    """Statistics that are looked at by their largest: `values[b, i]`, row 0 as seen, the others permuted."""

    name: str
    weight: float
    values: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Combined:
    """`p`: of everything together; `adjusted[name][i]`: of each statistic, corrected for all that were looked at."""

    p: float
    adjusted: dict[str, Floats]


def combine(families: Sequence[Family]) -> Combined:
    """The smallest weighted p over families, with its own law taken from the same relabellings.

    In a family, the p of a statistic is the part of relabellings whose largest statistic reaches it; over families, the
    part of relabellings whose smallest p / weight is as small (Westfall and Young 1993, single step). So each p is
    exact whatever the dependence, and without a change any adjusted p is at most alpha with at most that chance.
    """
    draws = len(families[0].values)
    largest = {family.name: _rounded(family.values.max(axis=1)) for family in families}
    ordered = {name: np.sort(values) for name, values in largest.items()}
    ranks = {name: (draws - np.searchsorted(ordered[name], seen, "left")) / draws for name, seen in largest.items()}
    smallest = np.sort(np.min([ranks[family.name] / family.weight for family in families], axis=0))
    adjusted = {}
    for family in families:
        single = (draws - np.searchsorted(ordered[family.name], _rounded(family.values[0]), "left")) / draws
        # Row 0 is one of the draws, so that no p is below 1 / draws.
        single = np.maximum(single, 1 / draws) / family.weight
        adjusted[family.name] = np.searchsorted(smallest, single, "right") / draws
    return Combined(min(float(a.min()) for a in adjusted.values()), adjusted)


def _rounded(values: npt.NDArray[np.float32]) -> Floats:
    """To three decimals: statistics that are equal by right must not differ by the order of a processor's additions."""
    return np.asarray(np.round(values, 3), dtype=np.float64)
