"""How wide an interval, or how large a set, must be: split conformal prediction, which assumes no distribution.

Take nonconformity scores of n records that were never fitted on, and the k-th smallest of them, k = ceil((n + 1)
coverage). A new record of the same population reaches it with probability at least the coverage. The probability is at
most coverage + 1 / (n + 1) where no two scores are alike. See (Vovk, Gammerman and Shafer 2005, "Algorithmic Learning
in a Random World"; Lei et al. 2018, "Distribution-free predictive inference for regression").
"""

import math

import numpy as np

from training.tasks.task import Vector

ROUNDING = 1e-9  # 110 * 0.9 is a little above 99


def margin(scores: Vector, coverage: float) -> float | None:
    """The score within which `coverage` of new records lie; None where so few scores cannot say it.

    Examples
    --------
    >>> margin(np.arange(1.0, 20.0), 0.9), margin(np.arange(1.0, 5.0), 0.9)
    (18.0, None)
    """
    place = math.ceil((len(scores) + 1) * coverage - ROUNDING)
    return float(np.sort(scores)[place - 1]) if place <= len(scores) else None
