"""Is the challenger better than the champion on the same recent holdout, and harmless elsewhere?

Better: a one-sided paired test on the difference of squared errors d = (y - champion)^2 - (y - challenger)^2. Two tests
must agree at the stated level: the studentised bootstrap (Efron and Tibshirani 1993, "An Introduction to the
Bootstrap", 12.5), which takes account of skewness, and the sign-flip permutation test (Fisher 1935), which is exact for
symmetric differences at any size. Requiring both keeps the share of promotions of a model that is not better at or
below the level where either alone would exceed it.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from training.metrics import PredictionErrors, Vector, prediction_errors
from training.settings import GateLimits

# The smallest p-value is 1 in 5,000, a hundredth of the level: the resampling decides nothing by its own noise. The
# standard error of a p-value at the level of 0.05 is 0.003.
RESAMPLES = 4_999
CELLS = 1_000_000  # resampled values held at a time: 8 MB
NO_SPREAD = 1e-12  # of the mean difference: below it a spread is rounding, and there is nothing to test with
Mask = NDArray[np.bool_]


class Improvement(msgspec.Struct, frozen=True):
    """By how much the mean squared error falls, with its one-sided lower bound and p-value; and the RMSE's fall."""

    mse: float
    lower: float
    p_value: float
    rmse: float


class SubgroupComparison(msgspec.Struct, frozen=True):
    """A subgroup's root mean squared error under the challenger and under its reference: the champion, or predicting
    the mean. `harmed` is None where the records are too few to say.
    """

    name: str
    n: int
    reference: float
    challenger: float
    harmed: bool | None


class Forgetting(msgspec.Struct, frozen=True):
    """The root mean squared errors on the regime before."""

    n: int
    champion: float
    challenger: float
    forgotten: bool


class GateDecision(msgspec.Struct, frozen=True):
    """`gate.json`: the decision with all its numbers. `champion` is None for the first model; `reasons` says why not,
    empty when promoted.
    """

    promoted: bool
    reasons: list[str]
    level: float
    n: int
    challenger: PredictionErrors
    champion: PredictionErrors | None
    mean_predictor: PredictionErrors
    over_mean: Improvement
    over_champion: Improvement | None
    subgroups: list[SubgroupComparison]
    forgetting: Forgetting | None


def decide(
    target: Vector,
    challenger: Vector,
    champion: Vector | None,
    *,
    mean: float,
    limits: GateLimits,
    subgroups: Mapping[str, Mask] | None = None,
    before: tuple[Vector, Vector, Vector] | None = None,
) -> GateDecision:
    """Judge a challenger's predictions on the recent holdout.

    Parameters
    ----------
    target, challenger, champion : arrays of shape (n,)
        Outcomes and both models' predictions, in the target's unit; `champion` is None for the first model.
    mean : float
        What the simplest predictor says: the mean of the records that the challenger was fitted on.
    limits : GateLimits
        The level of each test, and the tolerances.
    subgroups : mapping
        A name to a mask over the holdout.
    before : (target, challenger, champion)
        The same arrays on the holdout of the regime before, if there is one.
    """
    constant = np.full_like(target, mean)
    over_mean = improvement(target, challenger, constant, limits.level)
    over_champion = None if champion is None else improvement(target, challenger, champion, limits.level)
    reference = constant if champion is None else champion
    compared = [
        compare_subgroup(name, target[mask], challenger[mask], reference[mask], limits)
        for name, mask in (subgroups or {}).items()
    ]
    forgetting = None if before is None or champion is None else measure_forgetting(*before, limits)
    reasons = _reasons(over_mean, over_champion, compared, forgetting, limits.level)
    return GateDecision(
        promoted=not reasons,
        reasons=reasons,
        level=limits.level,
        n=len(target),
        challenger=prediction_errors(target, challenger),
        champion=None if champion is None else prediction_errors(target, champion),
        mean_predictor=prediction_errors(target, constant),
        over_mean=over_mean,
        over_champion=over_champion,
        subgroups=compared,
        forgetting=forgetting,
    )


def improvement(target: Vector, challenger: Vector, reference: Vector, level: float) -> Improvement:
    """The fall of the mean squared error from `reference` to `challenger`; the p-value is the larger of both tests'."""
    difference = (target - reference) ** 2 - (target - challenger) ** 2
    rmse = prediction_errors(target, reference).rmse - prediction_errors(target, challenger).rmse
    mean, error = float(difference.mean()), standard_error(difference)
    if error <= NO_SPREAD * max(abs(mean), 1.0):  # one record, or equal differences throughout
        return Improvement(mse=mean, lower=mean, p_value=1.0, rmse=rmse)
    rng = np.random.default_rng(len(difference))  # seeded by the size: the same records give the same decision
    t = bootstrap_t(difference, rng)
    flipped = sign_flips(difference, rng)
    lower = mean - float(np.quantile(t, 1 - level)) * error
    p_value = both_p_values(reached(t, mean / error), reached(flipped, mean))
    return Improvement(mse=mean, lower=lower, p_value=p_value, rmse=rmse)


