"""The header of a CSV file: which line holds the names of the columns, or why none does."""

from __future__ import annotations

from collections.abc import Collection

from driftloop.data.formats.number_formats import written
from driftloop.data.readers.csv.lines import Line, Style, unquoted
from driftloop.wording.counts import count_of

SEQUENCE = 3
"""Rows at least that must count up for values before the header's first name to be row names."""
MOST_TITLES = 10
"""Lines above the header that a spreadsheet has filled up with separators."""
NO_NAMES = "its first line holds values, not names of columns: put a line of names above them"


def find_header(
    head: bytes, lines: list[Line], body: list[Line], style: Style, known: Collection[str]
) -> tuple[tuple[str, ...], Line] | str:
    """The names of the columns and their line; why there is none as a text. `body` begin with the first usual line."""
    body = _below_titles(head, body, style)
    usual, width = body[0], body[0].width(style)
    above = lines[lines.index(usual) - 1] if lines.index(usual) else None
    if above is not None and above.width(style) == width - 1 and are_names(names := _cells(head, above, style), known):
        rows = [_cells(head, line, style) for line in body if line.width(style) == width]
        if all(not row[-1] for row in rows):
            return (*names, ""), above
        if _count_up([row[0] for row in rows]):
            return ("", *names), above
    names = _cells(head, usual, style)
    if are_names(names, known) or are_names(
        _filled_part(names, [_cells(head, line, style) for line in body[1:]]), known
    ):
        return names, usual
    if above is not None and above.text.startswith(b"#") and above.width(style) == width:
        names = _cells(head, above, style)
        return (names[0].lstrip("# "), *names[1:]), above
    if above is not None and above.width(style) == width - 1:
        names_of_header = count_of(width - 1, "name")
        return (
            f"the header has {names_of_header}, the rows have {count_of(width, 'value')}: if values hold the "
            "separator, put quotes around them, or declare [reading] quote"
        )
    return NO_NAMES


def _below_titles(head: bytes, body: list[Line], style: Style) -> list[Line]:
    """The lines from the header on: a spreadsheet fills up a title with separators, so that one cell of many is set."""
    width = body[0].width(style)
    filled = [sum(map(bool, _cells(head, line, style))) for line in body[: MOST_TITLES + 1]]
    if width < 3 or filled[0] > 1:
        return body
    return body[next((index for index, count in enumerate(filled) if count > 1), 0) :]


def _filled_part(names: tuple[str, ...], rows: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Names without empty ones at either end, as far as no row has a value in their place."""
    first, last = 0, len(names)
    while last > first and not names[last - 1] and not any(row[last - 1] for row in rows if len(row) == len(names)):
        last -= 1
    while first < last and not names[first] and not any(row[first] for row in rows if len(row) == len(names)):
        first += 1
    return names[first:last]


def are_names(cells: tuple[str, ...], known: Collection[str]) -> bool:
    """Whether cells can be names of columns: no numbers, unless they count up as years or places do."""
    if any(cell in known for cell in cells if cell):
        return True
    numbers = [cell for cell in cells if cell and written(cell) != "other"]
    if numbers and not _count_up(numbers):
        return False
    filled = [cell for cell in cells if cell]
    return bool(filled) and len(cells) - len(filled) <= max(1, len(cells) // 3)


def _count_up(cells: list[str]) -> bool:
    if len(cells) < SEQUENCE or not all(cell.isascii() and cell.isdigit() and len(cell) < 16 for cell in cells):
        return False
    start = int(cells[0])
    return [int(cell) for cell in cells] == list(range(start, start + len(cells)))


def _cells(head: bytes, line: Line, style: Style) -> tuple[str, ...]:
    """The values of a line as they are written in the file, stripped and without their quotes."""
    cells, place = [], line.start
    for part in line.text.split(style.separator.encode()):
        cells.append(unquoted(head[place : place + len(part)], style))
        place += len(part) + 1
    return tuple(cells)
