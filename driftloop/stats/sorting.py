"""What sorting tells of an array: its distinct values, its median, what it shares with another.

numpy's own functions ask first whether an array is masked, and load `numpy.ma` for it: a twentieth of all that a check
imports.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)


def distinct_values(values: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """The distinct values (k,) of an array (n,), ascending; NaN counts as one value and is the last.

    Examples
    --------
    >>> distinct_values(np.array([2.0, 1.0, 2.0, np.nan, np.nan])).tolist()
    [1.0, 2.0, nan]
    """
    found: npt.NDArray[Scalar] = np.unique(values, return_counts=True)[0]
    return found


def distinct_rows(values: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """The distinct rows (k, d) of a matrix (n, d), ascending.

    Examples
    --------
    >>> distinct_rows(np.array([[2, 1], [0, 3], [2, 1]])).tolist()
    [[0, 3], [2, 1]]
    """
    found: npt.NDArray[Scalar] = np.unique(values, axis=0, return_counts=True)[0]
    return found


def are_among(values: npt.NDArray[Any], others: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whether each value (n,) is one of the others (m,); NaN is never.

    Examples
    --------
    >>> are_among(np.array([3, 1, 2]), np.array([1, 3, 3])).tolist()
    [True, True, False]
    >>> are_among(np.array([np.nan, 1.0]), np.array([np.nan])).tolist()
    [False, False]
    """
    if not len(others):
        return np.zeros(len(values), bool)
    ordered = np.sort(others)
    at = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return np.asarray(ordered[at] == values)


def median(values: npt.NDArray[np.float64]) -> float:
    """The middle of the values (n,), or the mean of the two in the middle; NaN where there is none, or a NaN.

    Examples
    --------
    >>> median(np.array([5.0, 1.0, 2.0])), median(np.array([4.0, 1.0]))
    (2.0, 2.5)
    """
    ordered = np.sort(values)
    if not len(ordered) or np.isnan(ordered[-1]):
        return np.nan
    middle = len(ordered) // 2
    return float(ordered[middle] if len(ordered) % 2 else ordered[middle - 1 : middle + 1].mean())
