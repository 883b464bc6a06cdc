"""How columns are written, decided from their values: which columns need a decision, and all decisions of a source.

What the values leave open is taken from what is declared, or from the source's other columns. Else it comes from the
schema, which knows how its baseline was written. Else it is refused.
"""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa

from driftloop.data.canonical.date_order import TimeForm
from driftloop.data.canonical.decimal_marks import NumberForm
from driftloop.data.canonical.truth_words import TruthForm
from driftloop.data.reading import Reading, ReadNotes
from driftloop.data.schema import Column
from driftloop.errors import InputError


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
    marks = {mark for form in in_numbers if (mark := form.evidence.decimal) is not None}
    orders = {order for form in in_times if (order := form.evidence.order) is not None}
    try:
        for form in in_numbers:
            form.decide(reading.decimal_mark, marks, separator)
        for time_form in in_times:
            time_form.decide(reading.dates, orders)
    except InputError as error:
        raise InputError(f"{prefix}{error}") from None
    for time_form in in_times:
        time_form.decide_unit()
    said = [note for form in in_numbers for note in form.notes()]
    said += [note for time_form in in_times for note in time_form.notes()]
    for note in said:
        notes.add(f"{prefix}{note}")
