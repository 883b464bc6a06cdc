"""Where the lines of a CSV end: quoted values may hold separators and line breaks, in which nothing ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from driftloop.errors import InputError

Octets = npt.NDArray[np.uint8]

MOST_LINES = 500
"""Lines of a file's head that are compared: each separator is tried on all of them."""


@dataclass(frozen=True)
class Style:
    """The characters that have a meaning."""

    separator: str
    quote: str
    newline: bytes
    escape: str | None = None
    """Before a quote inside of a quoted value, where it is not doubled."""


@dataclass(frozen=True)
class Line:
    """One line of a file's head."""

    number: int
    start: int
    end: int
    """Behind its line break."""
    text: bytes
    """Without the line break; the inside of quoted values is blanked out."""

    def width(self, style: Style) -> int:
        """How many values it has."""
        return self.text.count(style.separator.encode()) + 1


def newline_of(head: bytes) -> bytes:
    """What ends a line: old Macintosh files have carriage returns alone."""
    return b"\n" if b"\n" in head or b"\r" not in head else b"\r"


def escape_of(head: bytes, quote: str) -> str | None:
    r"""The backslash, where quotes inside of quoted values are written \" (by Spark); None where they are doubled."""
    mark = quote.encode()
    if b"\\" + mark not in head:
        return None
    # "C:\" ends a value with a backslash; only a quote that does not end its value is escaped.
    escaped = re.compile(rb"[^\\" + mark + rb"]\\" + re.escape(mark) + rb"[^,;|\t\r\n" + mark + rb"]")
    return "\\" if escaped.search(head) else None


@lru_cache(32)
def quoted_value(style: Style) -> re.Pattern[bytes]:
    """Matches a quoted value; a quote has a meaning only where a value begins."""
    mark, separator = re.escape(style.quote.encode()), re.escape(style.separator.encode())
    inside = rb"[^%b]|%b%b" % (mark, mark, mark)
    if style.escape is not None:
        inside = rb"[^%b\\]|\\.|%b%b" % (mark, mark, mark)
    return re.compile(rb"(?<![^%b\r\n])%b(?:%b)*+%b" % (separator, mark, inside, mark), re.DOTALL)


def lines_of(head: bytes, style: Style, *, is_whole: bool) -> list[Line]:
    """The lines of a file's head that are not blank; the last one only where the file ends with it."""
    blanked = quoted_value(style).sub(lambda found: b'"' + b"_" * (len(found[0]) - 2) + b'"', head)
    lines: list[Line] = []
    start = number = 0
    while start < len(blanked) and len(lines) < MOST_LINES:
        end = blanked.find(style.newline, start)
        if end < 0 and not is_whole:
            break
        end = len(blanked) if end < 0 else end + 1
        number += 1
        text = blanked[start:end].rstrip(b"\r\n")
        if text.strip():
            lines.append(Line(number, start, end, text))
        start = end
    if not lines and blanked.strip() and not is_whole:
        raise InputError("its first line is longer than 256 KB: is it a table?")
    return lines


def unquoted(cell: bytes, style: Style) -> str:
    """The text of a cell."""
    try:
        text = cell.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise InputError(NOT_UTF8) from None
    quote = style.quote
    if len(text) >= 2 and text[0] == quote == text[-1]:
        text = text[1:-1].replace(quote * 2, quote)
        if style.escape is not None:
            text = text.replace(style.escape + quote, quote)
    return text.strip().strip(INVISIBLE)


INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
"""Byte order marks and spaces of no width, which a name may have at its ends and nobody sees."""
NOT_UTF8 = 'is not UTF-8: declare its encoding, such as [reading] encoding = "latin-1" (or "cp1252")'


def last_boundary(data: bytes, style: Style) -> int:
    """Where the last complete record of `data` ends, which begins with a record; 0 where none is complete."""
    quote = style.quote.encode()
    count = data.count(quote)
    if count == 0:
        return data.rfind(style.newline) + 1
    if style.escape is None and _alternate(data, style):
        return _by_parity(data, style.newline, quote, count)
    end = start = 0
    for found in quoted_value(style).finditer(data):
        start = found.end()
    end = data.rfind(style.newline, start) + 1
    if _is_open(data, start, style):
        # A quoted value without an end: what is complete lies before it.
        end = data.rfind(style.newline, start, _opening(data, start, style)) + 1
    return end or _before(data, style)


def is_open_at_end(data: bytes, style: Style) -> bool:
    """Whether the last value of a file is quoted and the quote is never closed."""
    if not data.count(style.quote.encode()):
        return False
    start = 0
    for found in quoted_value(style).finditer(data):
        start = found.end()
    return _is_open(data, start, style)


def _before(data: bytes, style: Style) -> int:
    """The last line break outside of quotes, where the last quoted value lies in the last record."""
    blanked = quoted_value(style).sub(lambda found: b"_" * len(found[0]), data)
    start = _opening(blanked, 0, style)
    return blanked.rfind(style.newline, 0, start if start >= 0 else len(blanked)) + 1


def _is_open(data: bytes, start: int, style: Style) -> bool:
    return _opening(data, start, style) >= 0


def _opening(data: bytes, start: int, style: Style) -> int:
    """Where a quote begins a value from `start` on; -1 where none does."""
    mark, separator = re.escape(style.quote.encode()), re.escape(style.separator.encode())
    found = re.compile(rb"(?<![^%b\r\n])%b" % (separator, mark)).search(data, start)
    return -1 if found is None else found.start()


def _alternate(data: bytes, style: Style) -> bool:
    """Whether quotes open and close in turn, each where a value begins or ends: then counting them is enough."""
    codes = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(codes == ord(style.quote))
    ends = np.array([ord(style.separator), 10, 13, ord(style.quote)], np.uint8)
    opening, closing = places[::2], places[1::2]
    before = codes[opening - 1]
    if opening[0] == 0:
        before = before[1:]
    after = codes[np.minimum(closing + 1, len(codes) - 1)]
    if len(closing) and closing[-1] == len(codes) - 1:
        after = after[:-1]
    return all(bool(_among(part, ends).all()) for part in (before, after))


def _among(values: Octets, ends: Octets) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[ends] = True
    found: npt.NDArray[np.bool_] = table[values]
    return found


def _by_parity(data: bytes, newline: bytes, quote: bytes, count: int) -> int:
    place, behind = len(data), 0
    while (found := data.rfind(newline, 0, place)) >= 0:
        behind += data.count(quote, found, place)
        if (count - behind) % 2 == 0:
            return found + 1
        place = found
    return 0
