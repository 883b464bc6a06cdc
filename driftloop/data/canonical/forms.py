"""How columns are written, decided from their values: the decimal mark, the order of day and month, truth words.

What the values leave open is taken from what is declared, or from the source's other columns. Else it comes from the
schema, which knows how its baseline was written. Else it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, get_args

import numpy as np
import pyarrow as pa

from driftloop.data.arrow import numbers_array, texts_array
from driftloop.data.columns import as_dictionary, category_names, number_texts, numbers, text_list, time_of_text
from driftloop.data.formats.date_formats import DateEvidence, moment
from driftloop.data.formats.durations import duration
from driftloop.data.formats.epoch_times import TimeUnit, are_excel_days, seconds, time_unit
from driftloop.data.formats.number_formats import NumberEvidence, number, plain_number
from driftloop.data.formats.true_false import in_words_of
from driftloop.data.formats.unit_symbols import is_symbol, without_symbol, without_unit
from driftloop.data.plain_types import is_text
from driftloop.data.reading import DateOrder, Decimal, Reading, ReadNotes
from driftloop.data.schema import Column
from driftloop.errors import InputError

MOST_TEXTS = 5_000
"""Distinct texts of a batch that are looked at: of so many, some show the decimal mark or a day beyond 12."""


READ_AS = {"yyyymmdd": "as year, month and day", "excel": "as days since 1900, as Excel counts"}
"""What a note says of counts that are no unit since 1970."""


class Form(Protocol):
    """How one column is written: looks at arrays until it is settled, then rewrites them."""

    column: Column

    def look(self, array: pa.Array, missing: tuple[str, ...]) -> None:
        """Take note of a batch's values."""

    @property
    def is_open(self) -> bool:
        """Whether the values so far can be read in two ways."""

    def rewrite(self, array: pa.Array, missing: tuple[str, ...]) -> pa.Array:
        """The values in canonical form."""


@dataclass
class NumberForm:
    """Numbers in text: with which decimal mark."""

    column: Column
    evidence: NumberEvidence = field(default_factory=NumberEvidence)
    decimal: Decimal | None = None
    """Decided; None where the texts are read as they are."""
    has_unit: bool = False
    """Whether texts carry the unit that the schema gives the column."""

    def look(self, array: pa.Array, missing: tuple[str, ...]) -> None:
        """Count how the distinct texts are written."""
        if not is_text(array.type):
            return
        texts = distinct_texts(array, missing)
        if self._may_have_unit:
            bare = [self._without_unit(text) for text in texts]
            self.has_unit = self.has_unit or bare != texts
            texts = bare
        self.evidence += NumberEvidence.of(texts)

    @property
    def is_open(self) -> bool:
        """Whether commas may be decimal marks or thousands separators."""
        return self.evidence.either_comma > 0 and self.evidence.decimal is None

    def rewrite(self, array: pa.Array, missing: tuple[str, ...]) -> pa.Array:
        """Numbers, or texts with a decimal point."""
        if not is_text(array.type):
            return array
        if self.column.format == "duration":
            return number_texts(array, missing, _seconds_or_number)
        if self._may_have_unit:
            return number_texts(array, missing, self._number)
        if self.decimal is None:
            return array
        import pyarrow.compute as pc  # only where it is needed: a tenth of a check's imports

        is_simple = self.decimal == "," and pa.types.is_string(array.type)
        if is_simple and not pc.any(pc.match_substring(array, ".")).as_py():
            try:
                return pc.replace_substring(array, ",", ".").cast(pa.float64())
            except pa.ArrowInvalid:  # a missing or malformed text
                pass
        return number_texts(array, missing, partial(number, decimal=self.decimal))

    @property
    def _may_have_unit(self) -> bool:
        return self.column.unit_in_text or is_symbol(self.column.unit)

    def _without_unit(self, text: str) -> str:
        take_off = without_unit if self.column.unit_in_text else without_symbol
        return take_off(text, self.column.unit)

    def _number(self, text: str) -> float | None:
        return number(self._without_unit(text), self.decimal or ".")


def _seconds_or_number(text: str) -> float | None:
    seconds = duration(text)
    return plain_number(text) if seconds is None else seconds


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

    def _seconds(self, text: str) -> float | None:
        value = moment(text, self.order)
        if value is not None:
            return value
        count = plain_number(text)
        if count is None:
            return time_of_text(text)
        value = float(seconds(np.array([count]), self.unit)[0])
        return None if np.isnan(value) else value


