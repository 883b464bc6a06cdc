"""Statistics of tables that do not fit the samples: single columns from all rows, joint scores from sampled records."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import numpy as np
import numpy.typing as npt

from driftloop.profile.memory import half_written
from driftloop.profile.sampling.sample import Sample
from driftloop.two_sample.column_scores import Score
from driftloop.two_sample.count_scores import ScoreMean
from driftloop.two_sample.score_matrix import ScoreMatrix, column_blocks

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

MAX_RECORDS = 4_000
"""Of both samples together, for permuting every record: 1,000 permutations then take 0.2 s. Beyond, the normal limit
serves; its tails differ from the exact ones by less than 1,000 permutations can tell."""
REPEATS = 1.02
"""Rows per distinct row from which a sample of distinct rows is not a plain sample of rows."""


def thin_samples(baseline: Sample, window: Sample, seed: int) -> tuple[Sample, Sample]:
    """Two samples whose records are alike in how they were chosen, of at most half of `MAX_RECORDS` each.

    A sample that left rows out chose among distinct rows. Where rows repeat, that choice must be made on both sides, so
    only rows below the smaller of the two largest keys are compared. Where they do not, it is a plain random choice. A
    side that has a few distinct rows only, such as a feed that has stopped, may have none below: then all stand.
    """
    both = [baseline, window]
    limits = [sample.keys[-1] for sample in both if not sample.complete]
    if limits and any(sample.rows > REPEATS * len(sample.keys) for sample in both):
        below = [sample.below(min(limits)) for sample in both]
        both = below if all(len(sample.keys) for sample in below) else both
    random = np.random.Generator(np.random.SFC64(seed))
    return both[0].thinned(MAX_RECORDS // 2, random), both[1].thinned(MAX_RECORDS // 2, random)


def sampled_part(window: Marks, baseline_rows: int, window_rows: int) -> float:
    """Which part of the information about a difference of means the sampled records hold, of which some are marked.

    The variance of a difference of means is proportional to 1/m + 1/n for m and n records of the two sides.
    """
    m = int(np.count_nonzero(window))
    n = len(window) - m
    return min(1.0, (1 / window_rows + 1 / baseline_rows) / (1 / m + 1 / n))


def with_all_rows(
    scores: ScoreMatrix, means: list[ScoreMean], of_all_rows: Mapping[Score, ScoreMean], part: float
) -> tuple[tuple[Score, ...], list[ScoreMean], Floats]:
    """Means over all rows in place of the samples' where there are some, and the correlations of the statistics.

    Parameters
    ----------
    scores, means : of the sampled records: k scores. The matrix is overwritten: a copy would take as much again.
    of_all_rows : means over all rows, of scores of single columns; some of them may not occur among the sampled ones.
    part : which part of the information the sampled records hold.

    Returns
    -------
    The names of all K scores, also those that only all rows have, and their means. Also the correlations of all K
    statistics (K, K), of which only the diagonal and what lies above it is set.

    A statistic of all rows and one of a sample are correlated as their scores are, times the root of `part`. Statistics
    that only all rows have are taken for uncorrelated: they are marks of values too rare for a sample.
    """
    occurring = set(scores.names)
    extra = [name for name in of_all_rows if name not in occurring]
    correlation = _correlations(scores.matrix, len(extra))
    sampled = np.array([name not in of_all_rows for name in scores.names])
    for score_index, of_sample in enumerate(sampled):
        correlation[score_index, score_index : len(sampled)][sampled[score_index:] != of_sample] *= sqrt(part)
    found = [of_all_rows.get(name, mean) for name, mean in zip(scores.names, means, strict=True)]
    return scores.names + tuple(extra), found + [of_all_rows[name] for name in extra], correlation


def _correlations(centred: Floats, extra: int) -> Floats:
    """The correlations (k, k) of centred scores (n, k), which are overwritten, with `extra` uncorrelated ones.

    Only the diagonal and what lies above it is written: of thousands of scores the other half never becomes memory.
    """
    for block in column_blocks(centred.shape[1]):
        centred[:, block] /= np.sqrt((centred[:, block] ** 2).mean(axis=0))
    known = centred.shape[1]
    correlation = half_written(known + extra)
    for block in column_blocks(known):
        correlation[block, block.start : known] = centred[:, block].T @ centred[:, block.start :]
        correlation[block, block.start : known] /= len(centred)
        correlation[block, known:] = 0.0
    for score_index in range(known, known + extra):
        correlation[score_index, score_index:] = 0.0
        correlation[score_index, score_index] = 1.0
    return correlation
