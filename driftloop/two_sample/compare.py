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
from driftloop.two_sample.count_scores import Mean, whole_means
from driftloop.two_sample.families import OMNIBUS_WEIGHT, grouped
from driftloop.two_sample.min_p import combine
from driftloop.two_sample.permutation import gaussian, relabelled
from driftloop.two_sample.score_matrix import Pooled, Scores, pool, scored

Floats = npt.NDArray[np.float64]

MOST_RECORDS = 4_000
"""Of both samples together, for relabelling every record; beyond, the normal law serves."""
FINE = 9_999
FINE_FROM = 0.02
JOINT = frozenset({SPREAD, GIVEN, DEPENDENCE, PAIR})


@dataclass(frozen=True)
class Finding:
    """One statistic: means of the score before and after, its standardised difference, and its p.

    `p` is corrected for everything that was looked at; `matters` says whether the change is large enough in practice.
    """

    score: Score
    before: float
    after: float
    z: float
    p: float
    matters: bool


@dataclass(frozen=True)
class Comparison:
    """`p`: the chance of anything as striking without a change, over the columns that the model uses.

    `matters`: whether a change that stands out is large enough in practice. `findings`: every statistic, those of
    columns that the model does not use corrected among themselves.
    """

    p: float
    omnibus_p: float
    matters: bool
    findings: tuple[Finding, ...]

    def of_column(self, place: int) -> tuple[Finding, ...]:
        """The findings that look at one column, surest first."""
        mine = (finding for finding in self.findings if place in finding.score.columns)
        return tuple(sorted(mine, key=lambda finding: (finding.p, -abs(finding.z))))


def compare(
    baseline: Baseline, window: Window, policy: Policy, *, fine: bool = False, without: Collection[int] = ()
) -> Comparison:
    """Compare a window with a baseline. `fine`: where p is small, ten times as many relabellings tell how small.

    `without`: places of columns to leave out.
    """
    columns = [(place, column) for place, column in enumerate(baseline.schema.features) if place not in without]
    used = [place for place, column in columns if column.retrains]
    unused = [place for place, column in columns if not column.retrains]
    of_used = _family(baseline, window, policy, used)
    if fine and of_used.p <= FINE_FROM and policy.permutations < FINE:
        of_used = _family(baseline, window, policy, used, FINE)
    of_unused = _family(baseline, window, policy, unused)
    return Comparison(of_used.p, of_used.omnibus_p, of_used.matters, of_used.findings + of_unused.findings)


def _family(
    baseline: Baseline, window: Window, policy: Policy, places: Sequence[int], times: int | None = None
) -> Comparison:
    """The comparison of some columns, with their own error rate."""
    times = times or policy.permutations
    columns = baseline.schema.features
    seed = int.from_bytes(sha256(f"{baseline.sha256}{window.sha256}".encode()).digest()[:8], "little")
    before, after = baseline.profile.sample, window.profile.sample
    exact = before.complete and after.complete and before.rows + after.rows <= MOST_RECORDS
    pooled = pool(before, after) if exact else pool(*_comparable(before, after, seed))
    scores = scored(pooled, columns, places)
    if not scores.names:
        return Comparison(1.0, 1.0, False, ())
    means = _means(scores, pooled)
    if exact:
        drawn = relabelled(scores.matrix, pooled.window, times, seed)
    else:
        scores, means, correlation = _enlarged(scores, means, pooled, baseline, window, places=places)
        seen = np.array([mean.z for mean in means], np.float32)
        drawn = np.concatenate([seen[None, :], gaussian(correlation, times, seed)])
    groups, members = grouped(scores, drawn)
    combined = combine(groups)
    findings = tuple(
        Finding(
            scores.names[j],
            means[j].before,
            means[j].after,
            float(drawn[0, j]),
            float(combined.adjusted[name][i]),
            _matters(scores.names[j], means[j], policy),
        )
        for name, numbers in members.items()
        for i, j in enumerate(numbers)
    )
    omnibus = float(combined.adjusted[OMNIBUS_WEIGHT[0]][0]) if OMNIBUS_WEIGHT[0] in combined.adjusted else 1.0
    # Where only everything together stands out, any change beyond two standard errors may carry it.
    bar = policy.alpha if any(f.p <= policy.alpha for f in findings) else 1.0
    matters = any(f.matters and f.p <= bar and abs(f.z) >= 2.0 for f in findings)
    return Comparison(combined.p, omnibus, matters, findings)


def _means(scores: Scores, pooled: Pooled) -> list[Mean]:
    after = scores.matrix[pooled.window].mean(axis=0)
    before = scores.matrix[~pooled.window].mean(axis=0)
    n, m = len(pooled.values), int(np.count_nonzero(pooled.window))
    deviation = np.sqrt((scores.matrix**2).mean(axis=0))
    z = (after - before) / (deviation * np.sqrt(n / (n - 1.0) * (1 / m + 1 / (n - m))))
    return [
        # A share of nothing comes out of the centring as a tiny number: 12 decimals are more than any record has.
        Mean(
            before=round(float(scores.means[j] + before[j]), 12),
            after=round(float(scores.means[j] + after[j]), 12),
            deviation=float(deviation[j]),
            z=float(z[j]),
        )
        for j in range(len(scores.names))
    ]


def _enlarged(
    scores: Scores, means: list[Mean], pooled: Pooled, baseline: Baseline, window: Window, *, places: Sequence[int]
) -> tuple[Scores, list[Mean], Floats]:
    """Means over all rows in place of the samples' where a profile has them, and the correlations of the statistics.

    A statistic of all rows and one of a sample are correlated as their scores are, times the root of the part of the
    information that the sample holds.
    """
    columns, rows, rows_window = baseline.schema.features, baseline.rows, window.rows
    everything = {
        name: mean
        for place in places
        for name, mean in whole_means(
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
    wider = Scores(matrix, np.concatenate([scores.means, np.zeros(len(extra))]), names, main)
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


def _matters(score: Score, mean: Mean, policy: Policy) -> bool:
    """Whether a change is beyond what the policy calls too small, in the units that the policy speaks of."""
    difference = abs(mean.after - mean.before)
    if score.kind in (SHARE, RANGE, REPEAT) or score.kind not in (LOCATION, SIDE, *JOINT):
        return difference >= policy.min_share
    standard = difference / mean.deviation if mean.deviation > 0 else 0.0
    if score.kind in (DEPENDENCE, PAIR):
        return standard >= policy.min_correlation
    # z^2 + e^2 has variance near 4, and grows by 4 s where a standard deviation grows by a part s of itself.
    return standard >= (2 * policy.min_spread if score.kind == SPREAD else policy.min_shift)