@dataclass
class TruthForm:
    """Two categories that mean true and false."""

    column: Column
    is_open: bool = False

    def look(self, array: pa.Array, missing: tuple[str, ...]) -> None:
        """Nothing to decide: the schema knows the words."""

    def rewrite(self, array: pa.Array, missing: tuple[str, ...]) -> pa.Array:
        """Texts in the words of the schema."""
        del missing  # they stay what they are
        if pa.types.is_boolean(array.type) and self.column.format == "false/true":
            return array
        if pa.types.is_null(array.type):
            return array
        encoded = as_dictionary(array)
        words = in_words_of(category_names(encoded.dictionary), self.column.format)
        return pa.DictionaryArray.from_arrays(encoded.indices, texts_array(words))


def form_of(column: Column) -> Form | None:
    """What has to be decided about a column; None where nothing has."""
    if column.role in ("ignore", "time", "id"):  # an id is the text that it is, whatever its kind
        return None
    if column.kind == "categorical":
        return TruthForm(column) if "/" in column.format else None
    return NumberForm(column) if column.kind == "numeric" else TimeForm(column)


def settle(forms: tuple[Form, ...], reading: Reading, separator: str | None, notes: ReadNotes, where: str = "") -> None:
    """Decide how every column is written. Raises InputError where one can be read in two ways."""
    prefix = f"{where}: " if where else ""
    in_numbers = [form for form in forms if isinstance(form, NumberForm)]
    in_times = [form for form in forms if isinstance(form, TimeForm)]
    marks = {form.evidence.decimal for form in in_numbers} - {None}
    orders = {form.evidence.order for form in in_times} - {None}
    try:
        for form in in_numbers:
            form.decimal = _decimal(form, reading.decimal_mark, marks, separator)
        for time_form in in_times:
            time_form.order = _order(time_form, reading.dates, orders)
    except InputError as error:
        raise InputError(f"{prefix}{error}") from None
    for form in in_numbers:
        if form.has_unit:
            notes.add(f"{prefix}numbers of column {form.column.name!r} are read without their {form.column.unit}")
        if form.decimal is not None and not form.evidence.is_plain:
            mark = "comma" if form.decimal == "," else "point"
            notes.add(f"{prefix}numbers of column {form.column.name!r} are read with a decimal {mark}")
    for time_form in in_times:
        if time_form.counts:
            counts = np.array(time_form.counts)
            # A time of day in seconds may lie in that range, too, so only of the record's own time.
            is_excel = time_form.column.role == "timestamp" and are_excel_days(counts)
            time_form.unit = "excel" if is_excel else time_unit(counts)
        if time_form.order is not None:
            order = time_form.order.replace("-", " ")
            notes.add(f"{prefix}dates of column {time_form.column.name!r} are read {order}")
        if time_form.unit != "s":
            unit = READ_AS.get(time_form.unit, f"as {time_form.unit} since 1970")
            notes.add(f"{prefix}numbers of column {time_form.column.name!r} are read {unit}")


def _decimal(
    form: NumberForm, declared: Decimal | None, marks: set[Decimal | None], separator: str | None
) -> Decimal | None:
    """The decimal mark to read a column with; None to read its texts as they are."""
    seen, name = form.evidence, form.column.name
    if declared is not None:
        return None if declared == "." and seen.is_plain else declared
    if seen.contradicts_itself:
        raise InputError(
            f"column {name!r} has decimal points in some rows and decimal commas in others: "
            'write it in one way, or declare [reading] decimal = "." or ","'
        )
    if seen.decimal is not None:
        return None if seen.decimal == "." and seen.is_plain else seen.decimal
    of_source = next(iter(marks)) if len(marks) == 1 else None
    open_points = seen.either_point > 0 and (separator == ";" or of_source == ",")
    if not seen.either_comma and not open_points:
        return "," if of_source == "," else "." if seen.grouped else None
    known: dict[str, Decimal] = {"decimal-comma": ",", "decimal-point": "."}
    found = of_source or known.get(form.column.format)
    if found is not None:
        return None if found == "." and seen.is_plain else found
    example = "1,234" if seen.either_comma else "1.234"
    raise InputError(
        f"column {name!r} has numbers such as {example}, in which the mark may stand before a fraction or between "
        'thousands: declare [reading] decimal = "," or "."'
    )


def _order(form: TimeForm, declared: DateOrder | None, orders: set[DateOrder | None]) -> DateOrder | None:
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


def distinct_texts(array: pa.Array, missing: tuple[str, ...]) -> list[str]:
    """Distinct texts of an array, stripped, without those that mean missing; of very many the first ones."""
    distinct = as_dictionary(array).dictionary.slice(0, MOST_TEXTS)
    stripped = (text.strip() for text in text_list(distinct) if text is not None)
    return [text for text in stripped if text not in missing]
