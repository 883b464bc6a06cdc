"""A sign of a broken feed: which column, what was seen, how likely it is by chance, what to write if it is normal."""

from __future__ import annotations

from dataclasses import dataclass

CERTAIN = 0.0
"""The p of a sign that chance cannot bring: a lost column, values that the schema calls impossible."""


@dataclass(frozen=True)
class Sign:
    """One finding of one rule about one window.

    `column` is None where whole records are meant. `p` bounds the probability of such a window when baseline and window
    come from one population, before the correction for the number of rules. `if_normal` says what to write where.
    `is_noted`: whether a person should know it also where chance may bring it.
    """

    column: str | None
    text: str
    p: float
    if_normal: str
    is_noted: bool = False

    @property
    def sentence(self) -> str:
        """The sign as one line for a person."""
        where = "" if self.column is None else f"{self.column}: "
        return f"{where}{self.text} (if this is normal: {self.if_normal})"


def ignore(column: str) -> str:
    """What to write where a column's contents are of no use to the check."""
    return f'give column {column!r} role = "ignore" in the schema, or pass --ignore {column}'
