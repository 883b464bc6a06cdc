"""Adjusted p-values of several tests that share one error rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def holm(p_values: Sequence[float]) -> Floats:
    """Holm's adjusted p-values (Holm 1979, "A simple sequentially rejective multiple test procedure").

    Of k p-values, the i-th smallest becomes the largest of (k - j + 1) p_(j) over j <= i, at most 1. Whatever the
    dependence, an adjusted p of a true hypothesis is at most alpha with a chance of at most alpha, for all together.

    Examples
    --------
    >>> holm([0.03, 0.01, 0.2]).round(3).tolist()
    [0.06, 0.03, 0.2]
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    stepped = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    adjusted = np.empty(len(p))
    adjusted[order] = stepped
    return adjusted
