"""How often the best possible test finds a change: it knows the change itself, and looks for nothing else.

Records of a known population f0 come with odds that are known, too. Then the most powerful permutation test at a level
is that of the sum of log f1 / f0 over the window (Lehmann and Stein 1949). A smoothed population is a mixture of normal
laws around its real records. So both densities are sums over these, and the odds are weights in f1's. What is left out:
values that a real table never has below zero are folded, and rounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from benchmarks.changes import Case
from benchmarks.held_out import HELD_OUT
from benchmarks.rates import Rate, stream
from benchmarks.single import REFERENCE_ROWS
from benchmarks.tables import table
from sandbox.population import Population

Floats = npt.NDArray[np.float64]

WINDOWS = 1_000
KNOWN = (2, 6)
"""Of the held-out changes: those in which some records come more often."""
LEVELS = (0.05, 0.005, 0.002)
"""All of alpha; a tenth of it, for one of ten columns; and what one column of the check has beside its other promises.

The last is where the smallest p decides: a location weight of 0.4 of about 1.1 in all, shared by ten columns.
"""


@dataclass(frozen=True)
class Best:
    """How often the test that knows the change finds it, at each level."""

    case: str
    rows: int
    at: dict[float, Rate]


def oracle(scale: float) -> list[Best]:
    """The changes of `KNOWN`."""
    return [_best(HELD_OUT[index], stream(17, index), max(2, round(WINDOWS * scale))) for index in KNOWN]


def _best(case: Case, rng: np.random.Generator, tries: int) -> Best:
    before, after = table(case.table).source, case.make("")
    if not isinstance(before, Population) or not isinstance(after, Population) or after.odds is None:
        raise TypeError(f"{case.name}: only odds of a smoothed table's records have a density")
    odds, found = np.asarray(after.odds(after.table), float), []
    names = list(after.numeric)
    for _ in range(tries):
        sides = [source.sample(n, rng)[names] for source, n in ((before, REFERENCE_ROWS), (after, case.rows))]
        scores = log_ratio(after, odds, np.concatenate([side.to_numpy(float) for side in sides]))
        found.append(standardised_difference(scores, case.rows))
    # The permutation law of a mean over this many records is normal to well within the error of the count.
    z = np.array(found)
    return Best(case.name, case.rows, {a: Rate(int(np.count_nonzero(z >= norm.isf(a))), tries) for a in LEVELS})


def log_ratio(population: Population, odds: Floats, records: Floats) -> Floats:
    """log f1 / f0 of numeric records (n, k), for the odds (N,) of the population's N real records."""
    real = population.table[list(population.numeric)].to_numpy(float)
    mean, h = real.mean(axis=0), population.smoothing
    root = np.linalg.cholesky(np.cov(real, rowvar=False))
    centres = np.linalg.solve(root, np.sqrt(1 - h**2) * (real - mean).T).T
    points = np.linalg.solve(root, (records - mean).T).T
    distances = (points**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1) - 2 * points @ centres.T
    distances -= distances.min(axis=1, keepdims=True)  # or the nearest may underflow
    kernel = np.exp(-distances / (2 * h**2))
    return np.asarray(np.log(kernel @ (odds / odds.mean()) / kernel.sum(axis=1)))


def standardised_difference(scores: Floats, rows: int) -> float:
    """The difference of the last `rows` scores' mean to the others', in standard errors under permutation."""
    before, after = scores[:-rows], scores[-rows:]
    error = scores.std(ddof=1) * np.sqrt(1 / len(before) + 1 / len(after))
    return float((after.mean() - before.mean()) / error)
