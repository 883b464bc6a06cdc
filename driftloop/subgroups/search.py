"""The subgroup whose share of the records, or whose content, has changed most; valid after having searched.

A beam search (`driftloop.subgroups.beam`) gives the largest statistic of each kind. The kinds are a share that grew,
one that shrank, a content that moved, each by rules of one to three conditions. The last is the content of all records.
The same search is made for random relabellings of the records' sides. Let z_k be a kind's largest statistic and q_k the
95 % quantile of its square over all rows, the observed one among them. A row's statistic is

    max over k of (z_k^2 - q_k)

Squares of normal maxima have tails of one rate, so that the kinds are then alike. p is the part of rows that reach the
observed one (a permutation test of a maximum: Westfall and Young 1993). So the whole search is accounted for, whatever
the dependence of the rules.

Which rule is named decides nothing more. The best of each kind has its limits moved, and the one with the largest
z_k^2 - q_k is named. A condition more and a share that shrank must be worth it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.subgroups.beam import CONTENT, GROWN, SHRUNK, Beam, Kind, Largest
from driftloop.subgroups.candidates import Candidates
from driftloop.subgroups.conditions import Condition
from driftloop.subgroups.content_scores import content_scores, scores_given_others
from driftloop.subgroups.limits import Change, Limits
from driftloop.two_sample.dependence.cluster_pairs import relabelled_sides
from driftloop.two_sample.dependence.seasons import labels_within
from driftloop.two_sample.permutation import mark_smallest

if TYPE_CHECKING:
    from driftloop.data.schema import Column
    from driftloop.two_sample.score_matrix import PooledRecords

Singles = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

PERMUTATIONS = 199
"""p is then told in steps of 1/200: enough for a level of 0.05, and half a second for ten columns."""
ALIGNED_AT = 0.95
"""The quantile at which kinds are made alike: where the level of a check lies."""
WORTH_A_CONDITION = 4.0
"""By which z^2 - q must grow for the second and the third condition each: moving one more limit gains about as much
by chance."""
WORTH_SHRINKING = 4.0
"""By which a share that shrank must be ahead of one that grew. Of a group and the others, the group that came more
often is named unless the data say otherwise.
"""
DECIMALS = 3
"""Statistics are compared after rounding, as in `driftloop.two_sample.min_p`."""


@dataclass(frozen=True)
class NamedRule:
    """The rule that is named, the column whose content changed (None: the share did), its statistic, and p."""

    rule: tuple[Condition, ...]
    content: int | None
    z: float
    p: float


def search(
    pooled: PooledRecords,
    columns: Sequence[Column],
    *,
    seed: int,
    times: int = PERMUTATIONS,
    level: float = 0.05,
    changes: Collection[str] = (GROWN, SHRUNK, CONTENT),
    contents: Collection[int] | None = None,
) -> NamedRule | None:
    """The subgroup that changed most, with a p that accounts for the search; None where there is no candidate.

    Parameters
    ----------
    pooled : records of both sides.
    columns : the d compared columns.
    seed : of the permutations.
    times : number of permutations.
    level : at which p will be judged.
    changes : which kinds of change are looked for.
    contents : indexes of the columns whose content is looked at; None: every number.
    """
    candidates = Candidates.of(pooled, columns)
    plain = content_scores(pooled, columns)
    given_others = scores_given_others(pooled, columns, plain)
    # A category whose share changed inside a subgroup is a rule with one condition more.
    asked = range(len(columns)) if contents is None else contents
    numbers = np.array([index for index in asked if columns[index].kind != "categorical"], np.int64)
    scores = np.concatenate([plain[:, numbers], given_others[:, numbers]], axis=1).astype(np.float32)
    of_column = np.tile(numbers, 2)
    labels = _labels(pooled, scores, times, seed, level)
    found = Beam(candidates, labels, scores, of_column).run()
    found = {kind: largest for kind, largest in found.items() if kind.change in changes and largest.of_rows.any()}
    if not found or not any(largest.of_rows[0] for largest in found.values()):
        return None
    expected, p = _aligned(found)
    limits = Limits(pooled)
    best, named = -np.inf, None
    for kind, largest in found.items():
        if not largest.of_rows[0]:
            continue
        rule = tuple(candidates.conditions[index] for index in largest.rule)
        z = float(largest.of_rows[0])
        if rule:
            of_content = None if largest.score is None else scores[:, largest.score]
            rule, z = limits.move(rule, Change(kind.change, labels[0], of_content))
        worth = z**2 - expected[kind] - _price(kind)
        if worth > best:
            content = None if largest.score is None else int(of_column[largest.score])
            best, named = worth, NamedRule(rule, content, z, p)
    return named


def _aligned(found: dict[Kind, Largest]) -> tuple[dict[Kind, float], float]:
    """What each kind's squared statistic reaches in one row of twenty; and p.

    >>> rows = np.array([3.0, 1.0, 2.0, 0.5], np.float32)
    >>> _aligned({Kind("content", 0): Largest(rows)})[1]
    0.25
    """
    squares = np.stack([largest.of_rows.astype(np.float64) ** 2 for largest in found.values()])
    quantiles = np.quantile(squares, ALIGNED_AT, axis=1)
    of_rows = np.round((squares - quantiles[:, None]).max(axis=0), DECIMALS)
    return dict(zip(found, quantiles.tolist(), strict=True)), float((of_rows >= of_rows[0]).mean())


def _price(kind: Kind) -> float:
    return WORTH_A_CONDITION * max(kind.length - 1, 0) + (WORTH_SHRINKING if kind.change == SHRUNK else 0.0)


def _labels(pooled: PooledRecords, scores: Singles, times: int, seed: int, level: float) -> Singles:
    """Row 0: which records are the window's; the others: random choices of as many, of clusters or within seasons."""
    window = pooled.window
    if pooled.clusters is not None:
        centred = (scores - scores.mean(axis=0)).astype(np.float64)
        drawn = [relabelled_sides(centred, window, pooled.clusters, times=times, seed=seed, level=level)]
    elif pooled.seasons is not None:
        drawn = [*labels_within(window, pooled.seasons, times, seed)]
    else:
        random = np.random.Generator(np.random.SFC64(seed))
        few = int(np.count_nonzero(window))
        drawn = [mark_smallest(random.random((1, len(window)), dtype=np.float32), few) for _ in range(times)]
    return np.concatenate([window.astype(np.float32)[None, :], *drawn])
