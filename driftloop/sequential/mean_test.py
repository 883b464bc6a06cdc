"""One p for everything that differs between two sums of scores, and what differs most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftloop.sequential.window_sums import Floats, Sums
from driftloop.stats.fisher import share_p
from driftloop.stats.hotelling import hotelling_p, t_squared
from driftloop.stats.moments import moments_p, shape_of_difference

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.sequential.reference_features import ReferenceFeatures

TOGETHER = "all columns"


def difference_p(
    features: ReferenceFeatures,
    windows: Sums,
    reference: Sums,
    policy: Policy,
    variance: Floats | None = None,
) -> tuple[Floats, list[str]]:
    """p of the hypothesis that the records of each stretch come from the reference's population, and the feature that
    speaks loudest against it.

    `windows` holds a row for each stretch (stretches, features). Features are corrected for by weighted Bonferroni.
    The standardised difference of means d / (sd sqrt(1/n + 1/m)) of a sum of scores has skewness
    g (1/n^2 - 1/m^2) / (1/n + 1/m)^1.5 and excess kurtosis (k - 3) (1/n^3 + 1/m^3) / (1/n + 1/m)^2. Where a score is
    quadratic in z the sign is +: a baseline that happens to be narrow makes all later scores large. Differences that
    are too small to matter (`policy.min_shift` and the like) do not count. `variance`: of the scores in the reference's
    population, where that is not the baseline's; then the omnibus statistic, whose correlations are, is left out.
    """
    if not features.weights.any():
        return np.ones(len(windows.rows)), [TOGETHER] * len(windows.rows)
    n, m = np.maximum(windows.rows, 1e-9), np.maximum(reference.rows, 1e-9)
    difference = windows.totals / n - reference.totals / m
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = features.variance if variance is None else variance
        z = np.where(scale > 0, difference / np.sqrt(scale * (1 / n + 1 / m)), 0.0)
    sign = np.where(features.quadratic, 1.0, -1.0)
    skew, excess = shape_of_difference(features.skew, features.kurtosis, n, m, sign)
    excess = excess + features.uncertainty
    p = np.ones_like(z)
    able = features.weights > 0
    shares, means = able & features.binary, able & ~features.binary
    size = np.broadcast_shapes(n.shape, m.shape)
    hits, old, rows = windows.totals[:, shares], reference.totals[shares], np.broadcast_to(m, size)[:, shares]
    counts = (hits, n[:, shares], np.broadcast_to(old, hits.shape), rows)
    p[:, shares] = share_p(*(part.ravel() for part in counts)).reshape(hits.shape)
    standardised = (z[:, means], skew[:, means], excess[:, means])
    p[:, means] = moments_p(*(part.ravel() for part in standardised)).reshape(len(p), -1)
    p[(np.abs(difference) < features.minimum_effect(policy)) | (windows.rows < 1) | (reference.rows < 1)] = 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        adjusted = np.where(able, p / features.weights, np.inf)
        together = _together(features, z, difference, m, policy) / features.omnibus_weight
    if variance is not None:
        together = np.ones_like(together)
    best = adjusted.argmin(axis=1)
    alone = adjusted[np.arange(len(adjusted)), best]
    together = np.where(np.isnan(together), 1.0, together)
    names = [
        TOGETHER if all_ < one else features.features[place].name
        for place, one, all_ in zip(best, alone, together, strict=True)
    ]
    return np.minimum(1.0, np.minimum(alone, together)), names


def _together(features: ReferenceFeatures, z: Floats, difference: Floats, m: Floats, policy: Policy) -> Floats:
    """The omnibus statistic's p of each stretch."""
    columns = features.locations
    if len(columns) < 2:
        return np.full(len(z), np.nan)
    statistic = t_squared(z[:, columns], features.inverse_correlation)
    p = hotelling_p(statistic, len(columns), float(m[columns].min()))
    effect = t_squared(difference[:, columns] / np.sqrt(features.variance[columns]), features.inverse_correlation)
    return np.where(np.sqrt(effect) < policy.min_shift, np.inf, p)
