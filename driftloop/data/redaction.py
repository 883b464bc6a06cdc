"""Which categories a sentence may name.

Sentences become events and ledger rows, which are read by more people than the data is. A text that is rare, or that
the baseline does not know, may be a person's name in a column that has slipped.
"""

from __future__ import annotations

from driftloop.data.schema import Column

SHORT = 2
"""Characters of a code: no name is so short."""
COMMON = 6
"""Records of the baseline that share a category which is nobody's own."""


def named(category: str, column: Column, records: int) -> str:
    """The category in quotes, or what stands for it; `records` is how many of the baseline have it."""
    if may_name(category, column, records):
        return repr(category)
    return "a rare value" if records else "a value that the baseline does not have"


def may_name(category: str, column: Column, records: int) -> bool:
    """Whether a category may be named outside of the file: a code, a declared one, or one that many share."""
    return len(category) <= SHORT or category in column.categories or records >= COMMON
