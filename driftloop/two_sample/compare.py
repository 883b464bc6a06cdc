"""A window against a baseline: one p for everything, and for each column what changed and how surely."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from driftloop.two_sample.column_scores import OMNIBUS, Score
from driftloop.two_sample.dependence.seasons import matching
from driftloop.two_sample.families import build_families
from driftloop.two_sample.min_p import combine, generalized_mean_p
from driftloop.two_sample.minimum_effect import is_large_enough
from driftloop.two_sample.null_distribution import ScoreStatistics, is_whole, record_statistics, side_statistics
from driftloop.two_sample.score_matrix import PooledRecords, score_records

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from driftloop.config.policy import Policy
    from driftloop.data.schema import Column
    from driftloop.profile.window import Baseline, Window

REFINED_PERMUTATIONS = 9_999
"""Enough to tell a p of 0.001 to a tenth of itself, as evidence over time asks for."""
REFINED_BELOW = 0.02
"""p from which more permutations are made: below it 1,000 of them tell p to no better than a fifth of itself."""
LEAST_Z = 2.0
"""Standard errors by which a single change must stand out to carry a comparison: beyond 5 % of unchanged ones."""
RECORDS, CLUSTERS, SEASONS = "records", "clusters", "seasons"
"""What changes sides under relabelling."""


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
    refine : p will be judged at the level of evidence over time: where it is small, ten times as many permutations tell
        how small.
    excluded : indices (among the schema's features) of columns to leave out.

    Returns
    -------
    p-values and results; p 1 and no result where no column varies. The same arguments give the same answer.
    """
    columns = [(index, column) for index, column in enumerate(baseline.schema.features) if index not in excluded]
    used = [index for index, column in columns if column.retrains]
    unused = [index for index, column in columns if not column.retrains]
    level = policy.evidence_level if refine else policy.check_level
    of_used = _compare_columns(baseline, window, policy, used, policy.permutations, level=level)
    if refine and of_used.p <= REFINED_BELOW and policy.permutations < REFINED_PERMUTATIONS:
        of_used = _compare_columns(baseline, window, policy, used, REFINED_PERMUTATIONS, level=level)
    of_unused = _compare_columns(baseline, window, policy, unused, policy.permutations, level=level)
    return replace(of_used, results=of_used.results + of_unused.results)


def _compare_columns(
    baseline: Baseline, window: Window, policy: Policy, column_indexes: Sequence[int], times: int, *, level: float
) -> Comparison:
    """The comparison of some columns, with their own error rate."""
    scored = side_statistics(baseline, window, column_indexes, times, level)
    exact = is_whole(baseline.profile.sample, window.profile.sample)
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
    level: float | None = None,
) -> Comparison:
    """The comparison of the records that are at hand, each counted, by permutation; else as `compare`.

    Parameters
    ----------
    pooled : records of both sides. Of seasons that one side lacks none is looked at; p is 1 where none is left.
    columns : the schema's features.
    column_indexes : which of them to look at.
    policy : error rate and minimum effects.
    times, seed : of the permutations.
    level : at which p will be judged; that of a single check if not said otherwise.
    """
    pooled = matching(pooled)
    if pooled.window.all() or not pooled.window.any():
        return Comparison(1.0, 1.0, False, ())
    scores = score_records(pooled, columns, column_indexes)
    scored = record_statistics(scores, pooled, times, seed, policy.check_level if level is None else level)
    judged = _judged(scored, policy)
    return replace(
        judged, permutations=times if scored.names else 0, relabelled=_units(pooled.clusters, pooled.seasons)
    )


def _units(clusters: npt.NDArray[np.uint64] | None, seasons: npt.NDArray[np.int64] | None) -> str:
    return CLUSTERS if clusters is not None else RECORDS if seasons is None else SEASONS


def _judged(scored: ScoreStatistics, policy: Policy) -> Comparison:
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
