"""What was decided about how columns are written, to be taken from the beginning of a source to any part of it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from driftloop.data.canonical.date_order import TimeForm
from driftloop.data.canonical.decimal_marks import NumberForm
from driftloop.data.canonical.forms import Form, form_of
from driftloop.data.formats.epoch_times import TimeUnit
from driftloop.data.reading import DateOrder, Decimal
from driftloop.data.schema import Schema


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How one column is written."""

    decimal: Decimal | None = None
    order: DateOrder | None = None
    unit: TimeUnit = "s"


def decision_of(form: Form) -> Decision:
    """What was decided about a form."""
    if isinstance(form, NumberForm):
        return Decision(decimal=form.decimal)
    if isinstance(form, TimeForm):
        return Decision(order=form.order, unit=form.unit)
    return Decision()


def decided_forms(schema: Schema, decisions: Mapping[str, Decision]) -> dict[str, Form]:
    """The forms of a schema's columns, decided. A column without a decision was in no row that was looked at."""
    forms: dict[str, Form] = {}
    for column in schema.columns:
        form = form_of(column)
        if form is None:
            continue
        said = decisions.get(column.name, Decision())
        if isinstance(form, NumberForm):
            form.decimal = said.decimal
        elif isinstance(form, TimeForm):
            form.order, form.unit = said.order, said.unit
        forms[column.name] = form
    return forms
