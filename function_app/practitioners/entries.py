"""What a person entered, as a record for the endpoint; or what is wrong with it, field by field.

Everything here is hostile until it has been read. Messages are keys of the catalogue with their fields, and never
repeat what was entered.
"""

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from driftloop.wording.number_formats import format_number
from function_app.practitioners.fields import Field

PREFIX = "m."
"""Before a measurement's name in the form, so that no column's name collides with another field of it."""
LONGEST = 100  # characters of one entry
NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)


class BodyError(ValueError):
    """The body is no form."""


@dataclass(frozen=True)
class Mistake:
    """What is wrong with one field: a key of the catalogue and its values."""

    key: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entries:
    """A form that was sent: the texts as they were entered, the record that they make, what is wrong."""

    texts: dict[str, str]
    record: dict[str, float | str | None]
    mistakes: dict[str, Mistake]


def parse(body: bytes, fields: Sequence[Field]) -> Entries:
    """The entries of a form in `application/x-www-form-urlencoded`. Raises BodyError for what is none."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=len(fields) + 20
        )
    except ValueError as error:
        raise BodyError("the body is no form") from error
    sent = [(name.removeprefix(PREFIX), text) for name, text in pairs if name.startswith(PREFIX)]
    known = {one.name for one in fields}
    if len({name for name, _ in sent}) != len(sent) or not {name for name, _ in sent} <= known:
        raise BodyError("the form has a field twice, or one that the model does not know")
    texts = dict(sent)
    record: dict[str, float | str | None] = {}
    mistakes: dict[str, Mistake] = {}
    for one in fields:
        found = _read(texts.get(one.name, ""), one)
        if isinstance(found, Mistake):
            mistakes[one.name] = found
        else:
            record[one.name] = found
    return Entries({name: text[:LONGEST] for name, text in texts.items()}, record, mistakes)


def _read(text: str, one: Field) -> float | str | Mistake | None:
    if len(text) > LONGEST:
        return Mistake("mistake.long", {"most": str(LONGEST)})
    if not one.is_number:
        return None if text == "" else text if text in one.categories else Mistake("mistake.category")
    # Full-width digits, as Japanese keyboards write them, are the same numbers.
    plain = unicodedata.normalize("NFKC", text).strip().replace("\N{MINUS SIGN}", "-")
    if not plain:
        return None
    if not NUMBER.fullmatch(plain):
        return Mistake("mistake.comma" if re.fullmatch(r"[-+\d.,]+", plain) else "mistake.number")
    value = float(plain)
    if not math.isfinite(value):
        return Mistake("mistake.number")
    return _outside(value, one) or value


def _outside(value: float, one: Field) -> Mistake | None:
    below = one.lowest is not None and value < one.lowest
    above = one.highest is not None and value > one.highest
    if not below and not above:
        return None
    assert one.lowest is not None
    assert one.highest is not None
    low, high = format_number(one.lowest, 6), format_number(one.highest, 6)
    return Mistake("mistake.range", {"low": low, "high": high, "unit": f" {one.unit}" if one.unit else ""})
