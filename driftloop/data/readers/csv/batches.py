"""CSV as record batches: pyarrow parses blocks of whole records, with the dialect that was recognised."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from driftloop.data.arrow import texts_array
from driftloop.data.canonical.batches import HEADERS, SEPARATOR
from driftloop.data.readers.csv.dialect import HEAD_BYTES, RULE, Dialect, detect
from driftloop.data.readers.csv.lines import NOT_UTF8, is_open_at_end, last_boundary
from driftloop.data.readers.decompression import TextBytes
from driftloop.data.readers.limits import BLOCK_BYTES, LONGEST_RECORD, rows_of, size
from driftloop.data.readers.projection import Projection, check_names
from driftloop.data.reading import Reading, ReadNotes
from driftloop.errors import InputError
from driftloop.wording.counts import count_of

UNNAMED = re.compile(r"Unnamed: \d+")
"""What pandas calls a column without a name when it reads one and writes it again."""
REPEATED = "rows that repeat the header are left out: give the files that were joined as a folder or a pattern instead"
RULE_TEXT = RULE.decode()
SEPARATOR_NAMES = {";": "a semicolon", "\t": "a tab", "|": "a bar"}


def csv_batches(
    file: TextBytes, projection: Projection, reading: Reading, notes: ReadNotes, known: frozenset[str]
) -> Iterator[pa.RecordBatch]:
    """The rows of a CSV file as texts, to be read by the schema's kinds: 01 stays 01.

    Raises
    ------
    InputError
        For what `detect` refuses, for rows with more or fewer values than the header, and records beyond 4 MB.
    """
    head = file.read(HEAD_BYTES)
    dialect = detect(head, reading, known, is_whole=len(head) < HEAD_BYTES)
    names = _named(dialect, notes, known)
    check_names([name for name in names if name])
    _say(dialect, file, notes)
    parse = partial(_parsed, dialect=dialect, names=names, projection=projection)
    count, is_read = 0, False
    for block in _blocks(head[dialect.start :], file, dialect):
        table, headers = parse(block, before=count)
        count += table.num_rows + headers
        batches = table.to_batches(max_chunksize=rows_of(table.num_columns))
        if headers:
            notes.add(REPEATED)
            batches = batches or [
                pa.RecordBatch.from_arrays([texts_array([]) for _ in table.schema], table.schema.names)
            ]
            counted = {**(batches[0].schema.metadata or {}), HEADERS: str(headers).encode()}
            batches[0] = batches[0].replace_schema_metadata(counted)
        for batch in batches:
            is_read = True
            yield projection.noting(batch, [name for name in names if name])
    if not is_read:
        wanted = projection.wanted([name for name in names if name])
        empty = pa.RecordBatch.from_arrays([texts_array([]) for _ in wanted], wanted)
        yield projection.noting(empty, [name for name in names if name])


def _named(dialect: Dialect, notes: ReadNotes, known: frozenset[str]) -> list[str]:
    """The columns' names; "" for those that are left out."""
    names = []
    for index, name in enumerate(dialect.names):
        if name and (name in known or not UNNAMED.fullmatch(name)):
            names.append(name)
            continue
        names.append("")
        what = "the first column has no name and is left out: an index" if index == 0 else ""
        notes.add(what or f"column {index + 1} has no name and is left out")
    return names


def _say(dialect: Dialect, file: TextBytes, notes: ReadNotes) -> None:
    style = dialect.style
    if style.separator != "," and len(dialect.names) > 1:
        notes.add(f"values are separated by {SEPARATOR_NAMES.get(style.separator, repr(style.separator))}")
    if dialect.is_padded:
        notes.add("spaces around values are left out")
    if file.encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        notes.add(f"the text is read as {file.encoding}")
    if dialect.skipped:
        notes.add(f"{count_of(dialect.skipped, 'line')} above the header skipped")


