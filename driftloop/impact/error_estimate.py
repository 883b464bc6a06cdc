"""The mean error on a window without outcomes, from a holdout's errors: an error model, corrected by a density ratio.

With g the expected error of a record (`error_regression`, fitted on the holdout), w(x) the density of the window's
records over that of the holdout's, and r_i = y_i - g_{-i}(x_i) the holdout's residuals without their own record:

    estimate = mean over the window of g(x)  +  s * sum w_i r_i / sum w_i

The first part alone is the plug-in estimate, with s = 1 it is the doubly robust one (Robins, Rotnitzky and Zhao 1994;
under covariate shift Kang, Schafer 2007 discuss its variance): right where either g or w is. w is the odds of a
penalised logistic regression of the side on the same columns (Bickel, Bruckner and Scheffer 2009), each record's from
the others alone, so it is calibrated by leave-one-out. s = max(0, 1 - v / c^2), with c the correction and v its
variance, is the positive-part shrinkage of James and Stein: what is no larger than its own noise is left out.

Variance: each holdout record's influence times its residual, squared and summed (the sandwich), and the noise that the
window's own outcomes will have. Assumed: the outcome given the record is what it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.impact.described import Described, Records, describe
from driftloop.impact.error_regression import Link, fit_blocks, slope_of

Floats = npt.NDArray[np.float64]

BIG = 1e6
"""A penalty that keeps a block out."""
INTERCEPT = (30.0, 10.0, 100.0)
"""Where the model claims an error: a penalty of 30 is a prior of 0.18 on the logit scale, about a third of the error.
A model whose probabilities are right needs no correction, and a few hundred records would only bring their noise.
No smaller one is tried: on the tables that this was chosen by, the freedom cost more than it brought."""
PREDICTION = (100.0, 10.0, 1000.0)
SINGLE = (300.0, BIG, 100.0, 30.0, 10.0, 3.0)
CURVED = (BIG, 1000.0, 300.0, 100.0, 30.0, 10.0)
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
    model = fit_blocks(
        [block[:rows] for block in described.blocks],
        errors / unit,
        described.offset[:rows],
        link,
        [INTERCEPT if described.claims else (0.0,), PREDICTION, SINGLE, CURVED],
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
    part = max(0.0, 1 - noise / correction**2) if correction else 0.0
    pull = slope_of(expected, link) @ theirs / len(theirs) - (shares * slope_of(model.mu, link)) @ model.design
    influence = model.design @ (model.inverse @ pull) + shares
    return Estimate(
        mean=unit * (float(expected.mean()) + part * correction),
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


def _density_ratio(described: Described, count: int) -> tuple[Floats, float]:
    """Of each holdout record, with mean 1; and the share of window records beyond all of them. `count`: of both."""
    side = np.r_[np.zeros(described.rows), np.ones(count - described.rows)]
    blocks = [block[:count] for block in described.blocks]
    fitted = fit_blocks(blocks, side, np.zeros(count), "logit", [(0.0,), RATIO, RATIO, RATIO_CURVED])
    log_odds = np.clip(fitted.eta_without, -WIDEST, WIDEST)
    mine, theirs = log_odds[: described.rows], log_odds[described.rows :]
    weights = np.exp(mine)
    return weights / weights.mean(), float(np.mean(theirs > mine.max()))
