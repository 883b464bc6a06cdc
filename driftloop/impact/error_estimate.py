"""The mean error on a window without outcomes, from a holdout's errors: an error model, corrected by a density ratio.

Let g be the expected error of a record (`error_regression`, fitted on the holdout). Let w(x) be the density of the
window's records over that of the holdout's. Let r_i = y_i - g_{-i}(x_i) be the holdout's residuals without their own
record. Then:

    estimate = mean over the window of g(x)  +  s * sum w_i r_i / sum w_i

The first part alone is the plug-in estimate. With s = 1 it is the doubly robust one (Robins, Rotnitzky and Zhao 1994),
right where either g or w is. Under covariate shift Kang, Schafer 2007 discuss its variance. w is the odds of a
penalised logistic regression of the side on the same columns (Bickel, Bruckner and Scheffer 2009). Each record's is
taken from the others alone, so it is calibrated by leave-one-out.

    s = max(1/2, 1 - 4 v / c^2),    c the correction, v its variance

is a shrinkage (James and Stein 1961). It keeps half of a correction that is within 2.8 standard errors of 0.

Cross-fitted errors of the records that the model learnt from (`cross_fitted`) join those of the holdout. The error
model has a mark for them, with a penalty by how far their level may be off. Predictions are made without the mark, and
what it explains is taken off their errors. So they add to the number of labels, and the holdout keeps the level.

Where the model claims an error of each record, by its probabilities, the estimate is a weighted mean of three. They are
the one above, the claims recalibrated on the known errors (`driftloop.impact.calibration`), and the claims as they
stand. The first has the noise of many coefficients, the second that of the labels alone, the third none and a bias. So
their errors differ, and that of the mean is smaller (a linear opinion pool). How far claims are to be trusted say the
labels (`claims`).

The interval (`interval`) is that of the doubly robust estimate (s = 1), which needs no claim. It adds up each record's
influence times its residual, and the noise that the window's own outcomes will have. The square by which the estimate
differs from the doubly robust one is added as a squared bias. Assumed: the outcome given the record is what it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from driftloop.impact.claims import average_with_claims, claim_bias
from driftloop.impact.cross_fitted import level_shift
from driftloop.impact.described import Described, Records, describe, joined
from driftloop.impact.error_regression import Fitted, Link, fit_blocks, mean_of, slope_of
from driftloop.impact.interval import Noise

Floats = npt.NDArray[np.float64]

BIG = 1e6
"""A penalty that keeps a block out."""
PREDICTION = (100.0, 10.0, 1000.0)
SINGLE = (300.0, BIG, 100.0, 30.0, 10.0, 3.0)
CURVED = (BIG, 1000.0, 300.0, 100.0, 30.0, 10.0)
WITHIN = 4.0
"""Squared standard errors of a correction that shrinkage takes for noise."""
LEAST_KEPT = 0.5
"""Of a correction, chosen on hpc, smoke, spam and wa_churn, 100 windows each. With 0 estimates were 3 % farther from
the expected error, and with 1 they were 1 % farther from the realised one.
"""
RATIO = (30.0, 3.0, 100.0, 300.0, 1000.0, 10000.0)
RATIO_CURVED = (300.0, BIG, 1000.0, 100.0, 30.0, 10.0)
"""In units of one record's information on a standardised column, three to a decade; chosen before the tables that
docs/benchmarks.md reports were looked at."""
WIDEST = 6.0
"""Log odds beyond it say only that the window is elsewhere."""


@dataclass(frozen=True)
class Estimate:
    """The mean error on the window.

    mean: the estimate; noise: what it and the window's realised mean error differ by. before: the mean of the known
    errors, at the holdout's level. growth: the doubly robust estimate (s = 1) minus it. So an estimate which was drawn
    towards the model's own claims is no growth. noise_of_growth: of it, both sides as samples of their populations.
    expected: g of each window record (m,). expected_also: of the records that were asked of besides. residuals: r (n,),
    weights: w (n,) with mean 1, of the holdout's records and then the cross-fitted ones. effective: the effective
    sample size (sum w)^2 / sum w^2 (Kish 1965). outside: the share of window records that are likelier from the window
    than any record with a known error is.
    """

    mean: float
    noise: Noise
    before: float
    growth: float
    noise_of_growth: Noise
    expected: Floats
    expected_also: Floats
    residuals: Floats
    weights: Floats
    effective: float
    outside: float


def estimate_error(
    holdout: Records,
    errors: Floats,
    window: Records,
    link: Link,
    *,
    also: Records | None = None,
    cross_fitted: tuple[Records, Floats] | None = None,
) -> Estimate:
    """The mean error of the model on the window's records.

    Parameters
    ----------
    holdout, window : records with the same columns.
    errors : (n,) of the holdout's records, at least 0, not all 0; at most 1 with the link "logit".
    link : "log" for errors of numbers, "logit" for those between 0 and 1.
    also : records of the window, again, whose expected error is asked for; they change nothing else.
    cross_fitted : records that the model learnt from, with the errors (k,) of predictions that were made without them.
    """
    unit = float(errors.mean()) if link == "log" else 1.0
    known = _known_errors(holdout, errors, cross_fitted, link, unit)
    described = describe(known.records, window, also)
    rows, count = described.rows, len(window.values)
    claimed, y = known.records.claimed, known.errors
    tau = claim_bias(claimed, y) if described.claims and claimed is not None else 0.0
    model = _error_model(described, known, link, tau)
    others = _unmarked_design(described, rows, known.marks.shape[1])
    predicted = model.predict(others, described.offset[rows:])
    theirs, expected = others[:count], predicted[:count]
    residuals = y - model.mu_without
    weights, outside = _density_ratio(described, rows + count)
    shares = weights / weights.sum()
    correction = float(shares @ residuals)
    part = kept_part(correction, float(np.sum((shares * residuals) ** 2)))
    unmarked = _without_marks(model, known.marks.shape[1])
    own_level = y - (model.mu - unmarked.mu)
    robust = float(expected.mean()) + correction
    mean = robust - (1 - part) * correction
    if tau and claimed is not None and window.claimed is not None:
        mean = average_with_claims(mean, claimed, own_level, window.claimed, tau)
    influence = _influence(model, _mean_slope(theirs, expected, link), shares)
    before = _influence(model, _mean_slope(unmarked.design, unmarked.mu, link), np.full(rows, 1 / rows))
    spread = float(np.var(expected) / count + np.var(unmarked.mu) / rows)
    return Estimate(
        mean=unit * mean,
        noise=Noise(influence, unit * residuals, shares, count, (unit * (mean - robust)) ** 2),
        before=unit * float(own_level.mean()),
        growth=unit * (robust - float(own_level.mean())),
        noise_of_growth=Noise(influence - before, unit * residuals, shares, rest=unit**2 * spread),
        expected=unit * expected,
        expected_also=unit * predicted[count:],
        residuals=unit * residuals,
        weights=weights,
        effective=float(weights.sum() ** 2 / (weights**2).sum()),
        outside=outside,
    )


class _Known(NamedTuple):
    """Records whose errors (n,) are known, in units of the link: the holdout's, and then the cross-fitted ones.

    marks: which are cross-fitted, (n, 1) or (n, 0) where none is. level: how far these may be off (`level_shift`).
    """

    records: Records
    errors: Floats
    marks: Floats
    level: float


def _known_errors(
    holdout: Records, errors: Floats, cross_fitted: tuple[Records, Floats] | None, link: Link, unit: float
) -> _Known:
    mine = errors / unit
    if cross_fitted is None:
        return _Known(holdout, mine, np.zeros((len(mine), 0)), 0.0)
    records, more = cross_fitted[0], cross_fitted[1] / unit
    marks = np.repeat([[0.0], [1.0]], [len(mine), len(more)], axis=0)
    return _Known(joined(holdout, records), np.concatenate([mine, more]), marks, level_shift(mine, more, link))


def _error_model(described: Described, known: _Known, link: Link, tau: float) -> Fitted:
    """g, with a prior that claims are right within `tau`; 0 is no prior."""
    # Errors of numbers vary by more or less than a Poisson's: a prior variance is worth that much more or less.
    dispersion = float(known.errors.var()) if link == "log" else 1.0
    shift = dispersion * known.level**-2 if known.level else 0.0
    return fit_blocks(
        [*(block[: described.rows] for block in described.blocks), known.marks],
        known.errors,
        described.offset[: described.rows],
        link,
        [(tau**-2 if tau else 0.0,), PREDICTION, SINGLE, CURVED, (shift,)],
    )


def _unmarked_design(described: Described, start: int, marks: int) -> Floats:
    """The columns of the records from `start` on, none of them cross-fitted."""
    rows = len(described.offset) - start
    return np.column_stack([np.ones(rows), *(block[start:] for block in described.blocks), np.zeros((rows, marks))])


class _Unmarked(NamedTuple):
    design: Floats
    mu: Floats


def _without_marks(model: Fitted, marks: int) -> _Unmarked:
    """The design and the mean of each record, were it one of the holdout."""
    if not marks:
        return _Unmarked(model.design, model.mu)
    design = model.design.copy()
    design[:, -marks:] = 0.0
    eta = model.eta - model.design[:, -marks:] @ model.coefficients[-marks:]
    return _Unmarked(design, mean_of(eta, model.link))


def _mean_slope(design: Floats, mu: Floats, link: Link) -> Floats:
    """The derivative of a mean of mu by the coefficients."""
    return np.asarray(slope_of(mu, link) @ design / len(mu))


def _influence(model: Fitted, slope: Floats, shares: Floats) -> Floats:
    """Of each known error on a mean with this slope, corrected by the residuals with these shares."""
    pull = slope - (shares * slope_of(model.mu, model.link)) @ model.design
    return np.asarray(model.design @ (model.inverse @ pull) + shares)


def kept_part(correction: float, variance: float) -> float:
    """Which part of a correction with this variance is kept.

    >>> kept_part(0.4, 0.01), kept_part(0.1, 0.01)
    (0.75, 0.5)
    """
    return max(LEAST_KEPT, 1 - WITHIN * variance / correction**2) if correction else LEAST_KEPT


def _density_ratio(described: Described, count: int) -> tuple[Floats, float]:
    """Of each holdout record, with mean 1; and the share of window records beyond all of them. `count`: of both."""
    side = np.r_[np.zeros(described.rows), np.ones(count - described.rows)]
    blocks = [block[:count] for block in described.blocks]
    fitted = fit_blocks(blocks, side, np.zeros(count), "logit", [(0.0,), RATIO, RATIO, RATIO_CURVED])
    log_odds = np.clip(fitted.eta_without, -WIDEST, WIDEST)
    mine, theirs = log_odds[: described.rows], log_odds[described.rows :]
    weights = np.exp(mine)
    return weights / weights.mean(), float(np.mean(theirs > mine.max()))
