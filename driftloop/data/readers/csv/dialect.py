"""How a CSV file is written: separator, quotes, line ends, header and what stands above it, from its first bytes.

Each separator is tried on the same lines; the one that gives every line as many values as the header has wins. Where
two do, the file is refused: nothing is guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace

from driftloop.data.formats.number_formats import written
from driftloop.data.readers.csv.header import NO_NAMES, are_names, find_header
from driftloop.data.readers.csv.lines import Line, Style, escape_of, lines_of, newline_of, unquoted
from driftloop.data.reading import Reading
from driftloop.errors import InputError
from driftloop.wording.counts import count_of

HEAD_BYTES = 1 << 18
"""Bytes that are looked at: hundreds of rows of most tables, the first row of nearly all."""
SEPARATORS = (",", ";", "\t", "|")
CONSISTENT = 0.9
"""Part of the lines that must have the same number of values: single ragged ones are told with their number later."""
CLEARLY = 0.1
"""By how much the part of well-formed values must differ for one separator to win over another."""
RULE = b"-+=|: \t"
"""What a line below the header is drawn with (psql, Markdown)."""
FOREIGN = ":^~!#$&*+=@\\\x01\x1c\x1f"
"""Characters that may separate values, too, and are read as separators only where they are declared."""
_EXCEL = re.compile(rb"sep=(.)\r?[\r\n]")


@dataclass(frozen=True)
class Dialect:
    """How a file is written."""

    style: Style
    names: tuple[str, ...]
    """Of the columns, stripped; "" where a column has none."""
    start: int
    """Where the first row begins, in bytes of the head."""
    skipped: int = 0
    """Lines above the header that are no part of the table."""
    has_comments: bool = False
    """Whether lines that begin with # are comments."""
    is_padded: bool = False
    """Whether a space follows each separator: it belongs to none of the values."""


@dataclass(frozen=True)
class _Trial:
    """What one separator makes of the head."""

    dialect: Dialect | None
    share: float = 0.0
    """Of the lines that have the usual number of values."""
    clean: float = 0.0
    """Part of the values that are well formed: numbers, or texts without another separator."""
    reason: str = ""
    """Why there is no dialect."""


def detect(head: bytes, reading: Reading, known: Collection[str], *, is_whole: bool) -> Dialect:
    """The dialect of a file that begins with `head`; `known` are column names that a schema expects.

    Raises
    ------
    InputError
        For an empty file, one without a header, and where two separators fit; the line says what to declare.
    """
    told = _EXCEL.match(head)
    if told is not None:  # a line that Excel takes for a declaration
        told_reading = replace_separator(reading, told[1].decode("latin-1"))
        found = detect(head[told.end() :], told_reading, known, is_whole=is_whole)
        return replace(found, start=found.start + told.end(), skipped=found.skipped + 1)
    quote = reading.quote or '"'
    style = Style(reading.separator or ",", quote, newline_of(head), escape_of(head, quote))
    candidates = [reading.separator] if reading.separator else SEPARATORS
    trials = [_try(head, replace(style, separator=separator), known, is_whole=is_whole) for separator in candidates]
    fits = [trial for trial in trials if trial.dialect is not None]
    if fits:
        return _best(fits)
    worst = max(trials, key=lambda trial: trial.share)
    if worst.share > 0:
        raise InputError(worst.reason)
    return _single_column(head, style, known, is_whole=is_whole)


def replace_separator(reading: Reading, separator: str) -> Reading:
    """What is declared, with a separator that the file itself declares unless one is declared already."""
    return Reading(
        separator=reading.separator or separator,
        decimal=reading.decimal,
        thousands=reading.thousands,
        encoding=reading.encoding,
        dates=reading.dates,
        quote=reading.quote,
    )


def _best(fits: list[_Trial]) -> Dialect:
    whole = [fit for fit in fits if fit.dialect is not None and not fit.dialect.skipped] or fits
    ordered = sorted(whole, key=lambda fit: fit.clean, reverse=True)
    if len(ordered) > 1 and ordered[0].clean - ordered[1].clean < CLEARLY:
        names = " or ".join(repr(fit.dialect.style.separator) for fit in ordered[:2] if fit.dialect is not None)
        raise InputError(f"its values may be separated by {names}: declare [reading] separator")
    best = ordered[0].dialect
    if best is None:  # never: fits have a dialect
        raise InputError("no separator fits")
    return best


