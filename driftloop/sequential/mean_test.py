"""Have windows and baseline the same mean scores? One p-value for all features, and the feature that differs most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftloop.sequential.clustered_sums import Design, widened
from driftloop.sequential.column_features import Flags
from driftloop.sequential.window_sums import NO_ROWS, Floats, Sums
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
    *,
    design: Design | None = None,
) -> tuple[Floats, list[str]]:
    """Test for each stretch whether its records come from the reference's population.

    Each feature has a p-value: Fisher's exact test for shares, the standardised difference of means for scores. A
    difference of means d / (sd sqrt(1/n + 1/m)) has the skewness and kurtosis that follow from those of one record
    (`driftloop.stats.moments`). The omnibus statistic, Hotelling's T^2, looks at all locations at once. The p-values
    are adjusted by weighted Bonferroni: divided by each feature's weight. Differences below the minimum effect count as
    none.

    Parameters
    ----------
    features : of the baseline.
    windows : rows and totals (stretches, features), a row for each stretch.
    reference : rows and totals (features,): the baseline's, or those of an accepted regime; (stretches, features) where
        each stretch has its own.
    policy : gives the minimum effects.
    variance : of the scores (features,) in the reference's population, where that is not the baseline. Then the omnibus
        statistic is left out, because its correlations are the baseline's.
    design : of records that depend on each other. Numbers of records are divided by its factors (Rao and Scott 1992),
        and p-values are Student's.

    Returns
    -------
    p-values (stretches,), and for each the name of the feature with the smallest adjusted p-value.
    """
    if not features.weights.any():
        return np.ones(len(windows.rows)), [TOGETHER] * len(windows.rows)
    if design is not None:
        windows, reference = _divided(windows, design.factor), _divided(reference, design.factor)
    n, m = np.maximum(windows.rows, NO_ROWS), np.maximum(reference.rows, NO_ROWS)
    difference = windows.totals / n - reference.totals / m
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = features.variance if variance is None else variance
        z = np.where(scale > 0, difference / np.sqrt(scale * (1 / n + 1 / m)), 0.0)
    p = np.ones_like(z)
    able = features.weights > 0
    # Most differences of unchanged features are below the minimum effect: their tails need not be computed.
    matters = able & (np.abs(difference) >= features.minimum_effect(policy))
    matters &= (windows.rows >= 1) & (reference.rows >= 1)
    shares, means = matters & features.binary, matters & ~features.binary
    p[shares] = _share_p(windows, reference, shares)
    p[means] = _mean_p(features, z, n, m, means)
    if design is not None:
        p[matters] = widened(p[matters], design.freedom[matters])
    with np.errstate(divide="ignore", invalid="ignore"):
        adjusted = np.where(able, p / features.weights, np.inf)
    together = np.ones(len(z))
    if variance is None and len(features.locations) > 1:
        together = _together_p(features, z, difference, m, policy, design=design) / features.omnibus_weight
    smallest = adjusted.argmin(axis=1)
    alone = adjusted[np.arange(len(adjusted)), smallest]
    names = [
        TOGETHER if of_all < of_one else features.features[index].name
        for index, of_one, of_all in zip(smallest, alone, together, strict=True)
    ]
    return np.minimum(1.0, np.minimum(alone, together)), names


def _divided(sums: Sums, factor: Floats) -> Sums:
    """Sums of as many independent records as these are worth."""
    return Sums(sums.rows / factor, sums.totals / factor)


def _share_p(windows: Sums, reference: Sums, chosen: Flags) -> Floats:
    """p-values of indicators, whose totals are counts, where `chosen` (stretches, features) is set."""
    sides = (windows.totals, windows.rows, reference.totals, reference.rows)
    return share_p(*(np.broadcast_to(side, chosen.shape)[chosen] for side in sides))


def _mean_p(features: ReferenceFeatures, z: Floats, n: Floats, m: Floats, chosen: Flags) -> Floats:
    """p-values of differences of mean scores where `chosen` (stretches, features) is set.

    Where a score is quadratic in z, its sign in the skewness is +: a baseline that happens to be narrow makes all later
    scores large.
    """
    sign = np.where(features.quadratic, 1.0, -1.0)
    skew, excess = shape_of_difference(features.skew, features.kurtosis, n, m, sign)
    return moments_p(z[chosen], skew[chosen], (excess + features.uncertainty)[chosen])


def _together_p(
    features: ReferenceFeatures,
    z: Floats,
    difference: Floats,
    m: Floats,
    policy: Policy,
    *,
    design: Design | None,
) -> Floats:
    """p-values (stretches,) of the omnibus statistic; infinite where the shift is below the minimum effect."""
    columns = features.locations
    rows = float(m[..., columns].min())
    if design is not None:
        # z was divided by its own factors; the widest direction of all columns together takes the place of them.
        z = z * np.sqrt(design.factor / np.maximum(design.factor, design.together[:, None]))
        rows = min(rows, design.freedom_together)
    p = hotelling_p(t_squared(z[:, columns], features.inverse_correlation), len(columns), rows)
    effect = t_squared(difference[:, columns] / np.sqrt(features.variance[columns]), features.inverse_correlation)
    return np.where(np.sqrt(effect) < policy.min_shift, np.inf, p)