def _blocks(first: bytes, file: TextBytes, dialect: Dialect) -> Iterator[bytes]:
    """Whole records, about 4 MB at a time."""
    pending = first
    while True:
        more = file.read(max(BLOCK_BYTES - len(pending), 1 << 20))
        data = pending + more
        if not more:
            if is_open_at_end(data, dialect.style):
                raise InputError(
                    "a quote is opened and never closed; if quotes have no meaning, declare [reading] quote"
                )
            yield data
            return
        cut = last_boundary(data, dialect.style)
        pending = data[cut:]
        if len(pending) > LONGEST_RECORD:
            raise InputError(
                f"has a record longer than {size(LONGEST_RECORD)}: is a quote left open, or a line break lost?"
            )
        if cut:
            yield data[:cut]


def _read(block: bytes, columns: list[str], include: list[str], parsing: Any, *, use_threads: bool) -> pa.Table:
    """Some columns of a block, as texts. Raises ArrowInvalid for a row that the options refuse."""
    from pyarrow import csv

    return csv.read_csv(
        pa.BufferReader(block),
        read_options=csv.ReadOptions(column_names=columns, block_size=len(block) + 1, use_threads=use_threads),
        parse_options=parsing,
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(include, pa.string()),
            include_columns=include,
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )


def _parsed(
    block: bytes, *, dialect: Dialect, names: list[str], projection: Projection, before: int
) -> tuple[pa.Table, int]:
    """The rows of a block, and how many of them repeated the header and are left out."""
    from pyarrow import csv

    wanted = projection.wanted([name for name in names if name])
    # Without a single column Arrow would forget how many rows there are; and a single one may have a category that is
    # called like it, which another column tells from a repeated header.
    include = wanted + [name for name in names if name and name not in wanted][: max(0, 2 - len(wanted))]
    style = dialect.style
    columns = [name or f"\0{index}" for index, name in enumerate(names)]
    refused: list[Any] = []

    def handle(row: Any) -> str:
        if not row.text.strip(RULE_TEXT) or (dialect.has_comments and row.text.startswith("#")):
            return "skip"
        refused.append(row)
        return "error"

    if not block.isascii():
        _check_utf8(block, before)
        if codecs.BOM_UTF8 in block:  # files that were joined
            block = block.replace(codecs.BOM_UTF8, b"")
    if not block.strip():
        return pa.Table.from_batches([pa.RecordBatch.from_arrays([texts_array([]) for _ in include], include)]), 0

    parsing = csv.ParseOptions(
        delimiter=style.separator,
        quote_char=style.quote,
        escape_char=style.escape or False,
        newlines_in_values=True,
        invalid_row_handler=handle,
    )
    try:
        table = _read(block, columns, include, parsing, use_threads=True)
    except pa.ArrowInvalid:
        if not refused:
            raise
        refused.clear()
        with suppress(pa.ArrowInvalid):  # once more: with threads Arrow does not count the rows
            _read(block, columns, include, parsing, use_threads=False)
        raise InputError(_ragged(refused[0], before)) from None
    if dialect.is_padded:
        table = pa.table([pc.utf8_trim_whitespace(column) for column in table.columns], table.column_names)
    table, headers = _without_headers(table)
    if len(wanted) < 2:
        table = table.select([0])
    return table.replace_schema_metadata({SEPARATOR: style.separator.encode()}), headers


def _ragged(row: Any, before: int) -> str:
    place = f"record {before + row.number}" if row.number is not None else "a record"
    values = count_of(row.actual_columns, "value")
    advice = "take it out if it is a title, a total or cut off; put quotes around values that hold the separator"
    return f"{place} has {values}, the header {row.expected_columns}: {advice}"


def _check_utf8(block: bytes, before: int) -> None:
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        record = before + 1 + block.count(b"\n", 0, error.start)
        raise InputError(f"{NOT_UTF8}; about record {record} has another byte") from None


def _without_headers(table: pa.Table) -> tuple[pa.Table, int]:
    """Without rows that repeat the header, as files have that were put together from several; and how many there were.

    Left in, they would count as malformed values of every column, and hide what else is wrong with it.
    """
    # Names as Arrow's own texts: converting Python's would import pandas, where it is installed.
    names = texts_array(table.column_names)
    marks = pc.equal(table.column(0), names[0])
    if not pc.any(marks).as_py():
        return table, 0
    for index in range(1, len(names)):
        marks = pc.and_(marks, pc.equal(table.column(index), names[index]))
    count = pc.sum(marks).as_py() or 0
    return (table.filter(pc.invert(marks)), count) if count else (table, 0)
