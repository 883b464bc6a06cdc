"""Tails as functions of arrays: the standard normal's quantiles, and what its tail is for other distributions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from driftloop.stats.special import special

Floats = npt.NDArray[np.float64]

LEAST_SKEW = 1e-3
"""Below it a gamma is taken for a normal: 5 standard deviations out their tails differ by 2 %. Nearer to 0 the lower
tail of `scipy.special.gammainc` is wrong by half from 4.5 standard deviations on (shape 4e8)."""
SMALLEST_TAIL = 1e-300
"""A tail that underflows would become an infinite normal value. This one is 37 standard deviations out."""
TERMS = 80
"""Of a hypergeometric tail: 8 standard deviations of a variance of 100, the largest that is summed."""


def normal_quantile(p: Floats) -> Floats:
    """The standard normal quantile of each probability; minus and plus infinity for 0 and 1.

    Examples
    --------
    >>> normal_quantile(np.array([0.5, 0.975])).round(6).tolist()
    [0.0, 1.959964]
    """
    return np.asarray(special.ndtri(p), dtype=np.float64)


def gamma_normal(t: Floats, skew: Floats) -> Floats:
    """The normal value with the same upper tail as a gamma variable of mean 0, variance 1 and this skewness has at t.

    That gamma is Pearson's type III: (G - a) / sqrt(a) with shape a = 4 / skew^2.

    Parameters
    ----------
    t : standardised values.
    skew : skewness, at least 0; below `LEAST_SKEW` the answer is t.

    Returns
    -------
    Normal values, the same shape; about -37 below the gamma's smallest value, -sqrt(a).
    """
    shape = 4 / np.maximum(skew, LEAST_SKEW) ** 2
    point = np.maximum(shape + t * np.sqrt(shape), 0.0)
    # The smaller of both tails is kept: the other is 1 to the last digit long before it.
    value = np.where(
        t > 0,
        -special.ndtri(np.maximum(special.gammaincc(shape, point), SMALLEST_TAIL)),
        special.ndtri(np.maximum(special.gammainc(shape, point), SMALLEST_TAIL)),
    )
    return np.where(skew < LEAST_SKEW, t, value)


def t_tail(x: Floats, freedom: Floats) -> Floats:
    """P(T > x) of Student's t with these degrees of freedom, which need not be whole."""
    return np.asarray(special.stdtr(freedom, -x), dtype=np.float64)


def f_tail(d1: float, d2: float, f: Floats) -> Floats:
    """P(F > f) of the F distribution; 1 for f below 0."""
    return np.asarray(special.fdtrc(d1, d2, np.maximum(f, 0.0)), dtype=np.float64)


def hypergeometric_tail(x: Floats, drawn: Floats, rest: Floats, hits: Floats) -> Floats:
    """P(X >= x) where x is at least the mean, else P(X <= x), for X hits among those drawn.

    `drawn` records are taken without replacement from drawn + rest, of which `hits` are marked. At most `TERMS` terms
    are summed outwards from x: enough where the variance is at most 100.

    Parameters
    ----------
    x, drawn, rest, hits : whole numbers as float64, of one shape (k,); x is possible.

    Returns
    -------
    Tails (k,), to about 1e-10 of their value.
    """
    outwards = np.where(x >= drawn * hits / (drawn + rest), 1.0, -1.0)[:, None] * np.arange(TERMS)
    k, drawn, rest, hits = x[:, None] + outwards, drawn[:, None], rest[:, None], hits[:, None]
    # Beyond what is possible the gamma function is infinite, so those terms are 0.
    log_terms = _log_choose(drawn, k) + _log_choose(rest, hits - k) - _log_choose(drawn + rest, hits)
    return np.asarray(np.exp(log_terms).sum(axis=1))


def _log_choose(n: Floats, k: Floats) -> Floats:
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))
