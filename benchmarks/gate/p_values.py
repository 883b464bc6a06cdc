"""The gate's p-values of many holdouts at a time.

The gate draws its resamples from a generator that is seeded by the holdout's size, so all runs of one size share them.
What it does one holdout at a time is here two matrix products for thousands (`tests/benchmarks/test_gate.py` compares
both).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.gate import paired_tests

Losses = npt.NDArray[np.float64]
BLOCK = 250  # runs at a time: their resampled means take 10 MB


def p_values(challenger: Losses, champion: Losses) -> Losses:
    """The gate's p-value of each run (row)."""
    differences = champion - challenger
    n = differences.shape[1]
    rng = np.random.default_rng(n)
    counts = np.concatenate([_counts(drawn, n) for drawn in paired_tests.resamples(n, rng)]).T
    signs = np.concatenate([sign.astype(np.float32) for sign in paired_tests.signs(n, rng)]).T.astype(np.float64)
    blocks = [differences[start : start + BLOCK] for start in range(0, len(differences), BLOCK)]
    return np.concatenate([_p_values(block, counts, signs) for block in blocks])


def _counts(drawn: npt.NDArray[np.int64], n: int) -> Losses:
    """How often each sample holds each record, as shares."""
    rows = np.arange(len(drawn))[:, None] * n
    return np.bincount((rows + drawn).ravel(), minlength=len(drawn) * n).reshape(len(drawn), n) / n


def _p_values(d: Losses, counts: Losses, signs: Losses) -> Losses:
    n = d.shape[1]
    mean = d.mean(axis=1, keepdims=True)
    error = d.std(axis=1, ddof=1, keepdims=True) / np.sqrt(n)
    none = error[:, 0] <= paired_tests.NO_SPREAD * np.maximum(np.abs(mean[:, 0]), 1.0)
    centred = d - mean  # the variance of a sample does not depend on it, and rounding does
    means = centred @ counts
    variances = np.maximum((centred**2) @ counts - means**2, 0.0) * n / (n - 1)
    t = means / np.maximum(np.sqrt(variances / n), paired_tests.NO_SPREAD)
    with np.errstate(divide="ignore", invalid="ignore"):
        bootstrap = (1 + (t >= mean / error).sum(axis=1)) / (1 + paired_tests.RESAMPLES)
    flips = (1 + ((d @ signs) / n >= mean).sum(axis=1)) / (1 + paired_tests.RESAMPLES)
    return np.where(none, 1.0, np.maximum(bootstrap, flips))
