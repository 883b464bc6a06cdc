"""Statistics of tables that do not fit the samples: single columns from all rows, joint scores from sampled records."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import numpy as np
import numpy.typing as npt

from driftloop.profile.sampling.sample import Sample
from driftloop.two_sample.column_scores import Score
from driftloop.two_sample.count_scores import ScoreMean
from driftloop.two_sample.score_matrix import PooledRecords, ScoreMatrix

Floats = npt.NDArray[np.float64]

MAX_RECORDS = 4_000
"""Of both samples together, for permuting every record: 1,000 permutations then take 0.2 s. Beyond, the normal limit
serves; its tails differ from the exact ones by less than 1,000 permutations can tell."""
REPEATS = 1.02
"""Rows per distinct row from which a sample of distinct rows is not a plain sample of rows."""


def thin_samples(baseline: Sample, window: Sample, seed: int) -> tuple[Sample, Sample]:
    """Two samples whose records are alike in how they were chosen, of at most half of `MAX_RECORDS` each.

    A sample that left rows out chose among distinct rows. Where rows repeat, that choice must be made on both sides, so
    only rows below the smaller of the two largest keys are compared; where they do not, it is a plain random choice.
    """
    both = [baseline, window]
    limits = [sample.keys[-1] for sample in both if not sample.complete]
    if limits and any(sample.rows > REPEATS * len(sample.keys) for sample in both):
        both = [sample.below(min(limits)) for sample in both]
    random = np.random.Generator(np.random.SFC64(seed))
    return both[0].thinned(MAX_RECORDS // 2, random), both[1].thinned(MAX_RECORDS // 2, random)


def sampled_part(pooled: PooledRecords, baseline_rows: int, window_rows: int) -> float:
    """Which part of the information about a difference of means the sampled records hold.

    The variance of a difference of means is proportional to 1/m + 1/n for m and n records of the two sides.
    """
    m = int(np.count_nonzero(pooled.window))
    n = len(pooled.window) - m
    return min(1.0, (1 / window_rows + 1 / baseline_rows) / (1 / m + 1 / n))


def with_all_rows(
    scores: ScoreMatrix, means: list[ScoreMean], of_all_rows: Mapping[Score, ScoreMean], part: float
) -> tuple[ScoreMatrix, list[ScoreMean], Floats]:
    """Means over all rows in place of the samples' where there are some, and the correlations of the statistics.

    Parameters
    ----------
    scores, means : of the sampled records: k scores.
    of_all_rows : means over all rows, of scores of single columns; some of them may not occur among the sampled ones.
    part : which part of the information the sampled records hold.

    Returns
    -------
    The scores with those that only all rows have; their means; and the correlations of all K statistics (K, K). A
    statistic of all rows and one of a sample are correlated as their scores are, times the root of `part`. Statistics
    that only all rows have are taken for uncorrelated: they are marks of values too rare for a sample.
    """
    standard = scores.matrix / np.sqrt((scores.matrix**2).mean(axis=0))
    correlation = standard.T @ standard / len(standard)
    sampled = np.array([name not in of_all_rows for name in scores.names])
    correlation[np.ix_(sampled, ~sampled)] *= sqrt(part)
    correlation[np.ix_(~sampled, sampled)] *= sqrt(part)
    occurring = set(scores.names)
    extra = [name for name in of_all_rows if name not in occurring]
    known, added = len(scores.names), len(extra)
    larger = np.eye(known + added)
    larger[:known, :known] = correlation
    wider = ScoreMatrix(
        np.concatenate([scores.matrix, np.zeros((len(scores.matrix), added))], axis=1),
        np.concatenate([scores.means, np.zeros(added)]),
        scores.names + tuple(extra),
        np.concatenate([scores.main, np.zeros(added, bool)]),
    )
    found = [of_all_rows.get(name, mean) for name, mean in zip(scores.names, means, strict=True)]
    return wider, found + [of_all_rows[name] for name in extra], larger
