"""A demo world from a model's own table: a smooth population fitted to it, a feed that breaks, and a change.

The change has a strength s, and is drawn from the table:

- the population: odds exp(k z) of taking a record, where z adds up the three columns that say most about the outcome. k
  is the largest for which the effective number of records, (sum w)^2 / sum w^2, is at least half of the table. So every
  record that comes in looks like one that the table holds, and what a column says about the outcome stays.
- the outcome, if a number: 0.65 s + 0.3 s x residual standard deviations higher (those of the records that come in
  then). x is the strongest column standardised. The population moves to the side where these are smaller. If a class:
  of the commonest class a share 0.45 s, 0.9 at most, becomes the second commonest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from driftloop.data.schema import Schema
from driftloop.errors import ConfigError, InputError
from sandbox.play import Play
from sandbox.population import Outcome, Population
from training.data import records
from training.data.records import Roles
from training.models import ModelFolder
from training.settings import Settings

Array = npt.NDArray[Any]
LEAST_RECORDS = 60  # below, the split leaves too few to judge any model
LEAST_DISTINCT, MOST_REPEATED = 20, 0.1  # of a column that noise may move: a spike would be smeared
STRONGEST = 3  # columns by which the population moves
LEAST_EFFECTIVE = 0.5  # of the table, for the odds
OFFSET, SLOPE = 0.65, 0.3  # residual standard deviations, as the diabetes example's change has them
TURNED, MOST_TURNED = 0.45, 0.9
UNIT = 1000.0  # a thousand times too large, as grams in place of kilograms
HELD_OUT_OF_RAREST = 12  # labelled records of the rarest class that a retrain's holdout shall have
FEWEST_LABELS, USUAL_LABELS, MOST_LABELS = 100, 200, 600
FEWEST_HISTORIC, MOST_HISTORIC = 250, 2_000


@dataclass(frozen=True)
class OwnTable:
    """A model's table in the schema's types, with what a world needs to know of it."""

    model: str
    schema: Schema
    settings: Settings
    roles: Roles
    table: pd.DataFrame

    @property
    def classes(self) -> bool:
        """Whether the outcome is a class."""
        return self.settings.task != "regression"

    def population(self) -> Population:
        """The smooth population."""
        kept = tuple(name for name in self.roles.features if not _smooth(self.table[name]))
        ranges = {column.name: column.range for column in self.schema.columns if column.range is not None}
        return Population(self.table, kept, self.roles.target, self.classes, ranges)

    def labels_required(self) -> int:
        """Labels that a retrain waits for: a third of the table, 100 to 200. There are more where a class is so rare
        that the holdout would have fewer than a dozen of it.
        """
        wanted = min(max(len(self.table) // 3, FEWEST_LABELS), USUAL_LABELS)
        if self.classes:
            rarest = self.table[self.roles.target].value_counts(normalize=True).min()
            wanted = max(wanted, int(np.ceil(HELD_OUT_OF_RAREST / (self.settings.split.holdout * rarest))))
        return min(wanted, MOST_LABELS)

    def play(self, strength: float = 1.0, entry: Mapping[str, Any] | None = None, volume: float = 1.0) -> Play:
        """The world, with a change of that strength and so many times the usual records a day; `entry` is what
        `driftloop.toml` says of the model.
        """
        given = entry or {}
        ordinary, labels = self.population(), int(given.get("labels_required") or self.labels_required())
        changed, tells = self.changed(ordinary, strength)
        return Play(
            model=self.model,
            id=self.roles.id,
            time=self.roles.time,
            target=self.roles.target,
            ordinary=ordinary,
            changed=changed,
            breaks=_Breaks(*self._broken(ordinary)),
            historic_rows=min(max(len(self.table) * 4 // 5, FEWEST_HISTORIC, 2 * labels), MOST_HISTORIC),
            labels_required=labels,
            whole=tuple(name for name in self.table.columns if _whole(self.table[name])),
            plain=self.schema.reading is not None or any(column.format for column in self.schema.columns),
            volume=volume,
            tells=tells,
            entry=given,
        )

    def changed(self, ordinary: Population, strength: float) -> tuple[Population, tuple[str, ...]]:
        """The population after the change, and the change in sentences."""
        scores = {name: self._score(name) for name in self.roles.features}
        strongest = sorted(scores, key=lambda name: -abs(self._says(scores[name])))[:STRONGEST]
        toward = _standardised(
            sum((np.sign(self._says(scores[name])) * scores[name] for name in strongest), np.zeros(1))
        )
        sides = [np.exp(_tilt(z) * z) for z in ((toward,) if self.classes else (toward, -toward))]
        # of a number: to the side where what the columns do not say is smaller, so that its noise hides no change
        moved = min((ordinary.likelier(_Odds(odds)) for odds in sides), key=self._noise)
        odds = moved.odds(self.table) if moved.odds else sides[0]
        first = f"records like those with other {', '.join(strongest)} come more often"
        if not self.classes:
            outcome, second = self._numbers_rise(moved, strongest, strength)
        else:
            outcome, second = self._classes_turn(odds, strength)
        return moved.changed(outcome=outcome), (first, second)

    def _noise(self, population: Population) -> float:
        return 0.0 if self.classes else population.residual_spread

    def _numbers_rise(self, moved: Population, strongest: Sequence[str], strength: float) -> tuple[Outcome, str]:
        residual = moved.residual_spread
        named = next((name for name in strongest if name in moved.numeric), None)
        slopes = {}
        if named is not None:
            sign = np.sign(self._says(self._score(named)))
            slopes = {named: float(sign * SLOPE * strength * residual / self.table[named].std())}
        rise = OFFSET * strength * residual
        return Outcome(rise, slopes), f"{self.roles.target} rises by {rise:.3g}" + (
            f", more where {named} is far out" if named else ""
        )

    def _classes_turn(self, odds: Array, strength: float) -> tuple[Outcome, str]:
        shares = pd.Series(odds).groupby(self.table[self.roles.target].to_numpy()).sum().sort_values(ascending=False)
        before, after = shares.index[:2]
        turned = min(TURNED * strength, MOST_TURNED)
        return Outcome(before=before, after=after, turned=turned), (
            f"{turned:.0%} of the records with {self.roles.target} {before} have {after}"
        )

    def _code(self) -> Array:
        """The outcome as one number: itself, or whether it is another class than the commonest."""
        outcome = self.table[self.roles.target]
        if not self.classes:
            # by rank: one record far out shall not choose the columns
            return np.asarray(outcome.rank().to_numpy(float))
        return np.asarray((outcome != outcome.mode()[0]).to_numpy(float))

    def _score(self, name: str) -> Array:
        """A column as standardised numbers: its values, or the mean outcome of each of its categories."""
        column = self.table[name]
        if pd.api.types.is_numeric_dtype(column):
            return _standardised(column.fillna(column.mean()).to_numpy(float))
        if pd.api.types.is_datetime64_any_dtype(column):
            return np.zeros(len(column))
        code = pd.Series(self._code())
        groups = column.fillna("").to_numpy()
        # ten records of the mean are added, so that a rare category does not repeat its records' outcomes
        sums, counts = code.groupby(groups).transform("sum"), code.groupby(groups).transform("count")
        return _standardised(((sums + 10 * code.mean()) / (counts + 10)).to_numpy(float))

    def _says(self, score: Array) -> float:
        """How much a column says about the outcome: the correlation."""
        code = _standardised(self._code())
        return float(np.mean(score * code))

    def _broken(self, ordinary: Population) -> tuple[str | None, str | None]:
        """The column whose unit is wrong on the day that the feed breaks, and the one that is blank."""
        values = self.table[list(self.roles.features)]
        # far from zero for its spread, so that a factor is told from anything else that happens
        steady = {name: abs(values[name].mean()) / (values[name].std() or 1.0) for name in ordinary.numeric}
        unit = max(steady, key=lambda name: steady[name], default=None)
        full = {name: values[name].notna().mean() for name in self.roles.features if name != unit}
        return unit, max(full, key=lambda name: full[name], default=None)


@dataclass(frozen=True)
class _Odds:
    """The same odds for each real record, whatever is asked."""

    odds: Array

    def __call__(self, _: pd.DataFrame) -> Array:
        return self.odds


@dataclass(frozen=True)
class _Breaks:
    """A feed that sends one column in another unit, and nothing in another one."""

    unit: str | None
    blank: str | None

    def __call__(self, frame: pd.DataFrame) -> pd.DataFrame:
        broken = frame.copy()
        if self.unit is not None:
            broken[self.unit] = broken[self.unit].astype(float) * UNIT
        if self.blank is not None:
            broken[self.blank] = None
        return broken


def read(model: ModelFolder) -> OwnTable:
    """The table that a model's `[laptop] data` names.

    Raises ConfigError where it names none, and InputError where the file is missing, lacks a column or holds too few
    usable records.
    """
    path, schema, settings = model.table(), model.schema(), model.settings()
    if path is None:
        raise ConfigError(
            f'models/{model.name}/model.toml names no table: write [laptop] and data = "FILE", relative to the folder'
        )
    if not Path(path).exists():
        raise InputError(f"models/{model.name}/model.toml: [laptop] data = {str(path)!r}: there is no such file")
    roles = Roles.of(schema)
    found = records.read([path], schema, (*roles.features, roles.target))
    wrong = np.logical_or.reduce([np.zeros(len(found), bool), *records.impossible(found, schema).values()])
    table = found.to_pandas()[~wrong].dropna(subset=[roles.target]).reset_index(drop=True)
    if len(table) < LEAST_RECORDS:
        raise InputError(f"{path.name} holds {len(table)} usable records of {len(found)}: {LEAST_RECORDS} are needed")
    if settings.task != "regression" and table[roles.target].nunique() < 2:
        raise InputError(f"{path.name}: {roles.target} has one class alone: there is nothing to predict")
    return OwnTable(model.name, schema, settings, roles, table)


def _smooth(column: pd.Series) -> bool:
    """Whether noise may move a column: many values, none of them common."""
    if not pd.api.types.is_numeric_dtype(column):
        return False
    counts = column.value_counts(normalize=True)
    return len(counts) > LEAST_DISTINCT and bool(counts.iloc[0] < MOST_REPEATED)


def _whole(column: pd.Series) -> bool:
    if not pd.api.types.is_numeric_dtype(column):
        return False
    known = column.dropna().to_numpy(float)
    return bool(len(known) and (known == np.round(known)).all() and np.abs(known).max() < 2**53)


def _standardised(values: Array) -> Array:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)


def _tilt(z: Array) -> float:
    """The largest k for which the effective number of records under the odds exp(k z) is as large as asked."""
    low, high = 0.0, 4.0
    for _ in range(40):
        middle = (low + high) / 2
        odds = np.exp(middle * z)
        low, high = (middle, high) if odds.sum() ** 2 / (odds**2).sum() >= LEAST_EFFECTIVE * len(z) else (low, middle)
    return low
