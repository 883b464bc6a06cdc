"""Where the newest regime begins in a sequence of records: the last change of the multivariate mean and spread.

The statistic for a change before record k of n is k (n - k) / n * |mean after - mean before|^2 in whitened coordinates.
It is maximised over k: a likelihood-ratio scan (James, James and Siegmund 1992, Statistica Sinica 2, 69). The null
distribution is taken by permuting the order, so nothing is assumed about the shape of the data. After a change is found
the part behind it is searched again (binary segmentation, Vostrikova 1981).
"""

import numpy as np
from numpy.typing import NDArray

from driftloop.stats.hotelling import whitened

LONGEST = 5_000  # records: a change further back than this is not the newest regime's beginning
PERMUTATIONS = 199  # the smallest p-value is 1 in 200, half of the level of 0.01
Matrix = NDArray[np.float64]


def start(values: Matrix, level: float = 0.01, smallest: int = 30) -> int:
    """Index of the first record of the newest regime; 0 when nothing has changed.

    Parameters
    ----------
    values : array of shape (records, columns)
        In order of time; NaN means missing, and a change in missingness counts.
    level : float
        The error rate of each search.
    smallest : int
        Records needed on each side of a change.

    Examples
    --------
    >>> moved = np.concatenate([np.zeros(60), np.ones(40)])[:, None] + np.random.default_rng(1).normal(0, 0.1, (100, 1))
    >>> start(moved)
    60
    """
    first = max(0, len(values) - LONGEST)
    rng = np.random.default_rng(len(values))  # seeded by the data's length: the same records give the same answer
    while len(values) - first >= 2 * smallest:
        if (change := _change(_coordinates(values[first:]), level, smallest, rng)) is None:
            break
        first += change
    return first if first > max(0, len(values) - LONGEST) else 0


def _change(z: Matrix, level: float, smallest: int, rng: np.random.Generator) -> int | None:
    if z.shape[1] == 0:
        return None
    observed = _scan(z, smallest)
    best = float(observed.max())
    allowed = int(level * (PERMUTATIONS + 1)) - 1  # permutations that may reach the observed value
    reached = 0
    for _ in range(PERMUTATIONS):
        reached += bool(_scan(rng.permutation(z), smallest).max() >= best)
        if reached > allowed:
            return None
    return smallest + int(observed.argmax())


def _scan(z: Matrix, smallest: int) -> Matrix:
    """The statistic for each k from `smallest` to n - `smallest`; z has mean 0, so both means follow from one running
    sum.
    """
    n = len(z)
    k = np.arange(smallest, n - smallest + 1)
    total: Matrix = (z.cumsum(axis=0)[k - 1] ** 2).sum(axis=1)
    return np.asarray(total * n / (k * (n - k)), dtype=np.float64)


def _coordinates(values: Matrix) -> Matrix:
    """Whitened locations, spreads and missingness: mean 0, covariance 1, no column twice."""
    missing = np.isnan(values)
    with np.errstate(invalid="ignore"):
        centre = np.where(missing.all(axis=0), 0.0, np.nanmean(np.where(missing.all(axis=0), 0.0, values), axis=0))
    z = np.where(missing, 0.0, values - centre)
    scale = z.std(axis=0)
    z = z[:, scale > 0] / scale[scale > 0]
    columns = np.hstack([z, np.abs(z), missing[:, missing.any(axis=0)].astype(np.float64)])
    columns -= columns.mean(axis=0)
    return whitened(columns)