def both_p_values(bootstrap: float, flips: float) -> float:
    """The p-value of rejecting only where both tests do: the larger one."""
    return max(bootstrap, flips)


def reached(resampled: Vector, observed: float) -> float:
    """The share of resampled statistics that are at least the observed one, which counts as one of them (Davison and
    Hinkley 1997, "Bootstrap Methods and their Application", 4.2.5): never 0.

    Examples
    --------
    >>> reached(np.array([1.0, 2.0, 3.0]), 2.0)
    0.75
    """
    return float((1 + np.count_nonzero(resampled >= observed)) / (1 + len(resampled)))


def bootstrap_t(difference: Vector, rng: np.random.Generator) -> Vector:
    """Studentised means of RESAMPLES samples with replacement, centred: (mean* - mean) / error*."""
    n, mean = len(difference), difference.mean()
    parts = []
    for size in _chunks(n):
        sample = difference[rng.integers(n, size=(size, n))]
        error = np.maximum(sample.std(axis=1, ddof=1) / np.sqrt(n), NO_SPREAD)
        parts.append((sample.mean(axis=1) - mean) / error)
    return np.concatenate(parts)


def sign_flips(difference: Vector, rng: np.random.Generator) -> Vector:
    """Means of the differences under RESAMPLES random signs: their distribution where neither model is better."""
    n = len(difference)
    signs = (rng.integers(0, 2, size=(size, n), dtype=np.int8) * 2 - 1 for size in _chunks(n))
    return np.concatenate([sign @ difference / n for sign in signs])


def standard_error(values: Vector) -> float:
    """Of the mean: the sample standard deviation divided by the root of n; 0 for a single value."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def compare_subgroup(
    name: str, target: Vector, challenger: Vector, reference: Vector, limits: GateLimits
) -> SubgroupComparison:
    """Harmed: the error grows beyond the tolerance, and by more than chance alone moves it in so few records (one
    standard error of the growth).
    """
    n = len(target)
    if n == 0:
        return SubgroupComparison(name, 0, float("nan"), float("nan"), None)
    reference_rmse = prediction_errors(target, reference).rmse
    challenger_rmse = prediction_errors(target, challenger).rmse
    growth = (target - challenger) ** 2 - (target - reference) ** 2
    beyond_tolerance = challenger_rmse > reference_rmse * (1 + limits.subgroup_tolerance)
    beyond_chance = float(growth.mean()) > standard_error(growth)
    harmed = (beyond_tolerance and beyond_chance) if n >= limits.subgroup_smallest else None
    return SubgroupComparison(name, n, reference_rmse, challenger_rmse, harmed)


def measure_forgetting(target: Vector, challenger: Vector, champion: Vector, limits: GateLimits) -> Forgetting:
    """Forgotten: on the regime before, the error grows beyond the tolerance."""
    champion_rmse = prediction_errors(target, champion).rmse
    challenger_rmse = prediction_errors(target, challenger).rmse
    forgotten = challenger_rmse > champion_rmse * (1 + limits.forgetting_tolerance)
    return Forgetting(len(target), champion_rmse, challenger_rmse, forgotten)


def _chunks(n: int) -> Sequence[int]:
    size = max(1, CELLS // n)
    return [min(size, RESAMPLES - done) for done in range(0, RESAMPLES, size)]


def _reasons(
    over_mean: Improvement,
    over_champion: Improvement | None,
    subgroups: Sequence[SubgroupComparison],
    forgetting: Forgetting | None,
    level: float,
) -> list[str]:
    reasons = []
    if over_mean.p_value > level:
        reasons.append(f"not better than predicting the mean (p = {over_mean.p_value:.3f})")
    if over_champion is not None and over_champion.p_value > level:
        reasons.append(f"not better than the champion (p = {over_champion.p_value:.3f}, level {level})")
    reasons += [
        f"hurts {group.name}: error {group.reference:.1f} to {group.challenger:.1f} on {group.n} records"
        for group in subgroups
        if group.harmed
    ]
    if forgetting is not None and forgetting.forgotten:
        reasons.append(f"forgets the regime before: error {forgetting.champion:.1f} to {forgetting.challenger:.1f}")
    return reasons
