"""Changes that no choice in the engine was made by: other tables, other sizes, other shapes than in `changes`."""

from __future__ import annotations

import numpy as np

from benchmarks.changes import Case
from benchmarks.tables import tumours, wines
from sandbox.population import Population, diabetes

WINES = ("alcohol", "malic_acid", "magnesium", "flavanoids", "color_intensity", "hue", "proline")
TUMOURS = (
    "mean radius",
    "mean texture",
    "mean smoothness",
    "mean concavity",
    "mean symmetry",
    "mean fractal dimension",
)


def _moved(population: Population, column: str, deviations: float) -> Population:
    step = deviations * float(population.table[column].std())
    return population.changed(lambda frame, _: frame.assign(**{column: frame[column] + step}))


def _stretched(population: Population, column: str, ratio: float) -> Population:
    mean = float(population.table[column].mean())
    return population.changed(lambda frame, _: frame.assign(**{column: mean + ratio * (frame[column] - mean)}))


def _shuffled(population: Population, column: str) -> Population:
    return population.broken(lambda frame, rng: frame.assign(**{column: rng.permutation(frame[column].to_numpy())}))


def _blank(population: Population, column: str, part: float) -> Population:
    return population.broken(
        lambda frame, rng: frame.assign(**{column: frame[column].mask(rng.random(len(frame)) < part)})
    )


def _likelier(population: Population, column: str, quantile: float, odds: float) -> Population:
    """Records below a quantile of a column come more often."""
    border = float(population.table[column].quantile(quantile))
    return population.likelier(lambda frame: np.where(frame[column] < border, odds, 1.0))


HELD_OUT = (
    Case(
        "wines: mean of one column by 0.4 sd", 100, lambda c: _moved(wines(), c, 0.4), None, None, WINES, table="wines"
    ),
    Case("wines: one column permuted", 60, lambda c: _shuffled(wines(), c), None, None, WINES, table="wines"),
    Case("wines: one kind twice as likely", 100, lambda _: _likelier(wines(), "proline", 0.4, 2.0), table="wines"),
    Case(
        "tumours: mean of one column by 0.3 sd",
        150,
        lambda c: _moved(tumours(), c, 0.3),
        columns=TUMOURS,
        table="tumours",
    ),
    Case(
        "tumours: deviation of one column times 1.3",
        150,
        lambda c: _stretched(tumours(), c, 1.3),
        columns=TUMOURS,
        table="tumours",
    ),
    Case(
        "tumours: 5 % missing in one column", 80, lambda c: _blank(tumours(), c, 0.05), columns=TUMOURS, table="tumours"
    ),
    Case("diabetes: younger half 2.5 times as likely", 80, lambda _: _likelier(diabetes(), "age", 0.5, 2.5)),
    Case("diabetes: low s3 three times as likely", 100, lambda _: _likelier(diabetes(), "s3", 0.25, 3.0)),
)
