"""By how much a mean loss falls, record by record, and how surely.

A one-sided paired test on the difference of losses d = loss(reference) - loss(challenger). Two tests must agree at the
stated level. The studentised bootstrap takes account of skewness (Efron and Tibshirani 1993, "An Introduction to the
Bootstrap", 12.5). The sign-flip permutation test (Fisher 1935) is exact for symmetric differences at any size.
Requiring both keeps the share of promotions of a model that is not better at or below the level where either alone
would exceed it.
"""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from training.tasks.task import Vector

# The smallest p-value is 1 in 5,000, a hundredth of the level: the resampling decides nothing by its own noise. The
# standard error of a p-value at the level of 0.05 is 0.003.
RESAMPLES = 4_999
CELLS = 1_000_000  # resampled values held at a time: 8 MB
NO_SPREAD = 1e-12  # of the mean difference: below it a spread is rounding, and there is nothing to test with


class Improvement(msgspec.Struct, frozen=True):
    """By how much the mean loss falls, with its one-sided lower bound and p-value."""

    loss: float
    lower: float
    p_value: float


def improvement(challenger: Vector, reference: Vector, level: float) -> Improvement:
    """The fall of the mean loss from `reference` to `challenger`; the p-value is the larger of both tests'."""
    difference = reference - challenger
    mean, error = float(difference.mean()), standard_error(difference)
    if error <= NO_SPREAD * max(abs(mean), 1.0):  # one record, or equal differences throughout
        return Improvement(loss=mean, lower=mean, p_value=1.0)
    rng = np.random.default_rng(len(difference))  # seeded by the size: the same records give the same decision
    t = bootstrap_t(difference, rng)
    flipped = sign_flips(difference, rng)
    lower = mean - float(np.quantile(t, 1 - level)) * error
    p_value = both_p_values(reached(t, mean / error), reached(flipped, mean))
    return Improvement(loss=mean, lower=lower, p_value=p_value)


def both_p_values(bootstrap: float, flips: float) -> float:
    """The p-value of rejecting only where both tests do: the larger one."""
    return max(bootstrap, flips)


def reached(resampled: Vector, observed: float) -> float:
    """The share of resampled statistics that are at least the observed one, which counts as one of them: never 0. See
    Davison and Hinkley 1997, "Bootstrap Methods and their Application", 4.2.5.

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
    for drawn in resamples(n, rng):
        sample = difference[drawn]
        error = np.maximum(sample.std(axis=1, ddof=1) / np.sqrt(n), NO_SPREAD)
        parts.append((sample.mean(axis=1) - mean) / error)
    return np.concatenate(parts)


def sign_flips(difference: Vector, rng: np.random.Generator) -> Vector:
    """Means of the differences under RESAMPLES random signs: their distribution where neither model is better."""
    n = len(difference)
    return np.concatenate([sign @ difference / n for sign in signs(n, rng)])


def resamples(n: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Which records each sample with replacement holds, some samples (rows) at a time."""
    return (rng.integers(n, size=(size, n)) for size in _chunks(n))


def signs(n: int, rng: np.random.Generator) -> Iterator[NDArray[np.int8]]:
    """The random signs of each permutation, some permutations (rows) at a time."""
    return (rng.integers(0, 2, size=(size, n), dtype=np.int8) * 2 - 1 for size in _chunks(n))


def standard_error(values: Vector) -> float:
    """Of the mean: the sample standard deviation divided by the root of n; 0 for a single value."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def _chunks(n: int) -> Sequence[int]:
    size = max(1, CELLS // n)
    return [min(size, RESAMPLES - done) for done in range(0, RESAMPLES, size)]
