"""Populations to draw records from: smooth, so that no record occurs twice, and changeable, so that drift can be made.

A population is fitted to a real table (the smoothed bootstrap with shrinkage: Silverman and Young, 1987). A record is a
real one, moved by noise e that is correlated as the columns are:

    x' = mean + sqrt(1 - h^2) (x - mean) + h e,    e ~ N(0, S)

Means, variances and correlations stay what they were. An outcome that is a number follows the record by the relation
fitted on the real table, with a real record's residual. A class is that of the real record. Values are rounded as that
record's were, and missing where it lacks them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]
Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]
Odds = Callable[[pd.DataFrame], Array]
# Real records that a category needs for a coefficient of its own, and the most categories of a column: a rarer one
# would only repeat its records' noise.
COMMON, MOST_LEVELS = 5, 30
FEWEST_FREE = 0.25  # records beyond the coefficients, as a share: with fewer the relation repeats their noise


@dataclass(frozen=True)
class Outcome:
    """How the outcome differs from what the real table says.

    A number: y' = y + offset + sum of slopes * (x - mean of x). A class: a share `turned` of the records of the class
    `before` are of the class `after`.
    """

    offset: float = 0.0
    slopes: Mapping[str, float] | None = None
    before: object = None
    after: object = None
    turned: float = 0.0


@dataclass(frozen=True)
class Population:
    """A law that records are drawn from, independently: `sample(n, rng)`.

    table: the real records. categorical: its columns that noise never moves. target: the outcome, if it has one: a
    number, or the name of a class where `classes` is set. ranges: the smallest and largest value of a column.
    smoothing: h above, 0 to 1. odds: how much likelier than the others each real record is to be taken.
    changes: what happens to the drawn numbers before they are rounded.
    faults: what happens to the finished records (a feed that breaks).
    """

    table: pd.DataFrame
    categorical: tuple[str, ...] = ()
    target: str | None = None
    classes: bool = False
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    smoothing: float = 0.3
    odds: Odds | None = None
    changes: tuple[Change, ...] = ()
    faults: tuple[Change, ...] = ()
    outcome: Outcome = Outcome()

    @cached_property
    def numeric(self) -> list[str]:
        """The columns that noise moves."""
        return [name for name in self.table.columns if name not in self.categorical and name != self.target]

    @cached_property
    def _values(self) -> Array:
        return self.table[self.numeric].to_numpy(float)

    @cached_property
    def _mean(self) -> Array:
        return np.asarray(np.nanmean(self._values, axis=0)) if self.numeric else np.zeros(0)

    @cached_property
    def _noise_root(self) -> Array:
        """A root of the covariance of the numeric columns; missing values count as the mean."""
        if not self.numeric:
            return np.zeros((0, 0))
        filled = np.where(np.isnan(self._values), self._mean, self._values)
        spread, axes = np.linalg.eigh(np.atleast_2d(np.cov(filled, rowvar=False)))
        return np.asarray(axes * np.sqrt(spread.clip(0)))

    @cached_property
    def _decimals(self) -> Array:
        return _decimals(self._values)

    @cached_property
    def _relation(self) -> tuple[Array, Array]:
        """Least-squares coefficients of the outcome on an intercept and all columns, and the residuals."""
        design = self._design(self.table)
        outcome = self.table[self.target].to_numpy(float)
        coefficients = np.linalg.lstsq(design, outcome, rcond=None)[0]
        return coefficients, outcome - design @ coefficients

    @property
    def residual_spread(self) -> float:
        """The standard deviation of what the columns do not say about the outcome, of the records as they are drawn.
        Where outcomes are larger, so may their noise be. Half of the outcome's own where the table has too few records
        for its columns to tell.
        """
        coefficients, residuals = self._relation
        free = len(residuals) - len(coefficients)
        if free < FEWEST_FREE * len(residuals):
            return float(self.table[self.target].std() / 2)
        weights = np.full(len(residuals), 1 / len(residuals)) if self._probabilities is None else self._probabilities
        return float(np.sqrt(weights @ residuals**2 * len(residuals) / free))

    @cached_property
    def _levels(self) -> dict[str, list[str]]:
        """The categories of each column of text that are common enough for a coefficient of their own."""
        texts = [name for name in self.categorical if not pd.api.types.is_numeric_dtype(self.table[name])]
        counts = {name: self.table[name].value_counts() for name in texts}
        return {name: list(found.index[found >= COMMON][1:MOST_LEVELS]) for name, found in counts.items()}

    def _design(self, frame: pd.DataFrame) -> Array:
        """A column of ones, the numbers (the mean where one is missing), a column for each common category."""
        numbers = [name for name in (*self.numeric, *self.categorical) if name not in self._levels]
        means = self.table[numbers].mean().fillna(0.0)
        parts = [np.ones((len(frame), 1)), frame[numbers].fillna(means).to_numpy(float)]
        parts += [(frame[name] == level).to_numpy(float)[:, None] for name, of in self._levels.items() for level in of]
        return np.hstack(parts)

    def sample(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """n records, drawn independently; columns as in the table."""
        chosen = rng.choice(len(self.table), n, p=self._probabilities)
        shrink = np.sqrt(1 - self.smoothing**2)
        noise = rng.standard_normal((n, len(self.numeric))) @ self._noise_root.T
        values = self._mean + shrink * (self._values[chosen] - self._mean) + self.smoothing * noise
        values = np.where(self._never_negative, np.abs(values), values)
        frame = pd.DataFrame(values, columns=self.numeric)
        for name in self.categorical:
            frame[name] = self.table[name].to_numpy()[chosen]
        for change in self.changes:
            frame = change(frame, rng)
        for position, name in enumerate(self.numeric):
            frame[name] = _rounded(frame[name].to_numpy(float), self._decimals[chosen, position])
        for name, (low, high) in self.ranges.items():
            if name in self.numeric:
                frame[name] = frame[name].clip(low, high)
        if self.target is not None:
            frame[self.target] = (self._classes if self.classes else self._outcomes)(frame, chosen, rng)
        frame = frame[list(self.table.columns)]
        for fault in self.faults:
            frame = fault(frame, rng)
        return frame

    @cached_property
    def _probabilities(self) -> Array | None:
        if self.odds is None:
            return None
        odds = np.asarray(self.odds(self.table), float)
        return np.asarray(odds / odds.sum())

    @cached_property
    def _never_negative(self) -> Array:
        return np.asarray(np.nanmin(self._values, axis=0) >= 0) if self.numeric else np.zeros(0, bool)

    def _outcomes(self, frame: pd.DataFrame, chosen: Array, rng: np.random.Generator) -> Array:
        coefficients, residuals = self._relation
        noise = self.smoothing * residuals.std() * rng.standard_normal(len(frame))
        outcome = self._design(frame) @ coefficients + np.sqrt(1 - self.smoothing**2) * residuals[chosen] + noise
        outcome += self.outcome.offset
        for name, slope in (self.outcome.slopes or {}).items():
            outcome += slope * np.nan_to_num(frame[name].to_numpy(float) - self.table[name].mean())
        known = self.table[self.target].to_numpy(float)
        outcome = _rounded(outcome, _decimals(known)[chosen])
        outcome = np.abs(outcome) if known.min() >= 0 else outcome
        return np.asarray(np.clip(outcome, *self.ranges.get(str(self.target), (-np.inf, np.inf))))

    def _classes(self, frame: pd.DataFrame, chosen: Array, rng: np.random.Generator) -> Array:
        """The real record's class, or the one that it turns into."""
        found: Array = self.table[self.target].to_numpy(object)[chosen]
        found[(found == self.outcome.before) & (rng.random(len(frame)) < self.outcome.turned)] = self.outcome.after
        return found

    def changed(self, *changes: Change, outcome: Outcome | None = None) -> Population:
        """The same population after a change of its numbers, and of its outcomes if one is given."""
        return replace(self, changes=(*self.changes, *changes), outcome=outcome or self.outcome)

    def broken(self, *faults: Change) -> Population:
        """The same population behind a feed that breaks records."""
        return replace(self, faults=(*self.faults, *faults))

    def likelier(self, odds: Odds) -> Population:
        """The same population where some records are taken more often: `odds` of the real table's rows."""
        return replace(self, odds=odds)


def _decimals(values: Array) -> Array:
    """How many decimals each value was recorded with, 0 to 6."""
    decimals = np.full(values.shape, 6)
    for digits in range(5, -1, -1):
        decimals[np.isclose(values, np.round(values, digits), rtol=0, atol=1e-9)] = digits
    return decimals


def _rounded(values: Array, decimals: Array) -> Array:
    scale = 10.0**decimals
    return np.round(np.round(values * scale) / scale, 6)


def diabetes() -> Population:
    """The 442 records of `sklearn.datasets.load_diabetes(scaled=False)` in their own units, outcome `progression`."""
    from sklearn.datasets import load_diabetes

    table = load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"})
    return Population(table, categorical=("sex",), target="progression")


def shifted(population: Population) -> Population:
    """The diabetes population some years on: heavier, higher blood pressure and glucose, and worse outcomes for it."""
    return population.changed(
        lambda frame, _: frame.assign(bmi=frame["bmi"] + 3.0, bp=frame["bp"] + 9.0, s6=frame["s6"] + 8.0),
        outcome=Outcome(offset=35.0, slopes={"bmi": 4.0}),
    )
