"""Dates and times: with the day, the month or the year first, or as counts of which unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
import pyarrow as pa

from driftloop.data.arrow import numbers_array
from driftloop.data.canonical.distinct_texts import distinct_texts, number_texts
from driftloop.data.columns.numbers import numbers
from driftloop.data.columns.times import time_of_text
from driftloop.data.formats.date_formats import DateEvidence, moment
from driftloop.data.formats.epoch_times import TimeUnit, are_excel_days, seconds, time_unit
from driftloop.data.formats.number_formats import plain_number
from driftloop.data.plain_types import is_text
from driftloop.data.reading import DateOrder
from driftloop.data.schema import Column
from driftloop.errors import InputError

READ_AS = {"yyyymmdd": "as year, month and day", "excel": "as days since 1900, as Excel counts"}
"""What a note says of counts that are no unit since 1970."""


@dataclass
class TimeForm:
    """Dates and times: in which order, or in which unit since 1970."""

    column: Column
    evidence: DateEvidence = field(default_factory=DateEvidence)
    counts: list[float] = field(default_factory=list)
    order: DateOrder | None = None
    unit: TimeUnit = "s"

    def look(self, array: pa.Array, missing: tuple[str, ...]) -> None:
        """Count the orders of texts, and keep numbers for their unit."""
        if is_text(array.type):
            texts = distinct_texts(array, missing)
            self.evidence += DateEvidence.of(texts)
            self.counts += [value for text in texts if text.isascii() and (value := plain_number(text)) is not None]
        elif not pa.types.is_temporal(array.type) and not pa.types.is_null(array.type):
            values = numbers(array, missing).values
            self.counts += values[np.isfinite(values)].tolist()

    @property
    def is_open(self) -> bool:
        """Whether day and month may change places."""
        return self.evidence.either > 0 and self.evidence.order is None

    def rewrite(self, array: pa.Array, missing: tuple[str, ...]) -> pa.Array:
        """Seconds since 1970, or texts where some are no times."""
        if is_text(array.type):
            is_plain = self.order is None and self.unit == "s"
            return array if is_plain else number_texts(array, missing, self._seconds)
        if self.unit == "s" or pa.types.is_temporal(array.type) or pa.types.is_null(array.type):
            return array
        return numbers_array(seconds(numbers(array, missing).values, self.unit))

    def decide(self, declared: DateOrder | None, orders: set[DateOrder]) -> None:
        """Choose the order of day, month and year: as declared, as the texts or other columns show, or as the schema.

        Raises InputError where all of them leave it open, and where the texts contradict each other.
        """
        self.order = _order(self, declared, orders)

    def decide_unit(self) -> None:
        """Choose the unit in which numbers count, from their size."""
        if self.counts:
            counts = np.array(self.counts)
            # A time of day in seconds may lie in that range, too, so only of the record's own time.
            is_excel = self.column.role == "timestamp" and are_excel_days(counts)
            self.unit = "excel" if is_excel else time_unit(counts)

    def notes(self) -> Iterator[str]:
        """How dates and counts are read, where that is not plain."""
        if self.order is not None:
            yield f"dates of column {self.column.name!r} are read {self.order.replace('-', ' ')}"
        if self.unit != "s":
            unit = READ_AS.get(self.unit, f"as {self.unit} since 1970")
            yield f"numbers of column {self.column.name!r} are read {unit}"

    def _seconds(self, text: str) -> float | None:
        value = moment(text, self.order)
        if value is not None:
            return value
        count = plain_number(text)
        if count is None:
            return time_of_text(text)
        value = float(seconds(np.array([count]), self.unit)[0])
        return None if np.isnan(value) else value


def _order(form: TimeForm, declared: DateOrder | None, orders: set[DateOrder]) -> DateOrder | None:
    seen, name = form.evidence, form.column.name
    if not (seen.day_first or seen.month_first or seen.either or seen.year_first):
        return None
    # Years with four digits show where they stand, so that declaration says nothing of 01/02/2026.
    if declared is not None and (declared != "year-first" or seen.short_years):
        return declared
    if seen.contradicts_itself:
        one, other = sorted(order.replace("-", " ") for _, order in seen.told[:2])
        raise InputError(
            f"column {name!r} has dates with the {one} in some rows and the {other} in others: "
            'write it in one way, or declare [reading] dates = "day-first", "month-first" or "year-first"'
        )
    known: dict[str, DateOrder] = {order: order for order in get_args(DateOrder)}
    found = seen.order or (next(iter(orders)) if len(orders) == 1 else None) or known.get(form.column.format)
    if found is None and seen.short_years:
        raise InputError(
            f"column {name!r} has dates such as 26-01-02, which may begin with the year, the month or the day: "
            'write years with four digits, or declare [reading] dates = "year-first", "month-first" or "day-first"'
        )
    if found is None:
        raise InputError(
            f"column {name!r} has dates such as 01/02/2026, which may have the day or the month first: "
            'declare [reading] dates = "day-first" or "month-first"'
        )
    return found
