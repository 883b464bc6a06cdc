"""What the model claims of its own errors: how far that is to be trusted, and its part in the estimate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from driftloop.impact.calibration import recalibrate
from driftloop.impact.described import SUREST

Floats = npt.NDArray[np.float64]

CLAIMED = 0.1
"""Largest weight of the claims as they stand."""
RECALIBRATED = 0.2
"""Weight of the claims recalibrated on the known errors. Both weights were chosen among 60 pairs on hpc, smoke, spam
and wa_churn, 100 windows each. A dozen pairs are within half a percent of the best.
"""
CONTRADICTED = 9.0
"""Squared standard errors from which known errors contradict claims. With 4 the estimates of spam, hpc and smoke were 4
to 5 % worse. A model whose claims are grossly wrong is found either way.
"""
LEAST_BIAS = 0.1
"""Standard deviation, on the logit scale, of what a model's claims are off, where nothing contradicts them: what models
of those tables were off."""


def claim_bias(claimed: Floats, errors: Floats) -> float:
    """How far the model's claims may be off, as a standard deviation tau on the logit scale (empirical Bayes).

    Let d be the mean of errors minus claims over the mean of c (1 - c), and v its variance. The bias of a model is
    taken for one draw from N(0, tau^2), tau^2 = max(LEAST_BIAS^2, d^2 - 9 v). Within three standard errors claims are
    not taken for contradicted, because to follow noise costs more than it brings.

    Examples
    --------
    >>> errors = np.repeat([0.0, 1.0], [60, 40])
    >>> claim_bias(np.full(100, 0.4), errors), round(claim_bias(np.full(100, 0.2), errors), 2)
    (0.1, 0.85)
    """
    kept = np.clip(claimed, 1 - SUREST, SUREST)
    slope, off = float(np.mean(kept * (1 - kept))), errors - kept
    d, v = float(off.mean()) / slope, float(off.var()) / len(off) / slope**2
    return float(np.sqrt(max(LEAST_BIAS**2, d**2 - CONTRADICTED * v)))


def average_with_claims(own: float, claimed: Floats, errors: Floats, claimed_window: Floats, tau: float) -> float:
    """The weighted mean of three estimates: our own, the claims recalibrated, and the claims as they stand.

    Parameters
    ----------
    own : the estimate that needs no claims.
    claimed, errors : of the records whose errors are known (n,).
    claimed_window : of the window's records (m,).
    tau : how far claims may be off (`claim_bias`).
    """
    weight = CLAIMED * (LEAST_BIAS / tau) ** 2
    recalibrated = recalibrate(claimed, errors, claimed_window)
    return (1 - weight - RECALIBRATED) * own + RECALIBRATED * recalibrated + weight * float(claimed_window.mean())
