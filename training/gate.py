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

from training import settings

RESAMPLES = 4_999
CELLS = 1_000_000  # resampled values held at a time
Vector = NDArray[np.float64]


class Errors(msgspec.Struct, frozen=True):
    """A model's error on a set of records, in the target's unit."""

    rmse: float
    mae: float


class Improvement(msgspec.Struct, frozen=True):
    """By how much the mean squared error falls, with its one-sided lower bound and p-value."""

    mse: float
    lower: float
    p_value: float
    rmse: float


class Subgroup(msgspec.Struct, frozen=True):
    """A subgroup's root mean squared error under both models. `harmed` is None where the records are too few to say."""

    name: str
    n: int
    reference: float
    challenger: float
    harmed: bool | None


class Forgetting(msgspec.Struct, frozen=True):
    """The error on the regime before."""

    n: int
    champion: float
    challenger: float
    forgotten: bool


class Gate(msgspec.Struct, frozen=True):
    """The decision with all its numbers. `champion` is None for the first model; `reasons` says why not, empty when
    promoted.
    """

    promoted: bool
    reasons: list[str]
    level: float
    n: int
    challenger: Errors
    champion: Errors | None
    mean_predictor: Errors
    over_mean: Improvement
    over_champion: Improvement | None
    subgroups: list[Subgroup]
    forgetting: Forgetting | None


def decide(
    target: Vector,
    challenger: Vector,
    champion: Vector | None,
    *,
    mean: float,
    limits: settings.Gate,
    subgroups: Mapping[str, NDArray[np.bool_]] | None = None,
    before: tuple[Vector, Vector, Vector] | None = None,
) -> Gate:
    """Judge `challenger`'s predictions of `target` against `champion`'s (None for the first model) and against
    predicting `mean`.

    `subgroups` maps a name to a mask over the holdout; `before` is (target, challenger, champion) on the holdout of the
    regime before.
    """
    level = limits.level
    constant = np.full_like(target, mean)
    over_mean = improvement(target, challenger, constant, level)
    over_champion = None if champion is None else improvement(target, challenger, champion, level)
    reference = constant if champion is None else champion
    groups = [
        _subgroup(name, mask, target, challenger, reference=reference, limits=limits)
        for name, mask in (subgroups or {}).items()
    ]
    forgetting = None if before is None or champion is None else _forgetting(*before, limits.forgetting_tolerance)
    reasons = []
    if over_mean.p_value > level:
        reasons.append(f"not better than predicting the mean (p = {over_mean.p_value:.3f})")
    if over_champion is not None and over_champion.p_value > level:
        reasons.append(f"not better than the champion (p = {over_champion.p_value:.3f}, level {level})")
    reasons += [
        f"hurts {group.name}: error {group.reference:.1f} to {group.challenger:.1f} on {group.n} records"
        for group in groups
        if group.harmed
    ]
    if forgetting is not None and forgetting.forgotten:
        reasons.append(f"forgets the regime before: error {forgetting.champion:.1f} to {forgetting.challenger:.1f}")
    return Gate(
        promoted=not reasons,
        reasons=reasons,
        level=level,
        n=len(target),
        challenger=errors(target, challenger),
        champion=None if champion is None else errors(target, champion),
        mean_predictor=errors(target, constant),
        over_mean=over_mean,
        over_champion=over_champion,
        subgroups=groups,
        forgetting=forgetting,
    )


def errors(target: Vector, prediction: Vector) -> Errors:
    """Root mean squared and mean absolute error."""
    residual = target - prediction
    return Errors(rmse=float(np.sqrt(np.mean(residual**2))), mae=float(np.mean(np.abs(residual))))


def improvement(target: Vector, challenger: Vector, reference: Vector, level: float) -> Improvement:
    """The fall of the mean squared error from `reference` to `challenger`; the p-value is the larger of both tests'."""
    difference = (target - reference) ** 2 - (target - challenger) ** 2
    rmse = errors(target, reference).rmse - errors(target, challenger).rmse
    mean, error = float(difference.mean()), _standard_error(difference)
    if error <= 1e-12 * max(
        abs(mean), 1.0
    ):  # one record, or equal differences throughout: nothing to estimate a spread from
        return Improvement(mse=mean, lower=mean, p_value=1.0, rmse=rmse)
    rng = np.random.default_rng(len(difference))
    t = _bootstrap_t(difference, rng)
    flipped = _sign_flips(difference, rng)
    p_bootstrap = (1 + np.count_nonzero(t >= mean / error)) / (1 + len(t))
    p_flips = (1 + np.count_nonzero(flipped >= mean)) / (1 + len(flipped))
    lower = mean - float(np.quantile(t, 1 - level)) * error
    return Improvement(mse=mean, lower=lower, p_value=float(max(p_bootstrap, p_flips)), rmse=rmse)


def _bootstrap_t(difference: Vector, rng: np.random.Generator) -> Vector:
    n, mean = len(difference), difference.mean()
    parts = []
    for size in _chunks(n):
        sample = difference[rng.integers(n, size=(size, n))]
        error = np.maximum(sample.std(axis=1, ddof=1) / np.sqrt(n), 1e-12)
        parts.append((sample.mean(axis=1) - mean) / error)
    return np.concatenate(parts)


def _sign_flips(difference: Vector, rng: np.random.Generator) -> Vector:
    n = len(difference)
    signs = (rng.integers(0, 2, size=(size, n), dtype=np.int8) * 2 - 1 for size in _chunks(n))
    return np.concatenate([sign @ difference / n for sign in signs])


def _chunks(n: int) -> Sequence[int]:
    size = max(1, CELLS // n)
    return [min(size, RESAMPLES - done) for done in range(0, RESAMPLES, size)]


def _standard_error(values: Vector) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def _subgroup(
    name: str, mask: NDArray[np.bool_], target: Vector, challenger: Vector, *, reference: Vector, limits: settings.Gate
) -> Subgroup:
    """Harmed: the error grows beyond the tolerance, and by more than chance alone moves it in so few records (one
    standard error).
    """
    n = int(mask.sum())
    if n == 0:
        return Subgroup(name, 0, float("nan"), float("nan"), None)
    before, after = errors(target[mask], reference[mask]).rmse, errors(target[mask], challenger[mask]).rmse
    growth = (target[mask] - challenger[mask]) ** 2 - (target[mask] - reference[mask]) ** 2
    harmed = after > before * (1 + limits.subgroup_tolerance) and float(growth.mean()) > _standard_error(growth)
    return Subgroup(name, n, before, after, harmed if n >= limits.subgroup_smallest else None)


def _forgetting(target: Vector, challenger: Vector, champion: Vector, tolerance: float) -> Forgetting:
    before, after = errors(target, champion).rmse, errors(target, challenger).rmse
    return Forgetting(len(target), before, after, after > before * (1 + tolerance))
