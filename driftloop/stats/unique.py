"""The distinct values of an array, and which values are among others."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Ascending. `np.unique` without the counts would import `numpy.ma`, a tenth of a cold start."""
    return np.unique(values, return_counts=True)[0]


def among(values: npt.NDArray[Any], others: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whether each value is one of the others, of which there is at least one. `np.isin` would import `numpy.ma`."""
    ordered = np.sort(others)
    found: npt.NDArray[np.bool_] = ordered[np.searchsorted(ordered[1:], values, side="right")] == values
    return found
