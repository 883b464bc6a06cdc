"""A window against a baseline: one p for everything, and for each column what changed and how surely.

While both fit their samples, every record counts and the law of the statistics is that of random relabelling: exact,
whatever the dependence, ties or shape. Of larger tables the statistics of single columns come from the profiles' counts
over all rows, those of columns together from the samples, and the law is its limit, the normal one with the same
correlations. The statistics are the same, so the two agree where they meet.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from driftloop.config.policy import Policy
from driftloop.profile.sample import Sample
from driftloop.profile.window import Baseline, Window
from driftloop.two_sample.column_scores import (
    DEPENDENCE,
    GIVEN,
    LOCATION,
    PAIR,
    RANGE,
    REPEAT,
    SHARE,
    SIDE,
    SPREAD,
    Score,
)
from driftloop.two_sample.count_scores import ScoreMean, count_score_means
from driftloop.two_sample.families import OMNIBUS_WEIGHT, build_families
from driftloop.two_sample.min_p import combine
from driftloop.two_sample.permutation import normal_limit, permuted
from driftloop.two_sample.score_matrix import PooledRecords, ScoreMatrix, pool_samples, score_records

Floats = npt.NDArray[np.float64]

MOST_RECORDS = 4_000
"""Of both samples together, for relabelling every record; beyond, the normal law serves."""
REFINED_PERMUTATIONS = 9_999
REFINED_BELOW = 0.02
JOINT = frozenset({SPREAD, GIVEN, DEPENDENCE, PAIR})


@dataclass(frozen=True)
class ScoreResult:
    """One statistic: means of the score before and after, its standardised difference, and its p.

    `p` is corrected for everything that was looked at; `matters` says whether the change is large enough in practice.
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
    columns that the model does not use corrected among themselves.
    """

    p: float
    omnibus_p: float
    matters: bool
    results: tuple[ScoreResult, ...]

    def of_column(self, place: int) -> tuple[ScoreResult, ...]:
        """The results that look at one column, surest first."""
        mine = (result for result in self.results if place in result.score.column_indexes)
        return tuple(sorted(mine, key=lambda result: (result.p, -abs(result.z))))


def compare(
    baseline: Baseline, window: Window, policy: Policy, *, refine: bool = False, excluded: Collection[int] = ()
) -> Comparison:
    """Compare a window with a baseline. `refine`: where p is small, ten times as many relabellings tell how small.

    `excluded`: places of columns to leave out.
    """
    columns = [(place, column) for place, column in enumerate(baseline.schema.features) if place not in excluded]
    used = [place for place, column in columns if column.retrains]
    unused = [place for place, column in columns if not column.retrains]
    of_used = _family(baseline, window, policy, used)
    if refine and of_used.p <= REFINED_BELOW and policy.permutations < REFINED_PERMUTATIONS:
        of_used = _family(baseline, window, policy, used, REFINED_PERMUTATIONS)
    of_unused = _family(baseline, window, policy, unused)
    return Comparison(of_used.p, of_used.omnibus_p, of_used.matters, of_used.results + of_unused.results)


def _family(
    baseline: Baseline, window: Window, policy: Policy, places: Sequence[int], times: int | None = None
) -> Comparison:
    """The comparison of some columns, with their own error rate."""
    times = times or policy.permutations
    columns = baseline.schema.features
    seed = int.from_bytes(sha256(f"{baseline.sha256}{window.sha256}".encode()).digest()[:8], "little")
    before, after = baseline.profile.sample, window.profile.sample
    exact = before.complete and after.complete and before.rows + after.rows <= MOST_RECORDS
    pooled = pool_samples(before, after) if exact else pool_samples(*_comparable(before, after, seed))
    scores = score_records(pooled, columns, places)
    if not scores.names:
        return Comparison(1.0, 1.0, False, ())
    means = _means(scores, pooled)
    if exact:
        drawn = permuted(scores.matrix, pooled.window, times, seed)
    else:
        scores, means, correlation = _enlarged(scores, means, pooled, baseline, window, places=places)
        seen = np.array([mean.z for mean in means], np.float32)
        drawn = np.concatenate([seen[None, :], normal_limit(correlation, times, seed)])
    families, members = build_families(scores, drawn)
    combined = combine(families)
    results = tuple(
        ScoreResult(
            scores.names[j],
            means[j].baseline_mean,
            means[j].window_mean,
            float(drawn[0, j]),
            float(combined.adjusted[name][i]),
            _matters(scores.names[j], means[j], policy),
        )
        for name, numbers in members.items()
        for i, j in enumerate(numbers)
    )
    omnibus = float(combined.adjusted[OMNIBUS_WEIGHT[0]][0]) if OMNIBUS_WEIGHT[0] in combined.adjusted else 1.0
    # Where only everything together stands out, any change beyond two standard errors may carry it.
    bar = policy.alpha if any(f.p <= policy.alpha for f in results) else 1.0
    matters = any(f.matters and f.p <= bar and abs(f.z) >= 2.0 for f in results)
    return Comparison(combined.p, omnibus, matters, results)


def _means(scores: ScoreMatrix, pooled: PooledRecords) -> list[ScoreMean]:
    after = scores.matrix[pooled.window].mean(axis=0)
    before = scores.matrix[~pooled.window].mean(axis=0)
    n, m = len(pooled.values), int(np.count_nonzero(pooled.window))
    deviation = np.sqrt((scores.matrix**2).mean(axis=0))
    z = (after - before) / (deviation * np.sqrt(n / (n - 1.0) * (1 / m + 1 / (n - m))))
    return [
        # A share of nothing comes out of the centring as a tiny number: 12 decimals are more than any record has.
        ScoreMean(
            baseline_mean=round(float(scores.means[j] + before[j]), 12),
            window_mean=round(float(scores.means[j] + after[j]), 12),
            deviation=float(deviation[j]),
            z=float(z[j]),
        )
        for j in range(len(scores.names))
    ]


def _enlarged(
    scores: ScoreMatrix,
    means: list[ScoreMean],
    pooled: PooledRecords,
    baseline: Baseline,
    window: Window,
    *,
    places: Sequence[int],
) -> tuple[ScoreMatrix, list[ScoreMean], Floats]:
    """Means over all rows in place of the samples' where a profile has them, and the correlations of the statistics.

    A statistic of all rows and one of a sample are correlated as their scores are, times the root of the part of the
    information that the sample holds.
    """
    columns, rows, rows_window = baseline.schema.features, baseline.rows, window.rows
    everything = {
        name: mean
        for place in places
        for name, mean in count_score_means(
            columns[place],
            place,
            baseline.profile.columns[columns[place].name],
            window.profile.columns[columns[place].name],
        )
    }
    standard = scores.matrix / np.sqrt((scores.matrix**2).mean(axis=0))
    correlation = standard.T @ standard / len(standard)
    joint = np.array([name.kind in JOINT for name in scores.names])
    m = float(np.count_nonzero(pooled.window))
    n = float(len(pooled.values))
    part = np.sqrt(min(1.0, (m * (n - m) / n) / (rows * rows_window / (rows + rows_window))))
    correlation[np.ix_(joint, ~joint)] *= part
    correlation[np.ix_(~joint, joint)] *= part
    found = [mean if joint[j] else everything.get(scores.names[j], mean) for j, mean in enumerate(means)]
    sampled = set(scores.names)
    extra = [name for name in everything if name not in sampled]
    size = len(found) + len(extra)
    enlarged = np.eye(size)
    enlarged[: len(found), : len(found)] = correlation
    names = scores.names + tuple(extra)
    main = np.concatenate([scores.main, np.zeros(len(extra), bool)])
    matrix = np.concatenate([scores.matrix, np.zeros((len(scores.matrix), len(extra)))], axis=1)
    wider = ScoreMatrix(matrix, np.concatenate([scores.means, np.zeros(len(extra))]), names, main)
    return wider, found + [everything[name] for name in extra], enlarged


def _comparable(before: Sample, after: Sample, seed: int) -> tuple[Sample, Sample]:
    """Two samples whose records are alike in how they were chosen, of a size that can be handled at once.

    A sample that left rows out chose among distinct rows. Where rows repeat, that choice must be made on both sides, so
    only rows below the smaller of the two largest keys are compared; where they do not, it is a plain random choice.
    """
    limits = [sample.keys[-1] for sample in (before, after) if not sample.complete]
    repeated = any(sample.rows > 1.02 * len(sample.keys) for sample in (before, after))
    both = [sample.below(min(limits)) if limits and repeated else sample for sample in (before, after)]
    random = np.random.Generator(np.random.SFC64(seed))
    return both[0].thinned(MOST_RECORDS // 2, random), both[1].thinned(MOST_RECORDS // 2, random)


def _matters(score: Score, mean: ScoreMean, policy: Policy) -> bool:
    """Whether a change is beyond what the policy calls too small, in the units that the policy speaks of."""
    difference = abs(mean.window_mean - mean.baseline_mean)
    if score.kind in (SHARE, RANGE, REPEAT) or score.kind not in (LOCATION, SIDE, *JOINT):
        return difference >= policy.min_share
    standard = difference / mean.deviation if mean.deviation > 0 else 0.0
    if score.kind in (DEPENDENCE, PAIR):
        return standard >= policy.min_correlation
    # z^2 + e^2 has variance near 4, and grows by 4 s where a standard deviation grows by a part s of itself.
    return standard >= (2 * policy.min_spread if score.kind == SPREAD else policy.min_shift)
