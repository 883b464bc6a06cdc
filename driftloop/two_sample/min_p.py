"""Many statistics, one error rate: groups of statistics, each by its largest, combined by the smallest weighted p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Group:
    """Statistics that are looked at by their largest: `values[b, i]`, row 0 as seen, the others relabelled."""

    name: str
    weight: float
    values: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Combined:
    """`p`: of everything together; `adjusted[name][i]`: of each statistic, corrected for all that were looked at."""

    p: float
    adjusted: dict[str, Floats]


def combine(groups: Sequence[Group]) -> Combined:
    """The smallest weighted p over groups, with its own law taken from the same relabellings.

    In a group, the p of a statistic is the part of relabellings whose largest statistic reaches it; over groups, the
    part of relabellings whose smallest p / weight is as small (Westfall and Young 1993, single step). So each p is
    exact whatever the dependence, and without a change any adjusted p is at most alpha with at most that chance.
    """
    draws = len(groups[0].values)
    largest = {group.name: _rounded(group.values.max(axis=1)) for group in groups}
    ordered = {name: np.sort(values) for name, values in largest.items()}
    ranks = {name: (draws - np.searchsorted(ordered[name], seen, "left")) / draws for name, seen in largest.items()}
    smallest = np.sort(np.min([ranks[group.name] / group.weight for group in groups], axis=0))
    adjusted = {}
    for group in groups:
        single = (draws - np.searchsorted(ordered[group.name], _rounded(group.values[0]), "left")) / draws
        # Row 0 is one of the draws, so that no p is below 1 / draws.
        single = np.maximum(single, 1 / draws) / group.weight
        adjusted[group.name] = np.searchsorted(smallest, single, "right") / draws
    return Combined(min(float(a.min()) for a in adjusted.values()), adjusted)


def _rounded(values: npt.NDArray[np.float32]) -> Floats:
    """To three decimals: statistics that are equal by right must not differ by the order of a processor's additions."""
    return np.asarray(np.round(values, 3), dtype=np.float64)
