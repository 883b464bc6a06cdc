"""The mean error on a window without outcomes, from a holdout's errors: an error model, corrected by a density ratio.

With g the expected error of a record (`error_regression`, fitted on the holdout), w(x) the density of the window's
records over that of the holdout's, and r_i = y_i - g_{-i}(x_i) the holdout's residuals without their own record:

    estimate = mean over the window of g(x)  +  s * sum w_i r_i / sum w_i

The first part alone is the plug-in estimate, with s = 1 it is the doubly robust one (Robins, Rotnitzky and Zhao 1994;
under covariate shift Kang, Schafer 2007 discuss its variance): right where either g or w is. w is the odds of a
penalised logistic regression of the side on the same columns (Bickel, Bruckner and Scheffer 2009), each record's from
the others alone, so it is calibrated by leave-one-out. s = max(0, 1 - 4 v / c^2), with c the correction and v its
variance, is a positive-part shrinkage (James and Stein 1961): what is within two standard errors of 0 is left out.

Where the model claims an error of each record, by its probabilities, the estimate is a weighted mean of three: the one
above, the claims recalibrated on the holdout (`calibration`), and the claims as they stand. The first has the noise of
many coefficients, the second that of the holdout's labels alone, the third none and a bias; so their errors differ, and
that of the mean is smaller (a linear opinion pool). How far claims are to be trusted says the holdout (`claim_bias`).

Variance: that of the doubly robust estimate (s = 1), which needs no claim: each holdout record's influence times its
residual, squared and summed (the sandwich); and the noise that the window's own outcomes will have. So the interval is
rather too wide. Assumed: the outcome given the record is what it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.impact.calibration import recalibrate
from driftloop.impact.described import SUREST, Described, Records, describe
from driftloop.impact.error_regression import Link, fit_blocks, slope_of

Floats = npt.NDArray[np.float64]

BIG = 1e6
"""A penalty that keeps a block out."""
PREDICTION = (100.0, 10.0, 1000.0)
SINGLE = (300.0, BIG, 100.0, 30.0, 10.0, 3.0)
CURVED = (BIG, 1000.0, 300.0, 100.0, 30.0, 10.0)
WITHIN = 4.0
"""Squared standard errors up to which a correction is left out."""
CLAIMED = 0.2
"""Largest weight of the claims as they stand; the other two share the rest equally. Chosen among 50 such rules on spam,
hpc and smoke, 60 windows each: best on average, and better than the best peer on each; half a dozen are within a
percent of it."""
CONTRADICTED = 9.0
"""Squared standard errors from which a holdout contradicts claims: with 4 the estimates of spam, hpc and smoke were
4 to 5 % worse, and a model whose claims are grossly wrong is told either way."""
LEAST_BIAS = 0.1
"""Standard deviation, on the logit scale, of what a model's claims are off, where its holdout does not contradict them:
what models of those tables were off."""
RATIO = (30.0, 3.0, 100.0, 300.0, 1000.0, 10000.0)
RATIO_CURVED = (300.0, BIG, 1000.0, 100.0, 30.0, 10.0)
"""In units of one record's information on a standardised column, three to a decade; chosen before the tables that
docs/benchmarks.md reports were looked at."""
WIDEST = 6.0
"""Log odds beyond it say only that the window is elsewhere."""


@dataclass(frozen=True)
class Estimate:
    """The mean error on the window.

    mean: the estimate; variance_of_mean: of its expectation; variance_of_outcomes: what the window's own outcomes add;
    growth: the doubly robust estimate (s = 1) minus the holdout's mean error, so that an estimate which was drawn
    towards the model's own claims is no growth; variance_of_growth: of it, both sides as samples of their populations.
    expected: g of each window record (m,), expected_also: of the records that were asked of besides; residuals: r
    (n,), weights: w (n,) with mean 1. effective: the effective sample size (sum w)^2 / sum w^2 (Kish 1965). outside:
    the share of window records that are likelier from the window than any holdout record is.
    """

    mean: float
    variance_of_mean: float
    variance_of_outcomes: float
    growth: float
    variance_of_growth: float
    expected: Floats
    expected_also: Floats
    residuals: Floats
    weights: Floats
    effective: float
    outside: float


def estimate_error(
    holdout: Records, errors: Floats, window: Records, link: Link, also: Records | None = None
) -> Estimate:
    """The mean error of the model on the window's records.

    Parameters
    ----------
    holdout, window : records with the same columns.
    errors : (n,) of the holdout's records, at least 0, not all 0; at most 1 with the link "logit".
    link : "log" for errors of numbers, "logit" for those between 0 and 1.
    also : records of the window, again, whose expected error is asked for; they change nothing else.
    """
    described = describe(holdout, window, also)
    unit = float(errors.mean()) if link == "log" else 1.0
    rows = described.rows
    tau = claim_bias(holdout.claimed, errors) if described.claims and holdout.claimed is not None else 0.0
    model = fit_blocks(
        [block[:rows] for block in described.blocks],
        errors / unit,
        described.offset[:rows],
        link,
        [(tau**-2 if tau else 0.0,), PREDICTION, SINGLE, CURVED],
    )
    others = np.column_stack([np.ones(len(described.offset) - rows), *(block[rows:] for block in described.blocks)])
    count = len(window.values)
    theirs, predicted = others[:count], model.predict(others, described.offset[rows:])
    expected = predicted[:count]
    residuals = errors / unit - model.mu_without
    weights, outside = _density_ratio(described, rows + count)
    shares = weights / weights.sum()
    correction = float(shares @ residuals)
    noise = float(np.sum((shares * residuals) ** 2))
    part = kept_part(correction, noise)
    pull = slope_of(expected, link) @ theirs / len(theirs) - (shares * slope_of(model.mu, link)) @ model.design
    influence = model.design @ (model.inverse @ pull) + shares
    mean = float(expected.mean()) + part * correction
    if tau:
        mean = _averaged(mean, holdout, window, errors, CLAIMED * (LEAST_BIAS / tau) ** 2)
    return Estimate(
        mean=unit * mean,
        variance_of_mean=unit**2 * float(np.sum((influence * residuals) ** 2)),
        variance_of_outcomes=unit**2 * float(shares @ residuals**2) / len(theirs),
        growth=unit * (float(expected.mean()) + correction) - float(errors.mean()),
        variance_of_growth=unit**2
        * float(
            np.sum(((influence - 1 / rows) * residuals) ** 2)
            + np.var(expected) / len(expected)
            + np.var(model.mu) / rows
        ),
        expected=unit * expected,
        expected_also=unit * predicted[count:],
        residuals=unit * residuals,
        weights=weights,
        effective=float(weights.sum() ** 2 / (weights**2).sum()),
        outside=outside,
    )


def kept_part(correction: float, variance: float) -> float:
    """Which part of a correction with this variance is kept.

    >>> kept_part(0.4, 0.01), kept_part(0.1, 0.01)
    (0.75, 0.0)
    """
    return max(0.0, 1 - WITHIN * variance / correction**2) if correction else 0.0


def claim_bias(claimed: Floats, errors: Floats) -> float:
    """How far the model's claims may be off, as a standard deviation tau on the logit scale (empirical Bayes).

    With d the mean of errors minus claims over the mean of c (1 - c), and v its variance, the bias of a model is taken
    for one draw from N(0, tau^2), tau^2 = max(LEAST_BIAS^2, d^2 - 9 v): within three standard errors claims are not
    taken for contradicted, because to follow noise costs more than it brings.

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


def _averaged(own: float, holdout: Records, window: Records, errors: Floats, on_claims: float) -> float:
    """The weighted mean of three estimates: our own, the claims recalibrated, and the claims as they stand."""
    assert holdout.claimed is not None  # as `Described.claims` says
    assert window.claimed is not None
    recalibrated = recalibrate(holdout.claimed, errors, window.claimed)
    return (1 - on_claims) / 2 * (own + recalibrated) + on_claims * float(window.claimed.mean())


def _density_ratio(described: Described, count: int) -> tuple[Floats, float]:
    """Of each holdout record, with mean 1; and the share of window records beyond all of them. `count`: of both."""
    side = np.r_[np.zeros(described.rows), np.ones(count - described.rows)]
    blocks = [block[:count] for block in described.blocks]
    fitted = fit_blocks(blocks, side, np.zeros(count), "logit", [(0.0,), RATIO, RATIO, RATIO_CURVED])
    log_odds = np.clip(fitted.eta_without, -WIDEST, WIDEST)
    mine, theirs = log_odds[: described.rows], log_odds[described.rows :]
    weights = np.exp(mine)
    return weights / weights.mean(), float(np.mean(theirs > mine.max()))
