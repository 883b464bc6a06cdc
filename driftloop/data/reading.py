"""How files are written: what a configuration declares under `[reading]`, and the notes on what was recognised."""

from __future__ import annotations

import codecs
from typing import Literal

import msgspec

Decimal = Literal[".", ","]
DateOrder = Literal["day-first", "month-first", "year-first"]

MOST_NOTES = 20
"""Notes that are kept: more than a reader looks at, and few enough for a terminal."""


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is declared about the way files are written; what is None is recognised file by file.

    A declaration holds for every text file (CSV, TSV, JSON Lines) and for texts in typed files. Typed values such as
    Parquet's numbers and times need none.

    Examples
    --------
    >>> Reading(separator=";", thousands=".").decimal_mark
    ','
    """

    separator: str | None = None
    """Between the values of a line of CSV: one character."""
    decimal: Decimal | None = None
    """Before the fraction of a number: `.` or `,`."""
    thousands: str | None = None
    """Between groups of three digits: `.`, `,`, a space or an apostrophe."""
    encoding: str | None = None
    """Of text files, such as `latin-1`; UTF-8 and UTF-16 are recognised."""
    dates: DateOrder | None = None
    """How 01/02/2026 is meant, and 26-02-01: `year-first` is of years with two digits."""
    quote: str | None = None
    """Around values of CSV that hold a separator: one character, a double quote unless declared."""

    def __post_init__(self) -> None:
        for name in ("separator", "quote"):
            value = getattr(self, name)
            if value is not None and (len(value) != 1 or not value.isascii() or value in "\r\n"):
                raise ValueError(f"{name} must be one ASCII character")
        if self.thousands is not None and self.thousands not in (".", ",", " ", "'"):
            raise ValueError("thousands must be a point, a comma, a space or an apostrophe")
        if self.thousands is not None and self.thousands == self.decimal:
            raise ValueError("decimal and thousands must differ")
        if self.encoding is not None:
            try:
                text = codecs.lookup(self.encoding)._is_text_encoding
            except (LookupError, ValueError):
                text = False
            if not text:
                raise ValueError(f"encoding {self.encoding!r} is not known")

    @property
    def decimal_mark(self) -> Decimal | None:
        """The decimal mark that is declared, or follows from the declared thousands separator."""
        if self.decimal is None and self.thousands in (".", ","):
            return "," if self.thousands == "." else "."
        return self.decimal


class ReadNotes:
    """Collects a line for each thing that was recognised or left out while a source was read."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}
        self._more = 0

    def add(self, note: str) -> None:
        """Keep a note; the same note is kept once."""
        if note in self._lines:
            return
        if len(self._lines) < MOST_NOTES:
            self._lines[note] = None
        else:
            self._more += 1

    @property
    def lines(self) -> tuple[str, ...]:
        """The notes in the order in which they were made."""
        return (*self._lines, f"and {self._more} more notes on reading") if self._more else tuple(self._lines)
