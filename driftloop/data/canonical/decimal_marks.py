"""Numbers in text: with a decimal point or a decimal comma, with or without their unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa

from driftloop.data.canonical.distinct_texts import distinct_texts, number_texts
from driftloop.data.formats.durations import duration
from driftloop.data.formats.number_formats import NumberEvidence, number, plain_number
from driftloop.data.formats.unit_symbols import is_symbol, without_symbol, without_unit
from driftloop.data.plain_types import is_text
from driftloop.data.reading import Decimal
from driftloop.data.schema import Column
from driftloop.errors import InputError


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

    def decide(self, declared: Decimal | None, marks: set[Decimal], separator: str | None) -> None:
        """Choose the decimal mark: as declared, as the texts show, as the source's other columns do, or as the schema.

        Raises InputError where all of them leave it open, and where the texts contradict each other.
        """
        self.decimal = _decimal(self, declared, marks, separator)

    def notes(self) -> Iterator[str]:
        """How the numbers are read, where that is not plain."""
        if self.has_unit:
            yield f"numbers of column {self.column.name!r} are read without their {self.column.unit}"
        if self.decimal is not None and not self.evidence.is_plain:
            mark = "comma" if self.decimal == "," else "point"
            yield f"numbers of column {self.column.name!r} are read with a decimal {mark}"

    @property
    def _may_have_unit(self) -> bool:
        return self.column.unit_in_text or is_symbol(self.column.unit)

    def _without_unit(self, text: str) -> str:
        take_off = without_unit if self.column.unit_in_text else without_symbol
        return take_off(text, self.column.unit)

    def _number(self, text: str) -> float | None:
        return number(self._without_unit(text), self.decimal or ".")


def _decimal(form: NumberForm, declared: Decimal | None, marks: set[Decimal], separator: str | None) -> Decimal | None:
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


def _seconds_or_number(text: str) -> float | None:
    seconds = duration(text)
    return plain_number(text) if seconds is None else seconds
