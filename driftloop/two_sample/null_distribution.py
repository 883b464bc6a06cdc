"""Scores as observed, and their distribution without a change.

While both sides fit their samples, every record counts and the statistics have their permutation distribution: exact,
whatever the dependence, ties or shape. Of larger tables the statistics of single columns come from the profiles' counts
over all rows, and those of columns together from the samples. The distribution is its limit, the normal one with the
same correlations. The statistics are the same, so the two agree where they meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from driftloop.profile.contents import comparable_samples
from driftloop.profile.memory import give_back
from driftloop.profile.sampling.sample import Sample
from driftloop.profile.window import Baseline, Window
from driftloop.stats.sorting import distinct_values
from driftloop.two_sample.column_scores import Score, has_shapes
from driftloop.two_sample.count_scores import ScoreMean, count_score_means
from driftloop.two_sample.dependence.seasons import centred_within, matching, mix_weights, permuted_within
from driftloop.two_sample.families import Omnibus
from driftloop.two_sample.large_tables import MAX_RECORDS, sampled_part, thin_samples, with_all_rows
from driftloop.two_sample.permutation import normal_limit, permuted, root_of
from driftloop.two_sample.score_matrix import PooledRecords, ScoreMatrix, column_blocks, pool_samples, score_records

Singles = npt.NDArray[np.float32]
Marks = npt.NDArray[np.bool_]

DECIMALS = 12
"""Of means: a share of nothing comes out of the centring as a tiny number, and no record has more decimals."""


class ScoreStatistics(NamedTuple):
    """Scores, their means, and the statistics as observed (row 0) and without a change (B more rows).

    Also what makes the omnibus statistic of them.
    """

    names: tuple[Score, ...]
    means: list[ScoreMean]
    statistics: Singles
    omnibus: Omnibus | None


NOTHING = ScoreStatistics((), [], np.empty((0, 0), np.float32), None)
"""Where no score varies, or one side has no record."""


def side_statistics(
    baseline: Baseline, window: Window, column_indexes: Sequence[int], times: int, level: float
) -> ScoreStatistics:
    """Of two sides that were read: from their records where all are at hand, else from counts and samples."""
    seed = seed_of(baseline.sha256, window.sha256)
    columns = baseline.schema.features
    samples = comparable_samples(baseline.profile, window.profile)
    whole = is_whole(*samples)
    pooled = matching(pool_samples(*(samples if whole else thin_samples(*samples, seed))))
    del samples
    marks = pooled.window
    if marks.all() or not marks.any():  # no season is on both sides
        return NOTHING
    scores = score_records(pooled, columns, column_indexes)
    if whole or pooled.is_structured:
        return record_statistics(scores, pooled, times, seed, level)
    del pooled
    if not scores.names:
        return NOTHING
    means, omnibus = score_means(scores, marks), Omnibus.of(scores)
    of_all_rows = {
        name: mean
        for index in column_indexes
        for name, mean in count_score_means(
            columns[index],
            index,
            *(side.profile.columns[columns[index].name] for side in (baseline, window)),
            shapes=has_shapes(len(column_indexes)),
        )
    }
    part = sampled_part(marks, baseline.rows, window.rows)
    give_back(len(column_indexes))
    names, means, correlation = with_all_rows(scores, means, of_all_rows, part)
    del scores  # its memory serves the correlations
    observed = np.array([mean.z for mean in means], np.float32)
    root = root_of(correlation)
    del correlation
    return ScoreStatistics(names, means, normal_limit(root, observed, times, seed), omnibus)


def record_statistics(
    scores: ScoreMatrix, pooled: PooledRecords, times: int, seed: int, level: float
) -> ScoreStatistics:
    """Of the records at hand, by relabelling. Records that are each a cluster of their own are independent ones."""
    if pooled.clusters is not None and len(distinct_values(pooled.clusters)) == len(pooled.clusters):
        pooled = replace(pooled, clusters=None)
    if pooled.is_structured:
        return _restricted(scores, pooled, times, seed, level)
    if not scores.names:
        return NOTHING
    statistics = permuted(scores.matrix, pooled.window, times, seed)
    return ScoreStatistics(scores.names, score_means(scores, pooled.window), statistics, Omnibus.of(scores))


def _restricted(scores: ScoreMatrix, pooled: PooledRecords, times: int, seed: int, level: float) -> ScoreStatistics:
    """Where not every choice of records is as likely: whole clusters are relabelled, or records within seasons.

    With both, scores are centred within seasons and whole clusters are relabelled. Residuals are exchangeable as far as
    seasons differ in their means alone (Freedman and Lane 1983).
    """
    marks, clusters, seasons = pooled.window, pooled.clusters, pooled.seasons
    weights = None if seasons is None else mix_weights(seasons, marks)
    means = dict(zip(scores.names, score_means(scores, marks, weights), strict=True)) if scores.names else {}
    if seasons is not None:
        scores = centred_within(scores, seasons)
    if not scores.names:
        return NOTHING
    if clusters is not None:
        from driftloop.two_sample.dependence.cluster_pairs import (
            relabelled_clusters,  # here: most tables have no dependent groups
        )

        statistics = relabelled_clusters(scores.matrix, marks, clusters, times=times, seed=seed, level=level)
    else:
        assert seasons is not None
        statistics = permuted_within(scores.matrix, marks, seasons, times, seed)
    return ScoreStatistics(scores.names, [means[name] for name in scores.names], statistics, Omnibus.of(scores))


def score_means(scores: ScoreMatrix, window: Marks, weights: npt.NDArray[np.float64] | None = None) -> list[ScoreMean]:
    """Means of the records' scores in window and baseline, and z as under permutation of these records.

    `window` (n,) marks the records of the window; `weights` are those of the baseline's records, with a mean of 1.
    """
    n, m = len(window), int(np.count_nonzero(window))
    found = []
    for block in column_blocks(len(scores.names)):
        centred = scores.matrix[:, block]
        of_window, of_baseline = (centred[records].mean(axis=0) for records in (window, ~window))
        if weights is not None:
            of_baseline = weights @ centred[~window] / (n - m)
        deviation = np.sqrt((centred**2).mean(axis=0))
        z = (of_window - of_baseline) / (deviation * np.sqrt(n / (n - 1.0) * (1 / m + 1 / (n - m))))
        found += [
            ScoreMean(
                baseline_mean=round(float(mean + of_baseline[j]), DECIMALS),
                window_mean=round(float(mean + of_window[j]), DECIMALS),
                deviation=float(deviation[j]),
                z=float(z[j]),
            )
            for j, mean in enumerate(scores.means[block])
        ]
    return found


def seed_of(baseline_sha256: str, window_sha256: str) -> int:
    """Of the permutations: the same two sides are permuted in the same way on every machine."""
    return int.from_bytes(sha256(f"{baseline_sha256}{window_sha256}".encode()).digest()[:8], "little")


def is_whole(*samples: Sample) -> bool:
    """Whether every record of both sides is at hand, and there are few enough to permute."""
    return all(sample.complete for sample in samples) and sum(sample.rows for sample in samples) <= MAX_RECORDS
