"""The mean error of a window from what the model claims of itself, recalibrated on the holdout.

Isotonic regression of the holdout's errors on their claims (Barlow, Bartholomew, Bremner and Brunk 1972), by pooling
adjacent violators: the best fit that never falls. Between two claims of the holdout it is a straight line, beyond them
constant.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def recalibrate(claimed: Floats, errors: Floats, claimed_window: Floats) -> float:
    """The mean error that the window's claims mean, by the holdout's claims (n,) and errors (n,).

    Examples
    --------
    >>> claims = np.array([0.1, 0.1, 0.3, 0.4])
    >>> recalibrate(claims, np.array([0.0, 0.0, 1.0, 0.0]), np.array([0.05, 0.2, 0.4]))
    0.25
    """
    values, place, counts = np.unique(claimed, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=errors) / counts
    level = _pooled(means, counts)
    heights = np.bincount(level, weights=means * counts) / np.bincount(level, weights=counts)
    return float(_mass(values, claimed_window) @ heights[level])


def _mass(values: Floats, claimed_window: Floats) -> Floats:
    """Which part of the window falls to each claim of the holdout: a record between two of them to both, by distance.

    >>> _mass(np.array([0.0, 1.0]), np.array([-1.0, 0.25, 0.25, 2.0])).tolist()
    [0.625, 0.375]
    """
    after = np.searchsorted(values, claimed_window).clip(1, max(len(values) - 1, 1))
    before, after = after - 1, np.minimum(after, len(values) - 1)
    width = np.where(after > before, values[after] - values[before], 1.0)
    part = np.clip((claimed_window - values[before]) / width, 0.0, 1.0)
    found = np.bincount(before, weights=1 - part, minlength=len(values))
    return np.asarray(found + np.bincount(after, weights=part, minlength=len(values))) / len(claimed_window)


def _pooled(means: Floats, counts: Integers) -> Integers:
    """To which level each value belongs: neighbours whose means fall share one.

    >>> _pooled(np.array([0.1, 0.5, 0.3, 0.4, 0.9]), np.array([1, 1, 1, 1, 1])).tolist()
    [0, 1, 1, 1, 2]
    """
    pooled: list[tuple[float, int, int]] = []  # sum, records, values
    for mean, count in zip(means.tolist(), counts.tolist(), strict=True):
        total, records, size = mean * count, count, 1
        while pooled and pooled[-1][0] * records >= total * pooled[-1][1]:
            earlier = pooled.pop()
            total, records, size = total + earlier[0], records + earlier[1], size + earlier[2]
        pooled.append((total, records, size))
    return np.repeat(np.arange(len(pooled)), [size for *_, size in pooled])
