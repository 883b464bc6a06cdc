"""A window against a baseline: one p for everything, and for each column what changed and how surely.

While both fit their samples, every record counts and the statistics have their permutation distribution: exact,
whatever the dependence, ties or shape. Of larger tables the statistics of single columns come from the profiles' counts
over all rows, those of columns together from the samples, and the distribution is its limit, the normal one with the
same correlations. The statistics are the same, so the two agree where they meet.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from driftloop.config.policy import Policy
from driftloop.data.schema import Column
from driftloop.profile.contents import comparable_samples
from driftloop.profile.memory import give_back
from driftloop.profile.sampling.sample import Sample
from driftloop.profile.window import Baseline, Window
from driftloop.two_sample.clusters import permuted_clusters
from driftloop.two_sample.column_scores import OMNIBUS, Score, has_centres
from driftloop.two_sample.count_scores import ScoreMean, count_score_means
from driftloop.two_sample.families import Omnibus, build_families
from driftloop.two_sample.generalized_mean import generalized_mean_p
from driftloop.two_sample.large_tables import MAX_RECORDS, sampled_part, thin_samples, with_all_rows
from driftloop.two_sample.min_p import combine
from driftloop.two_sample.minimum_effect import is_large_enough
from driftloop.two_sample.permutation import normal_limit, permuted, root_of
from driftloop.two_sample.score_matrix import PooledRecords, ScoreMatrix, column_blocks, pool_samples, score_records
from driftloop.two_sample.seasons import centred_within, matching, mix_weights, permuted_within

Singles = npt.NDArray[np.float32]
Marks = npt.NDArray[np.bool_]

REFINED_PERMUTATIONS = 9_999
"""Enough to tell a p of 0.001 to a tenth of itself, as evidence over time asks for."""
REFINED_BELOW = 0.02
"""p from which more permutations are made: below it 1,000 of them tell p to no better than a fifth of itself."""
LEAST_Z = 2.0
"""Standard errors by which a single change must stand out to carry a comparison: beyond 5 % of unchanged ones."""
RECORDS, CLUSTERS, SEASONS = "records", "clusters", "seasons"
"""What changes sides under relabelling."""
DECIMALS = 12
"""Of means: a share of nothing comes out of the centring as a tiny number, and no record has more decimals."""


@dataclass(frozen=True)
class ScoreResult:
    """One statistic: means of the score in baseline and window, its standardised difference, and its p.

    `p` is adjusted for everything that was looked at; `matters` says whether the change is large enough in practice.
    """

    score: Score
    baseline_mean: float
    window_mean: float
    z: float
    p: float
    matters: bool


@dataclass(frozen=True)
class Comparison:
    """`p`: the chance of anything as striking without a change, over the columns that the model uses.

    `matters`: whether a change that stands out is large enough in practice. `results`: every statistic, those of
    columns that the model does not use adjusted among themselves.
    """

    p: float
    omnibus_p: float
    matters: bool
    results: tuple[ScoreResult, ...]
    permutations: int = 0
    """How many were drawn to tell p."""
    exact: bool = True
    """Whether every record counted, under the statistics' permutation distribution; else under its normal limit."""
    relabelled: str = RECORDS
    """What changes sides: records, whole clusters, or records within seasons."""

    def of_column(self, column_index: int) -> tuple[ScoreResult, ...]:
        """The results that look at one column, surest first."""
        mine = (result for result in self.results if column_index in result.score.column_indexes)
        return tuple(sorted(mine, key=lambda result: (result.p, -abs(result.z))))


def compare(
    baseline: Baseline, window: Window, policy: Policy, *, refine: bool = False, excluded: Collection[int] = ()
) -> Comparison:
    """Compare a window with a baseline.

    Parameters
    ----------
    baseline, window : read with one schema; each with at least one row.
    policy : error rate, minimum effects, number of permutations.
    refine : where p is small, ten times as many permutations tell how small.
    excluded : indices (among the schema's features) of columns to leave out.

    Returns
    -------
    p-values and results; p 1 and no result where no column varies. The same arguments give the same answer.
    """
    columns = [(index, column) for index, column in enumerate(baseline.schema.features) if index not in excluded]
    used = [index for index, column in columns if column.retrains]
    unused = [index for index, column in columns if not column.retrains]
    of_used = _compare_columns(baseline, window, policy, used, policy.permutations)
    if refine and of_used.p <= REFINED_BELOW and policy.permutations < REFINED_PERMUTATIONS:
        of_used = _compare_columns(baseline, window, policy, used, REFINED_PERMUTATIONS)
    of_unused = _compare_columns(baseline, window, policy, unused, policy.permutations)
    return replace(of_used, results=of_used.results + of_unused.results)


def _compare_columns(
    baseline: Baseline, window: Window, policy: Policy, column_indexes: Sequence[int], times: int
) -> Comparison:
    """The comparison of some columns, with their own error rate."""
    scored = _statistics(baseline, window, column_indexes, times)
    exact = _is_whole(baseline.profile.sample, window.profile.sample)
    sample = window.profile.sample
    return replace(
        _judged(scored, policy),
        permutations=times if scored.names else 0,
        exact=exact or not scored.names,
        relabelled=_units(sample.clusters, sample.seasons),
    )


