"""Checks of windows that are drawn from a reference's own records, with evidence as the timer keeps it.

The population is the reference's sample. Baseline and windows are drawn from it with replacement, so that a baseline
differs from its population as much as a real one does. Windows drawn around the baseline itself would be found too
easily. A drawn window is a row of counts, and its sums of scores are those counts times the scores of the sample's
rows. So each row is scored once and a thousand windows cost one product of matrices.

What is left out: the comparison of each newest window by relabelling, on which `driftloop.sequential.evidence` spends
half of the newest window's level. Here all of it is spent on the sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.profile.sampling.sample import MAX_ROWS, Sample
from driftloop.sequential.mean_test import difference_p
from driftloop.sequential.reference_features import ReferenceFeatures, features_of_sample
from driftloop.sequential.window_sums import Block, Sums, compact, select_stretches

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.data.schema import Column

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """A baseline that was drawn from a population, and windows of it.

    `features` are the drawn baseline's; `counts` (series, checks, rows) say how often each of the population's rows is
    in each window.
    """

    population: Sample
    features: ReferenceFeatures
    counts: Integers


def draw(
    columns: Sequence[Column],
    population: Sample,
    rows: int,
    *,
    series: int,
    checks: int,
    rng: np.random.Generator,
) -> Drawn:
    """A baseline as large as the population, and `series` times `checks` windows of `rows` records.

    A window holds as many rows as evidence reads of it: of more than `MAX_ROWS`, a sample.
    """
    weights = population.weights / population.weights.sum()
    size = min(population.rows, MAX_ROWS)
    of_baseline = rng.multinomial(size, weights)
    kept = of_baseline > 0
    # Drawn records are independent and of any season, whatever the population's are.
    independent = replace(population, weights=of_baseline, complete=True, clusters=None, seasons=None)
    baseline = independent.chosen(kept)
    counts = rng.multinomial(min(rows, MAX_ROWS), weights, size=(series, checks))
    return Drawn(population, features_of_sample(columns, baseline), counts)


def window_p(drawn: Drawn, changed: Sample, policy: Policy, columns: frozenset[str] | None = None) -> Floats:
    """The evidence's p after each check: (series, checks).

    Parameters
    ----------
    drawn : the baseline and which rows are in which window.
    changed : the population's rows as the windows have them, after a planted change or as they were.
    policy : gives the minimum effects.
    columns : names of columns; only features of theirs and the omnibus statistic are looked at, with the part of the
        level that they have among all. None: every feature.
    """
    features, scores = drawn.features, drawn.features.scores(changed)
    if columns is not None:
        chosen = _features_of(features, columns)
        features, scores = _only(features, chosen), scores[:, chosen]
    series, checks, _ = drawn.counts.shape
    present = ~np.isnan(scores)
    counts = drawn.counts.reshape(series * checks, -1).astype(float)
    rows = (counts @ present).reshape(series, checks, -1)
    totals = (counts @ np.where(present, scores, 0.0)).reshape(series, checks, -1)
    return evidence_p(features, rows, totals, policy)


def evidence_p(features: ReferenceFeatures, rows: Floats, totals: Floats, policy: Policy) -> Floats:
    """What `driftloop.sequential.evidence.update` makes of windows in turn, of several series in one sweep.

    Parameters
    ----------
    features : of the baseline.
    rows, totals : sums of each window (series, checks, features).
    policy : gives the minimum effects.

    Returns
    -------
    p after each check (series, checks), corrected for the stretches that are looked at. Up to 64 windows are kept in
    blocks. For `checks` up to 64, it is therefore the same to the rounding of the stored sums.
    """
    series, checks = rows.shape[:2]
    lengths = stretch_lengths(checks)
    check = np.repeat(np.arange(1, checks + 1), [len(each) for each in lengths])
    start = check - np.concatenate(lengths)
    sums = []
    for part in (rows, totals):
        cumulated = np.concatenate([np.zeros((series, 1, part.shape[2])), np.cumsum(part, axis=1)], axis=1)
        sums.append((cumulated[:, check] - cumulated[:, start]).reshape(series * len(check), -1))
    p, _ = difference_p(features, Sums(*sums), features.baseline_sums, policy)
    corrected = np.minimum(1.0, p.reshape(series, -1) * np.array([len(each) for each in lengths])[check - 1])
    return np.stack([corrected[:, check == number].min(axis=1) for number in range(1, checks + 1)], axis=1)


@cache
def stretch_lengths(checks: int) -> list[list[int]]:
    """How many windows each stretch holds that is tested after check 1, 2, ..."""
    blocks: tuple[Block, ...] = ()
    found = []
    for _ in range(checks):
        blocks = compact((*blocks, Block.of(1, None, Sums(np.zeros(1), np.zeros(1)))))
        found.append([stretch.windows for stretch in select_stretches(blocks)])
    return found


def _features_of(features: ReferenceFeatures, columns: frozenset[str]) -> Integers:
    """Indices of the features of some columns, and of those that the omnibus statistic needs."""
    mine = [index for index, each in enumerate(features.features) if not columns.isdisjoint(each.columns)]
    return np.union1d(np.array(mine, np.int64), features.locations)


def _only(features: ReferenceFeatures, chosen: Integers) -> ReferenceFeatures:
    """Some of the features, each with its own part of the level."""
    sums = features.baseline_sums
    return replace(
        features,
        features=tuple(features.features[index] for index in chosen),
        baseline_sums=Sums(sums.rows[chosen], sums.totals[chosen]),
        variance=features.variance[chosen],
        skew=features.skew[chosen],
        kurtosis=features.kurtosis[chosen],
        uncertainty=features.uncertainty[chosen],
        weights=features.weights[chosen],
        binary=features.binary[chosen],
        quadratic=features.quadratic[chosen],
        locations=np.searchsorted(chosen, features.locations),
    )
