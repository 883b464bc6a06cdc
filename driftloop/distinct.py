"""The distinct values of an array."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Ascending. `np.unique` without the counts would import `numpy.ma`, a tenth of a cold start."""
    return np.unique(values, return_counts=True)[0]
