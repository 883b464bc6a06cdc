"""Labels of a table's own target column, counted while its rows pass by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from driftloop.data.columns.numbers import numbers
from driftloop.data.columns.texts import texts
from driftloop.data.plain_types import not_comparable
from driftloop.sequential.label_shift import MOST_CLASSES, LabelSummary

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop.data.schema import Schema

MOST_NAMES = 10 * MOST_CLASSES
"""Classes that are counted at all: a target with more is none of classes, and memory stays bounded."""


class LabelCounter:
    """What the target of some rows holds, in short. Without a target, or without its column, it stays empty."""

    def __init__(self, schema: Schema) -> None:
        self._target, self._missing = schema.role("target"), schema.missing
        self._classes: Counter[str] = Counter()
        self._numbers: LabelSummary | None = None
        self._included: LabelSummary | None = None

    def counting(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same batches, each counted before it is given on."""
        for batch in batches:
            if self._target is not None and self._target.name in batch.schema.names:
                self._add(batch.column(self._target.name))
            yield batch

    @property
    def summary(self) -> LabelSummary | None:
        """Of the labels so far; None where there is none."""
        own = LabelSummary.of_classes(self._classes) if self._classes else self._numbers
        return merged_labels(own, self._included)

    def include(self, others: LabelSummary | None) -> None:
        """Count labels that were counted elsewhere, in other parts of the table."""
        if self._target is not None:
            self._included = merged_labels(self._included, others)

    def _add(self, labels: pa.Array) -> None:
        if self._target is None or not_comparable(labels.type) is not None:
            return
        if self._target.kind == "categorical":
            found = texts(labels, self._missing)
            counts = np.bincount(found.codes[found.codes >= 0], minlength=len(found.levels)).tolist()
            for name, count in zip(found.levels, counts, strict=True):
                if count and (name in self._classes or len(self._classes) < MOST_NAMES):
                    self._classes[name] += count
        elif self._target.kind == "numeric":
            values = numbers(labels, self._missing).values
            values = values[np.isfinite(values)]
            if len(values):
                self._numbers = merged_labels(self._numbers, LabelSummary.of_numbers(values))


def merged_labels(one: LabelSummary | None, other: LabelSummary | None) -> LabelSummary | None:
    """The labels of two parts of a table together; None where neither has any.

    Of more than `MOST_CLASSES` classes the most frequent of both are kept, as of one table. Squared deviations add up
    with (m1 - m2)^2 n1 n2 / (n1 + n2) for the two means (Chan, Golub and LeVeque 1983).

    Examples
    --------
    >>> merged_labels(LabelSummary.of_classes({"yes": 2}), LabelSummary.of_classes({"no": 1})).counts
    {'yes': 2, 'no': 1}
    """
    if one is None or other is None or not (one.rows and other.rows):
        return other if one is None or not one.rows else one
    counts = LabelSummary.of_classes(Counter(one.counts) + Counter(other.counts)).counts
    rows = one.rows + other.rows
    between = (one.mean - other.mean) ** 2 * one.rows * other.rows / rows
    deviations = None if counts else one.within + other.within + between
    return LabelSummary(rows, one.total + other.total, one.squares + other.squares, counts, deviations)
