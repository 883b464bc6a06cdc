"""Labels of a table's own target column, counted while its rows pass by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from driftloop.data.columns import numbers, texts
from driftloop.data.plain_types import not_comparable
from driftloop.sequential.label_shift import MOST_CLASSES, LabelSummary

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop.data.schema import Schema

MOST_NAMES = 10 * MOST_CLASSES
"""Classes that are counted at all: a target with more is none of classes, and memory stays bounded."""


class LabelTally:
    """What the target of some rows holds, in short. Without a target, or without its column, it stays empty."""

    def __init__(self, schema: Schema) -> None:
        self._target, self._missing = schema.role("target"), schema.missing
        self._classes: Counter[str] = Counter()
        self._rows, self._total, self._squares = 0, 0.0, 0.0

    def counting(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same batches, each counted before it is given on."""
        for batch in batches:
            if self._target is not None and self._target.name in batch.schema.names:
                self._add(batch.column(self._target.name))
            yield batch

    @property
    def summary(self) -> LabelSummary | None:
        """Of the labels so far; None where there is none."""
        if not self._rows:
            return None
        if self._classes:
            return LabelSummary.of_classes(self._classes)
        return LabelSummary(self._rows, self._total, self._squares)

    def _add(self, labels: pa.Array) -> None:
        if self._target is None or not_comparable(labels.type) is not None:
            return
        if self._target.kind == "categorical":
            found = texts(labels, self._missing)
            counts = np.bincount(found.codes[found.codes >= 0], minlength=len(found.levels)).tolist()
            for name, count in zip(found.levels, counts, strict=True):
                if count and (name in self._classes or len(self._classes) < MOST_NAMES):
                    self._classes[name] += count
            self._rows = self._classes.total()
        elif self._target.kind == "numeric":
            values = numbers(labels, self._missing).values
            values = values[np.isfinite(values)]
            one = LabelSummary.of_numbers(values)
            self._rows, self._total, self._squares = (
                self._rows + one.rows,
                self._total + one.total,
                self._squares + one.squares,
            )
