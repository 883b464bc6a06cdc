"""A population from the records of its regime: a third of them to fit the distance, the others to calibrate it."""

import numpy as np

from driftloop.data.schema import Schema
from training.features import Matrix, inputs
from training.population.summary import Measurement, Population, Vector

FIT_SHARE = 1 / 3  # the distance needs few records, a p-value below 0.01 needs 100 of the others
MOST_CALIBRATED = 2_000  # distances that are kept: a p-value's steps are then 0.0005
MOST_CORRELATED = 100  # numbers whose correlation is kept: 10,000 entries, about 200 kB
FEWEST_CORRELATED = 10  # records: fewer say nothing of a correlation, and none of them is called unlike anyhow
UNSEEN = 0.01  # records that a category counts beyond its own: one that was never seen is possible, and far away
SEED = 0  # of the split: the same records give the same file


def fit(values: Matrix, schema: Schema) -> Population:
    """The population of records (n, measurements) in the order of `training.features.inputs`.

    The split is random and does not look at the records. So those to calibrate on and a new one of the same population
    are exchangeable.
    """
    order = np.random.default_rng(SEED).permutation(len(values))
    first = values[order[: max(round(len(values) * FIT_SHARE), 1)]]
    others = values[order[len(first) :]][:MOST_CALIBRATED]
    columns = inputs(schema)
    measurements = tuple(
        _category(column.name, first[:, column_index], len(column.categories))
        if column.kind == "categorical"
        else _number(column.name, first[:, column_index])
        for column_index, column in enumerate(columns)
    )
    numbers = [column_index for column_index, one in enumerate(measurements) if one.spread is not None]
    fitted = Population(measurements, _correlation(first[:, numbers], measurements, numbers), len(first), ())
    distances = np.sort(fitted.distance(others))
    return Population(measurements, fitted.correlation, len(first), tuple(map(float, distances)))


def _number(name: str, values: Vector) -> Measurement:
    there = values[~np.isnan(values)]
    log = bool(there.size and there.min() > 0 and _skewness(np.log(there)) < _skewness(there))
    counted = np.log(there) if log else there
    mean = float(np.mean(counted)) if there.size else 0.0
    spread = float(np.std(counted)) if there.size else 0.0
    # A column that never varied: any other value is then far away, and the same one is not.
    floor = 1e-6 * max(abs(mean), 1e-6)
    missing, present = _shares(values)
    typical = float(np.median(there)) if there.size else 0.0
    return Measurement(name, typical, log, mean, max(spread, floor), missing, present)


def _skewness(values: Vector) -> float:
    """The absolute third standardized moment; 0 where nothing varies."""
    around = values - np.mean(values)
    spread = float(np.std(values))
    return abs(float(np.mean((around / spread) ** 3))) if spread > 0 else 0.0


def _category(name: str, codes: Vector, levels: int) -> Measurement:
    there = codes[~np.isnan(codes)].astype(np.int64)
    counts = np.bincount(there, minlength=levels)
    rarities = -2 * np.log((counts + UNSEEN) / (there.size + UNSEEN * max(levels, 1)))
    missing, present = _shares(codes)
    return Measurement(
        name, float(np.argmax(counts)), missing=missing, present=present, rarities=tuple(map(float, rarities))
    )


def _shares(values: Vector) -> tuple[float, float]:
    """-2 log of the shares without and with a value."""
    absent = int(np.isnan(values).sum())
    shares = (np.array([absent, len(values) - absent]) + UNSEEN) / (len(values) + 2 * UNSEEN)
    missing, present = -2 * np.log(shares)
    return float(missing), float(present)


def _correlation(
    values: Matrix, measurements: tuple[Measurement, ...], numbers: list[int]
) -> tuple[tuple[float, ...], ...] | None:
    """Shrunk towards independence as far as so few records ask for; what is missing counts as the mean. See Ledoit and
    Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices".
    """
    if not 1 < len(numbers) <= MOST_CORRELATED or len(values) < FEWEST_CORRELATED:
        return None
    from sklearn.covariance import ledoit_wolf

    columns = [measurements[column_index].standardized(values[:, index]) for index, column_index in enumerate(numbers)]
    z = np.nan_to_num(np.column_stack(columns))
    shrunk, _ = ledoit_wolf(z, assume_centered=True)
    # Values near 0 of a column that never varied would make the matrix singular.
    matrix = np.asarray(shrunk) + 1e-6 * np.eye(len(numbers))
    return tuple(tuple(map(float, row)) for row in matrix)
