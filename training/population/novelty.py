"""Is a record unlike the population that the model is meant for? A conformal p-value with a stated error rate.

With distances of n records that the distance was not fitted on, p = (1 + number of them at least as far) / (n + 1). For
a new record of the same population P(p <= a) <= a, whatever its distribution. See Vovk, Gammerman and Shafer 2005,
"Algorithmic Learning in a Random World". See also Bates, Candes, Lei, Romano and Sesia 2023, "Testing for outliers with
conformal p-values".
"""

import msgspec
import numpy as np

from training.features import Matrix
from training.population.summary import Population

LEVEL = 0.01  # one record in a hundred of the same population is called unlike it: rare enough to be heeded


class Novelty(msgspec.Struct, frozen=True):
    """How unlike the population a record is.

    Attributes
    ----------
    p_value : share of the population that is as unlike as this record.
    unlike : whether p_value <= level; None where too few records were calibrated on to reach the level.
    level : share of the population's own records that are called unlike it.
    records : how many the record was compared with.
    """

    p_value: float
    unlike: bool | None
    level: float
    records: int


def novelty(population: Population, values: Matrix) -> list[Novelty]:
    """How unlike the population each record (n, measurements) is.

    Examples
    --------
    >>> from training.population.summary import Measurement
    >>> age = Measurement("age", 50.0, mean=50.0, spread=10.0)
    >>> ages = Population((age,), None, fitted_on=50, distances=tuple(n / 20 for n in range(100)))
    >>> novelty(ages, np.array([[55.0], [110.0]]))[1]
    Novelty(p_value=0.009900990099009901, unlike=True, level=0.01, records=100)
    """
    known = np.array(population.distances)
    count = len(known)
    farther = count - np.searchsorted(known, population.distance(values), side="left")
    p_values = (1 + farther) / (count + 1)
    reachable = 1 / (count + 1) <= LEVEL
    return [Novelty(float(p), bool(p <= LEVEL) if reachable else None, LEVEL, count) for p in p_values]
