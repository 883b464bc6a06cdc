"""A window against a baseline: one p for everything, and for each column what changed and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from driftloop.combining import Group, combine
from driftloop.policy import Policy
from driftloop.relabelling import relabelled
from driftloop.sample import Sample
from driftloop.schema import Column
from driftloop.scores import DEPENDENCE, LOCATION, MISSING, RANGE, SHARE, SPREAD, Score, Scores, pooled_scores
from driftloop.window import Baseline, Window

Floats = npt.NDArray[np.float64]

WEIGHTS = {
    LOCATION: ("margin", 0.5),
    SHARE: ("margin", 0.5),
    SPREAD: ("spread", 0.15),
    DEPENDENCE: ("dependence", 0.1),
    MISSING: ("broken", 0.1),
    RANGE: ("broken", 0.1),
}
OMNIBUS = ("omnibus", 0.15)
RIDGE = 1e-3


@dataclass(frozen=True)
class Finding:
    """One statistic: what was measured, its standardised value, its p corrected for everything that was looked at."""

    score: Score
    z: float
    p: float


@dataclass(frozen=True)
class Comparison:
    """`p` of the whole comparison; every statistic, largest first; and the omnibus statistic's p."""

    p: float
    omnibus_p: float
    findings: tuple[Finding, ...]

    def of_column(self, place: int) -> tuple[Finding, ...]:
        """The findings that look at one column, surest first."""
        mine = (finding for finding in self.findings if place in finding.score.columns)
        return tuple(sorted(mine, key=lambda finding: (finding.p, -abs(finding.z))))


def compare(baseline: Baseline, window: Window, policy: Policy) -> Comparison:
    """Compare a window with a baseline by relabelling the pooled records of both samples at random."""
    columns = baseline.schema.features
    values, levels, belongs = _pooled(baseline.profile.sample, window.profile.sample)
    scores = pooled_scores(values, columns, levels)
    if not scores.names:
        return Comparison(1.0, 1.0, ())
    seed = int.from_bytes(sha256((baseline.sha256 + window.sha256).encode()).digest()[:8], "little")
    law = relabelled(scores.matrix, belongs, policy.permutations, seed)
    groups, members = _groups(scores, law.drawn, columns)
    combined = combine(groups)
    findings = [
        Finding(scores.names[j], float(law.seen[j]), float(combined.adjusted[name][i]))
        for name, places in members.items()
        for i, j in enumerate(places)
    ]
    omnibus = float(combined.adjusted[OMNIBUS[0]][0]) if OMNIBUS[0] in combined.adjusted else 1.0
    return Comparison(combined.p, omnibus, tuple(findings))


def _pooled(baseline: Sample, window: Sample) -> tuple[Floats, tuple[tuple[str, ...], ...], npt.NDArray[np.bool_]]:
    """Both samples' records in one matrix, repeated ones as often as they occurred, and which are the window's."""
    both = []
    levels = tuple(tuple(sorted({*a, *b})) for a, b in zip(baseline.levels, window.levels, strict=True))
    for sample in (baseline, window):
        values = sample.values.copy()
        for column, names in enumerate(sample.levels):
            if names:
                recode = np.array([float(levels[column].index(name)) for name in names] + [np.nan])
                codes = values[:, column]
                values[:, column] = recode[np.where(np.isnan(codes), -1, codes).astype(np.int64)]
        both.append(np.repeat(values, np.minimum(sample.weights, 1000), axis=0))
    return np.concatenate(both), levels, np.arange(len(both[0]) + len(both[1])) >= len(both[0])


def _groups(
    scores: Scores, drawn: npt.NDArray[np.float32], columns: tuple[Column, ...]
) -> tuple[list[Group], dict[str, list[int]]]:
    members: dict[str, list[int]] = {}
    for j, score in enumerate(scores.names):
        members.setdefault(WEIGHTS[score.kind][0], []).append(j)
    weights = dict(WEIGHTS.values())
    groups = [Group(name, weights[name], np.abs(drawn[:, places])) for name, places in members.items()]
    margins = members.get("margin", [])
    if len(margins) > 1:
        matrix = scores.matrix[:, margins]
        deviations = np.sqrt((matrix**2).mean(axis=0))
        correlation = (matrix / deviations).T @ (matrix / deviations) / len(matrix)
        inverse = np.linalg.inv(correlation + RIDGE * np.eye(len(margins)))
        seen = drawn[:, margins]
        distance = np.einsum("bi,bi->b", seen @ inverse.astype(np.float32), seen)
        groups.append(Group(OMNIBUS[0], OMNIBUS[1], distance[:, None]))
    return groups, members