def _try(head: bytes, style: Style, known: Collection[str], *, is_whole: bool) -> _Trial:
    lines = lines_of(head, style, is_whole=is_whole)
    comments = next((index for index, line in enumerate(lines) if not line.text.startswith(b"#")), len(lines))
    ruled = [line for line in lines[comments:] if not (comments and line.text.startswith(b"#"))]
    table = [line for line in ruled if not _is_rule(line)]
    if not lines:
        raise InputError("the file is empty")
    if not table and comments:  # a header that begins with #, and no rows
        table, comments = lines[-1:], comments - 1
    widths = [line.width(style) for line in table]
    usual = Counter(width for width in widths if width > 1).most_common(1)
    if not usual:
        return _Trial(None)
    width = usual[0][0]
    first = widths.index(width)
    share = widths[first:].count(width) / len(widths[first:])
    if share < CONSISTENT:
        odd = next(index for index in range(len(widths)) if index >= first and widths[index] != width)
        reason = f"line {table[odd].number} has {count_of(widths[odd], 'value')}, most lines have {width}"
        return _Trial(None, share, reason=f"{reason}; if another character separates them, declare [reading] separator")
    found = find_header(head, lines, table[first:], style, known)
    if isinstance(found, str):
        return _Trial(None, share, reason=found)
    names, line = found
    start = next((rule.end for rule in ruled if rule.start == line.end and _is_rule(rule)), line.end)
    above = sum(1 for other in lines if other.end <= line.start)
    rows = [other for other in table if other.start >= start] or table
    has_comments = comments > 0 and not line.text.startswith(b"#")
    dialect = Dialect(style, names, start, above, has_comments, is_padded=_is_padded(rows, width, style))
    return _Trial(dialect, share, _clean(rows, style))


def _is_rule(line: Line) -> bool:
    """Whether a line is drawn rather than written, as below the header by psql and in Markdown."""
    return b"--" in line.text and not line.text.strip(RULE)


def _is_padded(rows: list[Line], width: int, style: Style) -> bool:
    """Whether a space follows each separator of the rows that have the usual number of values."""
    usual = [row for row in rows if row.width(style) == width]
    separator = style.separator.encode()
    texts = [row.text.removesuffix(separator) for row in usual]  # Markdown ends each row with one
    return bool(usual) and all(text.count(separator + b" ") == text.count(separator) for text in texts)


def _clean(table: list[Line], style: Style) -> float:
    others = [other.encode() for other in SEPARATORS if other != style.separator]
    good = total = 0
    for line in table:
        for cell in line.text.split(style.separator.encode()):
            total += 1
            is_text = not any(other in cell for other in others)
            good += is_text or written(cell.strip().decode("utf-8", "replace")) != "other"
    return good / max(total, 1)


def _single_column(head: bytes, style: Style, known: Collection[str], *, is_whole: bool) -> Dialect:
    """A file whose lines hold one value each."""
    lines = lines_of(head, style, is_whole=is_whole)
    comments = next((index for index, line in enumerate(lines) if not line.text.startswith(b"#")), 0)
    line = lines[comments]
    name = unquoted(head[line.start : line.end], style)
    if not are_names((name,), known):
        raise InputError(NO_NAMES)
    if name not in known and (other := _foreign(lines[comments:])) is not None:
        raise InputError(other)
    return Dialect(style, (name,), line.end, comments, has_comments=comments > 0)


def _foreign(lines: list[Line]) -> str | None:
    """What to do where another character, or spaces, seem to separate the values of every line; None elsewhere."""
    for sign in FOREIGN:
        counts = {line.text.count(sign.encode()) for line in lines}
        if len(counts) == 1 and counts != {0} and len(lines) > 1:
            return f"its values may be separated by {sign!r}: declare [reading] separator"
    words = [line.text.decode("utf-8", "replace").split() for line in lines]
    width = len(words[0])
    numeric = (
        [
            all(written(row[column_index]) != "other" for row in words[1:])
            for column_index in range(width)
            if len(words) > 1
        ]
        if {len(row) for row in words} == {width}
        else []
    )
    if width > 1 and sum(numeric) >= min(2, width - 1):
        return "its values may be separated by spaces: put a comma or a tab between them"
    return None
