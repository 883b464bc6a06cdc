"""The measurements that a model takes, as fields of a form: from the schema and the counts of its own baseline."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from driftloop import Baseline
    from driftloop.data.schema import Column
    from driftloop.profile.counting.column_profile import ColumnProfile

USUAL = (0.05, 0.95)  # nine in ten: quantiles further out come near to single persons' values
RARELY = 0.01  # share of the population without a value, as rare as a record that is called unlike it
FEWEST = 40  # values of which quantiles are told: of fewer, each end would be one of two persons


@dataclass(frozen=True)
class Field:
    """One measurement. `categories` are its only values. Of a number, `lowest` and `highest` bound what can be true,
    and nine in ten of the population lie in `usual`.
    """

    name: str
    title: str
    unit: str
    categories: tuple[str, ...]
    lowest: float | None
    highest: float | None
    usual: tuple[float, float] | None
    always_measured: bool = False
    """Hardly anybody of the population is without it."""

    @property
    def is_number(self) -> bool:
        return not self.categories

    def is_unusual(self, value: float | str | None) -> bool:
        """Whether a number lies outside what nine in ten of the population have, or is missing where all have one."""
        if value is None:
            return self.always_measured
        if self.usual is None or not isinstance(value, float):
            return False
        return not self.usual[0] <= value <= self.usual[1]


def fields_of(baseline: "Baseline", language: str) -> tuple[Field, ...]:
    """A field for each input of the model, in the schema's order."""
    columns = baseline.profile.columns
    return tuple(
        _field(column, columns.get(column.name), language)
        for column in baseline.schema.columns
        if column.role == "feature"
    )


def target_of(baseline: "Baseline") -> "Column | None":
    """The column of the outcome, with its title and unit."""
    return baseline.schema.role("target")


def _field(column: "Column", counted: "ColumnProfile | None", language: str) -> Field:
    lowest, highest = column.range or (None, None)
    return Field(
        name=column.name,
        title=column.title_in(language),
        unit=column.unit,
        categories=tuple(column.categories) if column.kind == "categorical" else (),
        lowest=lowest,
        highest=highest,
        usual=None if counted is None else _usual(counted),
        always_measured=counted is not None and counted.missing <= RARELY * counted.rows,
    )


def _usual(counted: "ColumnProfile") -> tuple[float, float] | None:
    """The quantiles between which nine in ten lie, rounded outwards to three digits; None for categories, and for too
    few values to say.
    """
    centres, counts = counted.bins
    total = int(counts.sum())
    if total < FEWEST:
        return None
    places = np.searchsorted(np.cumsum(counts), [USUAL[0] * total, USUAL[1] * total])
    low, high = (float(centres[min(int(place), len(centres) - 1)]) for place in places)
    return _rounded(low, up=False), _rounded(high, up=True)


def _rounded(value: float, *, up: bool) -> float:
    if value == 0:
        return 0.0
    step = 10.0 ** (np.floor(np.log10(abs(value))) - 2)
    whole = np.ceil(value / step - 1e-9) if up else np.floor(value / step + 1e-9)
    return float(f"{whole * step:.12g}")