def compare_records(
    pooled: PooledRecords,
    columns: Sequence[Column],
    column_indexes: Sequence[int],
    policy: Policy,
    *,
    times: int,
    seed: int,
) -> Comparison:
    """The comparison of the records that are at hand, each counted, by permutation; else as `compare`.

    Parameters
    ----------
    pooled : records of both sides. Of seasons that one side lacks none is looked at; p is 1 where none is left.
    columns : the schema's features.
    column_indexes : which of them to look at.
    policy : error rate and minimum effects.
    times, seed : of the permutations.
    """
    pooled = matching(pooled)
    if pooled.window.all() or not pooled.window.any():
        return Comparison(1.0, 1.0, False, ())
    scores = score_records(pooled, columns, column_indexes)
    scored = _of_records(scores, pooled, times, seed)
    judged = _judged(scored, policy)
    return replace(
        judged, permutations=times if scored.names else 0, relabelled=_units(pooled.clusters, pooled.seasons)
    )


def _units(clusters: npt.NDArray[np.uint64] | None, seasons: npt.NDArray[np.int64] | None) -> str:
    return CLUSTERS if clusters is not None else RECORDS if seasons is None else SEASONS


class _Scored(NamedTuple):
    """Scores, their means, and the statistics as observed (row 0) and without a change (B more rows).

    Also what makes the omnibus statistic of them.
    """

    names: tuple[Score, ...]
    means: list[ScoreMean]
    statistics: Singles
    omnibus: Omnibus | None


NOTHING = _Scored((), [], np.empty((0, 0), np.float32), None)
"""Where no score varies, or one side has no record."""


def _of_records(scores: ScoreMatrix, pooled: PooledRecords, times: int, seed: int) -> _Scored:
    """From the records at hand, by relabelling."""
    if pooled.is_structured:
        return _restricted(scores, pooled, times, seed)
    if not scores.names:
        return NOTHING
    statistics = permuted(scores.matrix, pooled.window, times, seed)
    return _Scored(scores.names, score_means(scores, pooled.window), statistics, Omnibus.of(scores))


def _restricted(scores: ScoreMatrix, pooled: PooledRecords, times: int, seed: int) -> _Scored:
    """Where not every choice of records is as likely: whole clusters are relabelled, or records within seasons.

    With both, scores are centred within seasons and whole clusters are relabelled (residuals are exchangeable as far as
    seasons differ in their means alone; Freedman and Lane 1983).
    """
    marks, clusters, seasons = pooled.window, pooled.clusters, pooled.seasons
    weights = None if seasons is None else mix_weights(seasons, marks)
    means = dict(zip(scores.names, score_means(scores, marks, weights), strict=True)) if scores.names else {}
    if seasons is not None:
        scores = centred_within(scores, seasons)
    if not scores.names:
        return NOTHING
    if clusters is not None:
        statistics = permuted_clusters(scores.matrix, marks, clusters, times, seed)
    else:
        assert seasons is not None
        statistics = permuted_within(scores.matrix, marks, seasons, times, seed)
    return _Scored(scores.names, [means[name] for name in scores.names], statistics, Omnibus.of(scores))


def _judged(scored: _Scored, policy: Policy) -> Comparison:
    """What the statistics say. A single change is never surer than everything together: no column is called changed
    where nothing is.
    """
    names, means, statistics, omnibus = scored
    if not names:
        return Comparison(1.0, 1.0, False, ())
    families, members = build_families(names, statistics, omnibus)
    combined, p = combine(families), generalized_mean_p(families)
    results = tuple(
        ScoreResult(
            names[index],
            means[index].baseline_mean,
            means[index].window_mean,
            float(statistics[0, index]),
            max(p, float(combined.adjusted[family][position])),
            is_large_enough(names[index], means[index], policy),
        )
        for family, indexes in members.items()
        for position, index in enumerate(indexes)
    )
    omnibus_p = max(p, float(combined.adjusted[OMNIBUS][0])) if OMNIBUS in combined.adjusted else 1.0
    return Comparison(p, omnibus_p, anything_matters(results, policy.alpha), results)


def anything_matters(results: Sequence[ScoreResult], alpha: float) -> bool:
    """Whether a change that stands out is large enough in practice.

    One whose adjusted p is at most alpha; where only everything together stands out, any change beyond `LEAST_Z`
    standard errors may carry it.
    """
    limit = alpha if any(result.p <= alpha for result in results) else 1.0
    return any(result.matters and result.p <= limit and abs(result.z) >= LEAST_Z for result in results)


def _statistics(baseline: Baseline, window: Window, column_indexes: Sequence[int], times: int) -> _Scored:
    seed = seed_of(baseline.sha256, window.sha256)
    columns = baseline.schema.features
    samples = comparable_samples(baseline.profile, window.profile)
    whole = _is_whole(*samples)
    pooled = matching(pool_samples(*(samples if whole else thin_samples(*samples, seed))))
    del samples
    marks = pooled.window
    if marks.all() or not marks.any():  # no season is on both sides
        return NOTHING
    scores = score_records(pooled, columns, column_indexes)
    if whole or pooled.is_structured:
        return _of_records(scores, pooled, times, seed)
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
            centre=has_centres(len(column_indexes)),
        )
    }
    part = sampled_part(marks, baseline.rows, window.rows)
    give_back(len(column_indexes))
    names, means, correlation = with_all_rows(scores, means, of_all_rows, part)
    del scores  # its memory serves the correlations
    observed = np.array([mean.z for mean in means], np.float32)
    root = root_of(correlation)
    del correlation
    return _Scored(names, means, normal_limit(root, observed, times, seed), omnibus)


def seed_of(baseline_sha256: str, window_sha256: str) -> int:
    """Of the permutations: the same two sides are permuted in the same way on every machine."""
    return int.from_bytes(sha256(f"{baseline_sha256}{window_sha256}".encode()).digest()[:8], "little")


def _is_whole(*samples: Sample) -> bool:
    """Whether every record of both sides is at hand, and there are few enough to permute."""
    return all(sample.complete for sample in samples) and sum(sample.rows for sample in samples) <= MAX_RECORDS


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
