"""`population.json`: a population in numbers, and how far a record lies from it.

The distance is minus twice a log-likelihood, up to a constant. Numbers that are present count as normal (those of
skewed columns by their logarithm) with the correlation of the population, z' R^-1 z over them. A category and a missing
value count by how rare they are, -2 log p. It says nothing by itself: `training.population.novelty` compares it with
the distances of records that it was not fitted on.
"""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from training.features import Matrix

Vector = NDArray[np.float64]
SMALLEST = 1e-12  # what a logarithm makes of 0 and less: farther away than any measurement
FARTHEST = 1e6  # standard deviations: beyond them nothing is compared any more, and squares do not overflow


class Measurement(msgspec.Struct, frozen=True):
    """One input of the model.

    Attributes
    ----------
    name : as in the schema.
    typical : the median of a number; of a category the place of the most common one in the schema.
    log : whether a number counts by its logarithm.
    mean, spread : of a number, or of its logarithm; no spread of a category.
    missing : -2 log of the share of records without it.
    present : -2 log of the share of records with it.
    rarities : -2 log of each category's share among those with it, in the schema's order.
    """

    name: str
    typical: float
    log: bool = False
    mean: float = 0.0
    spread: float | None = None
    missing: float = 0.0
    present: float = 0.0
    rarities: tuple[float, ...] = ()

    def standardized(self, values: Vector) -> Vector:
        """Numbers in standard deviations from the mean; NaN stays."""
        assert self.spread is not None, "a category has no spread"
        given = np.log(np.maximum(values, SMALLEST)) if self.log else values
        return np.clip((given - self.mean) / self.spread, -FARTHEST, FARTHEST)


class Population(msgspec.Struct, frozen=True):
    """What is known of the records that a model is meant for; no record is in it.

    Attributes
    ----------
    measurements : in the order of the model's matrix.
    correlation : of the numbers among them, shrunk so that it can be inverted; None: taken as independent.
    fitted_on : records that the numbers above come from.
    distances : of other records of the population, in ascending order.
    """

    measurements: tuple[Measurement, ...]
    correlation: tuple[tuple[float, ...], ...] | None
    fitted_on: int
    distances: tuple[float, ...]

    @property
    def typical(self) -> Vector:
        """The record of medians and most common categories, as a row of the model's matrix."""
        return np.array([one.typical for one in self.measurements])

    def distance(self, values: Matrix) -> Vector:
        """How far each record (n, measurements) lies from the population; NaN stands for what is missing."""
        found = np.zeros(len(values))
        for column_index, one in enumerate(self.measurements):
            absent = np.isnan(values[:, column_index])
            found += np.where(absent, one.missing, one.present)
            if one.spread is None:
                codes = np.where(absent, 0, values[:, column_index]).astype(np.int64)
                found += np.where(absent, 0.0, np.array(one.rarities)[codes])
        numbers = [column_index for column_index, one in enumerate(self.measurements) if one.spread is not None]
        if not numbers:
            return found
        z = [self.measurements[column_index].standardized(values[:, column_index]) for column_index in numbers]
        return found + self._squares(np.column_stack(z))

    def _squares(self, z: Matrix) -> Vector:
        if self.correlation is None:
            return np.asarray(np.nansum(z**2, axis=1))
        whole = np.array(self.correlation)
        found = np.empty(len(z))
        patterns, rows = np.unique(~np.isnan(z), axis=0, return_inverse=True)
        for number, there in enumerate(patterns):
            chosen = np.flatnonzero(rows.reshape(-1) == number)
            part = z[np.ix_(chosen, np.flatnonzero(there))]
            found[chosen] = np.sum(part * np.linalg.solve(whole[np.ix_(there, there)], part.T).T, axis=1)
        return found


def to_json(population: Population) -> bytes:
    """The file's content."""
    return msgspec.json.format(msgspec.json.encode(population))


def from_json(content: bytes) -> Population:
    """Raises msgspec.DecodeError for anything else."""
    found: Any = msgspec.json.decode(content, type=Population)
    return found  # type: ignore[no-any-return]
