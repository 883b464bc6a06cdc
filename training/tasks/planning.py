"""How many labels must have come before a clearly better classifier can pass the gate.

The classifiers are planned with as binormal ones. The score of a record is normal with variance 1, and its mean is d
higher for the class that is looked for. The area under the ROC curve is Phi(d / sqrt 2). See Hanley and McNeil 1982,
"The meaning and use of the area under a receiver operating characteristic curve". Their probabilities are calibrated,
and the scores of champion and challenger are independent given the class.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from training.tasks.task import Vector

CLEARLY_BETTER = (0.86, 0.71)  # areas under the ROC curve: a challenger that nobody would want to miss, its champion
PLANNED = 200_000  # simulated records: the mean of their differences is known to half a percent


def binormal_probabilities(
    truth: NDArray[np.bool_], share: float, area: float, rng: np.random.Generator, shift: float = 0.0
) -> Vector:
    """Probabilities that a classifier of this area under the ROC curve gives, calibrated unless `shift` moves its log
    odds.

    Parameters
    ----------
    truth : array
        Whether each record is of the class.
    share : float
        Of records of the class in the population.
    area : float
        Under the ROC curve, above 1/2.
    """
    d = math.sqrt(2) * float(norm.ppf(area))
    score = rng.normal(size=truth.shape) + d * truth
    odds = math.log(share / (1 - share)) + d * score - d * d / 2 + shift
    return np.asarray(1 / (1 + np.exp(-odds)))


def labels_required(
    share: float,
    areas: tuple[float, float] = CLEARLY_BETTER,
    *,
    power: float = 0.8,
    level: float = 0.05,
    holdout: float = 0.4,
) -> int:
    """Labels of a new regime after which a better classifier passes the gate with probability `power`.

    n = (1 + r^2) ((z_level + z_power) s / m)^2 held-out records are needed. Here m and s are the mean and standard
    deviation of the difference of logarithmic losses, and r the share of the rarer class. As many more labels are
    needed as the holdout takes a share of them. The first factor is what the gate's two tests and imagined records cost
    beyond a normal test, as measured (docs/training.md). It is a quarter of the records where classes are even, almost
    nothing where one is rare.

    Parameters
    ----------
    share : float
        Of the class that is looked for, 0 to 1.
    areas : (float, float)
        Under the ROC curve, of challenger and champion.
    holdout : float
        Share of incoming records that are held out (`[split] holdout`).

    Examples
    --------
    >>> labels_required(0.5) < labels_required(0.1) < labels_required(0.02)
    True
    """
    if not (0 < share < 1 and 0.5 <= areas[1] < areas[0] < 1):
        raise ValueError("share must lie between 0 and 1, and the areas rise from champion to challenger, 0.5 to 1")
    rng = np.random.default_rng(PLANNED)  # the same answer each time
    truth = rng.random(PLANNED) < share
    losses = []
    for area in areas:
        p = binormal_probabilities(truth, share, area, rng) if area > 0.5 else np.full(PLANNED, share)
        losses.append(-np.log(np.where(truth, p, 1 - p)))
    difference = losses[1] - losses[0]
    z = float(norm.ppf(1 - level) + norm.ppf(power))
    held_out = (1 + min(share, 1 - share) ** 2) * (z * float(difference.std() / difference.mean())) ** 2
    return math.ceil(held_out / holdout / 10) * 10
