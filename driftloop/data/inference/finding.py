"""What is told of one column, and the words of its name."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal["numeric", "categorical", "datetime"]
Role = Literal["feature", "id", "timestamp", "time", "ignore"]

MOSTLY = 0.95
"""Part of a column's values that decide what it is: the others are slips."""
FEW_ROWS = 20
"""Up to so many rows, values that are all different say little: amounts are too."""
MANY_LEVELS = 50
"""Distinct values from which on a column that is named, or looks, like an id is one, and no code."""
ID_NAMES = frozenset({"id", "ids", "uuid", "guid", "identifier", "rowid", "mrn"})
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class InferredColumn(NamedTuple):
    """One column as it was recognised."""

    name: str
    kind: Kind
    role: Role
    ground: str
    """Why, as a short text for people."""
    format: str = ""
    """How its texts are written, where another file may leave it open."""
    unique: bool = False
    """Whether every row has a value of its own (ids)."""
    unit: str = ""
    """The sign or the word that its numbers are written with, such as `%` or `kg`."""
    unit_in_text: bool = False
    """Whether that is a word."""
    repeats: bool = False
    """Of an id: whether its values come again, as a patient's do who is seen twice."""


def without_values(name: str) -> InferredColumn:
    """What is told of a column that is empty as far as it was looked at."""
    return InferredColumn(name, "categorical", "feature", "no value in the rows that were looked at")


def name_parts(name: str) -> tuple[str, ...]:
    """The words of a column's name, in lower case.

    Examples
    --------
    >>> name_parts("patientID"), name_parts("created_at")
    (('patient', 'id'), ('created', 'at'))
    """
    return tuple(part.lower() for part in _PART.findall(name))
