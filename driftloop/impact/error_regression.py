"""The mean error of a record given what is known of it: a penalised quasi-likelihood regression.

Errors of numbers have a mean exp(eta) and a variance proportional to it (quasi-Poisson). Errors between 0 and 1, right
or wrong and Brier scores, have a mean 1 / (1 + exp(-eta)) (quasi-binomial). eta = offset + b0 + sum of blocks A_k b_k
is fitted by iteratively reweighted least squares with a ridge penalty for each block. See McCullagh and Nelder 1989;
Hoerl and Kennard 1970. Penalties are those with the smallest approximate leave-one-out deviance. There eta without
record i is eta_i - h_i / (1 - h_i) (y_i - mu_i) / V_i, one Newton step from the fit. See Rad and Maleki 2020, "A
scalable estimate of the out-of-sample prediction error via approximate leave-one-out cross-validation".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from driftloop.stats.special import special

Floats = npt.NDArray[np.float64]
Link = Literal["log", "logit"]

MOST_STEPS = 25
"""Of the iteration; a dozen is usual, and what has not settled by then is left to the leave-one-out deviance."""
LARGEST_STEP = 2.0
"""Of a linear predictor in one step: larger ones overshoot where an error is far from its mean."""
SETTLED = 1e-3
"""A tenth of a percent of the mean is far below its standard error."""
LEAST_VARIANCE = 1e-4
"""Of a mean between 0 and 1: a certain record would weigh infinitely."""
FARTHEST = 12.0
"""Of a linear predictor from 0: exp(12) times the mean error is no error that was ever seen."""
SWEEPS = 2
"""Through the blocks: the penalties of a third differ from those of the second in few tables."""


@dataclass(frozen=True)
class Fitted:
    """A fit: `coefficients` (k,), linear predictor `eta` and mean `mu` (n,), each also without its own record
    (`mu_without`, `eta_without`). Also `design` (n, k), the working `variance` (n,), and the inverse penalised
    information.
    """

    link: Link
    coefficients: npt.NDArray[np.floating]
    design: Floats
    eta: Floats
    mu: Floats
    eta_without: Floats
    variance: Floats
    inverse: npt.NDArray[np.floating]
    deviance: float

    @property
    def mu_without(self) -> Floats:
        """The mean of each record from the other ones (n,)."""
        return mean_of(self.eta_without, self.link)

    def predict(self, design: Floats, offset: Floats) -> Floats:
        """The mean of other records, as many as the design has rows."""
        return mean_of(np.clip(design @ self.coefficients + offset, -FARTHEST, FARTHEST), self.link)


def mean_of(eta: Floats, link: Link) -> Floats:
    """The mean that belongs to a linear predictor."""
    found: Floats = np.exp(eta) if link == "log" else special.expit(eta)
    return found


def slope_of(mu: Floats, link: Link) -> Floats:
    """d mu / d eta, which for these links is the variance function too."""
    return mu if link == "log" else mu * (1 - mu)


def fit_blocks(
    blocks: Sequence[Floats], errors: Floats, offset: Floats, link: Link, grids: Sequence[Sequence[float]]
) -> Fitted:
    """The regression on an intercept and blocks of columns, each with the penalty that predicts best.

    Parameters
    ----------
    blocks : of columns (n, k_j), standardised; the intercept is the first of them where it is to be penalised.
    errors : (n,), at least 0; at most 1 with the link "logit".
    offset : (n,), part of the linear predictor as it stands.
    link : see above.
    grids : penalties to try for the intercept, then for each block, the first of each at first.
    """
    design = np.column_stack([np.ones(len(errors)), *blocks])
    sizes = [1, *(block.shape[1] for block in blocks)]
    chosen = [grid[0] for grid in grids]
    best = _fit(_Task(design, errors, offset, link), np.repeat(chosen, sizes), None)
    for _ in range(SWEEPS):
        before = list(chosen)
        for place, grid in enumerate(grids):
            for penalty in grid if sizes[place] else ():
                if penalty == chosen[place]:
                    continue
                tried = [*chosen[:place], penalty, *chosen[place + 1 :]]
                found = _fit(_Task(design, errors, offset, link), np.repeat(tried, sizes), best.eta)
                if found.deviance < best.deviance:
                    best, chosen = found, tried
        if chosen == before:
            break
    return best


class _Task(NamedTuple):
    design: Floats
    errors: Floats
    offset: Floats
    link: Link


def _fit(task: _Task, penalties: Floats, start: Floats | None) -> Fitted:
    design, errors, offset, link = task
    eta = _start(errors, link) if start is None else start
    for _ in range(MOST_STEPS):
        mu = mean_of(eta, link)
        variance = np.maximum(slope_of(mu, link), LEAST_VARIANCE)
        weighted = design.T * variance
        information = weighted @ design
        information[np.diag_indices_from(information)] += penalties
        coefficients = np.linalg.solve(information, weighted @ (eta - offset + (errors - mu) / variance))
        step = design @ coefficients + offset - eta
        eta = np.clip(eta + np.clip(step, -LARGEST_STEP, LARGEST_STEP), -FARTHEST, FARTHEST)
        if np.max(np.abs(step)) < SETTLED:
            break
    mu = mean_of(eta, link)
    variance = np.maximum(slope_of(mu, link), LEAST_VARIANCE)
    information = (design.T * variance) @ design
    information[np.diag_indices_from(information)] += penalties
    inverse = np.linalg.inv(information)
    leverage = np.minimum(np.einsum("ij,jk,ik->i", design, inverse, design, optimize=True) * variance, 0.95)
    moved = np.clip(leverage / (1 - leverage) * (errors - mu) / variance, -LARGEST_STEP, LARGEST_STEP)
    without = eta - moved
    deviance = _deviance(errors, mean_of(without, link), link)
    return Fitted(link, coefficients, design, eta, mu, without, variance, inverse, deviance)


def _start(errors: Floats, link: Link) -> Floats:
    middle = (errors + errors.mean()) / 2
    started: Floats = np.log(middle) if link == "log" else special.logit(np.clip(middle, 0.02, 0.98))
    return started


def _deviance(errors: Floats, mu: Floats, link: Link) -> float:
    """Half the mean deviance, up to what the errors alone decide."""
    if link == "log":
        return float(np.mean(mu - special.xlogy(errors, mu)))
    kept = np.clip(mu, 1e-6, 1 - 1e-6)
    return float(-np.mean(special.xlogy(errors, kept) + special.xlogy(1 - errors, 1 - kept)))
