"""Text in a terminal: how wide it is, wrapped, and set in columns; ideographs take two cells."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from shutil import get_terminal_size

NARROWEST = 40
"""Cells: a terminal that claims less gets lines that wrap by themselves."""
GAP = 2


def line_width() -> int:
    """Cells in a line: of the terminal or of COLUMNS, else 80."""
    return max(get_terminal_size((80, 24)).columns, NARROWEST)


def width_of(text: str) -> int:
    """How many cells a text takes.

    >>> width_of("bmi"), width_of("血圧")
    (3, 4)
    """
    return sum(_cells(character) for character in text)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most so many cells, broken at spaces where there are some, and between ideographs.

    >>> wrapped("mean +3.09 (26.18 to 29.27)", 16)
    ['mean +3.09', '(26.18 to 29.27)']
    """
    lines, now = [], ""
    for word in _words(text, width):
        if now and width_of(now + word.rstrip()) > width:
            lines.append(now.rstrip())
            now = ""
        now += word
    return [*lines, now.rstrip()]


def indented(text: str, first: str, width: int) -> list[str]:
    """Wrapped behind `first`, the following lines as far to the right.

    >>> indented("one two three", "- ", 9)
    ['- one two', '  three']
    """
    lines = wrapped(text, max(width - width_of(first), 1))
    return [(first if number == 0 else " " * width_of(first)) + line for number, line in enumerate(lines)]


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text filled up to so many cells; one that is longer is cut, with an ellipsis for the rest.

    >>> padded("week-12.csv", 8), padded("60", 4, right=True)
    ('week-12…', '  60')
    """
    if width_of(text) > width:
        while width_of(text) > width - 1:
            text = text[:-1]
        text += "…"
    fill = " " * (width - width_of(text))
    return fill + text if right else text + fill


def columns(rows: Sequence[Sequence[str]], width: int, *, right: Sequence[int] = (), flexible: int) -> list[list[str]]:
    """Each row as one line or more: columns as wide as their texts, the flexible one as wide as what is left.

    `right` are the columns whose texts stand at the right.
    """
    count = len(rows[0])
    widths = [max(width_of(row[index]) for row in rows) for index in range(count)]
    for index in range(count):
        if index not in {flexible, *right}:
            widths[index] = min(widths[index], max(width // 3, 8))
    others = sum(widths) - widths[flexible] + GAP * (count - 1)
    widths[flexible] = min(widths[flexible], max(width - others, 12))
    return [_row(row, widths, right) for row in rows]


def _row(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> list[str]:
    cells = [wrapped(text, width) for text, width in zip(row, widths, strict=True)]
    lines = []
    for number in range(max(map(len, cells))):
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        filled = [
            padded(part, width, right=index in right)
            for index, (part, width) in enumerate(zip(parts, widths, strict=True))
        ]
        lines.append((" " * GAP).join(filled).rstrip())
    return lines


def _words(text: str, width: int) -> list[str]:
    """Pieces that stay together, each with the space behind it; what is too long for a line is cut."""
    pieces, now = [], ""
    for character in text:
        now += character
        if character == " " or _cells(character) == 2 or width_of(now) >= width:
            pieces.append(now)
            now = ""
    return [*pieces, now] if now else pieces


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
