"""JSON Lines (an object a line), and JSON that is one value, as record batches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from driftloop.data.arrow import numbers_array, texts_array
from driftloop.data.plain_types import NESTED, without_short_floats
from driftloop.data.readers.decompression import TextBytes
from driftloop.data.readers.json_documents import (
    ADVICE,
    BETWEEN,
    DECODER,
    Record,
    is_document,
    is_record,
    of_array,
    of_document,
    refuse_deep,
    without_surrogates,
)
from driftloop.data.readers.limits import BLOCK_BYTES, LONGEST_RECORD, rows_of, size
from driftloop.data.readers.projection import Projection, check_names, shown
from driftloop.data.reading import ReadNotes
from driftloop.errors import InputError, SchemaError

ROWS = 1 << 13
"""Objects that become one batch: enough for Arrow, and few beside what a block of text takes in memory."""


def json_batches(file: TextBytes, projection: Projection, notes: ReadNotes) -> Iterator[pa.RecordBatch]:
    """The objects of a file as batches: numbers, texts, and JSON texts where a column mixes nested values with others.

    NaN and Infinity, as Python writes them, are read as such.

    Raises
    ------
    InputError
        For a record that is no JSON object, is longer than 4 MB or nested too deeply, and an object without records.
    """
    names: dict[str, None] = {}
    rows: list[dict[str, Any]] = []
    held = count = 0
    for row, length in _records(file, projection, notes):
        rows.append(row)
        held += length
        count += 1
        names.update(dict.fromkeys(row))
        if len(rows) >= min(ROWS, rows_of(len(names))) or held >= BLOCK_BYTES:
            yield _batch(rows, list(names), projection)
            rows, held = [], 0
    if count == 0:
        raise InputError("the file is empty")
    if count == 1 and all(isinstance(value, dict) for value in rows[0].values()):
        raise InputError(f"is one object of columns, not of records: {ADVICE}")
    if rows:
        yield _batch(rows, list(names), projection)


def _records(file: TextBytes, projection: Projection, notes: ReadNotes) -> Iterator[Record]:
    head = b""
    while not head.strip() and (more := file.read(1 << 16)):
        head = more
    head = head.lstrip()
    if head.startswith(b"["):
        yield from of_array(head, file)
        return
    line, head, is_alone = _first_line(head, file)
    if head.startswith(b"{") and _is_around(line, projection, is_alone=is_alone):
        yield from of_document(head, file, projection, notes)
    else:
        yield from _of_lines(head, file)


def _first_line(head: bytes, file: TextBytes) -> tuple[bytes, bytes, bool]:
    """The first line as far as a record may be long, all that was read for it, and whether nothing follows it."""
    more = head
    while b"\n" not in head and len(head) <= LONGEST_RECORD and (more := file.read(1 << 20)):
        head += more
    line, end, rest = head.partition(b"\n")
    while end and not rest.strip() and (more := file.read(1 << 20)):
        head, rest = head + more, more
    return line, head, not rest.strip() and not more


def _is_around(line: bytes, projection: Projection, *, is_alone: bool) -> bool:
    """Whether a file that begins with this line is one object around its records.

    Its line is no record by itself: it ends within the object, or is the only one and holds a list of objects. What
    `is_record` knows is one, alone in its file, with a list of its own.
    """
    try:
        rows = _by_python(line, 1, ValueError())
    except InputError:
        return True
    if not is_alone or len(rows) != 1 or not isinstance(rows[0], dict):
        return False
    return is_document(rows[0]) and not is_record(rows[0], projection)


def _of_lines(head: bytes, file: TextBytes) -> Iterator[Record]:
    decoder, number = msgspec.json.Decoder(), 0
    for lines in _blocks_of_lines(head, file):
        for line in lines:
            if not line.strip():
                continue
            number += 1
            try:
                rows = [decoder.decode(line)]
            except RecursionError:
                raise InputError(f"record {number} is nested too deeply") from None
            except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
                rows = _by_python(line, number, error)
            for row in rows:
                if not isinstance(row, dict):
                    raise InputError(f"record {number} is not a JSON object: {ADVICE}")
                refuse_deep(row, line.count(b"[") + line.count(b"{"), f"record {number}")
                yield row, len(line) // len(rows)
            number += len(rows) - 1


def _blocks_of_lines(head: bytes, file: TextBytes) -> Iterator[list[bytes]]:
    pending = head
    while True:
        more = file.read(1 << 20)
        *lines, pending = (pending + more).split(b"\n")
        yield lines
        if len(pending) > LONGEST_RECORD:
            raise InputError(f"has a line longer than {size(LONGEST_RECORD)}: {ADVICE}")
        if not more:
            yield [pending]
            return


def _by_python(line: bytes, number: int, first: Exception) -> list[Any]:
    """What Python's own decoder takes and msgspec does not: NaN, Infinity, numbers out of range, half surrogates.

    Several objects may stand in one line, with or without commas: writers that append do not always end their lines.
    """
    rows: list[Any] = []
    try:
        text, place = line.decode("utf-8", "surrogatepass").strip(), 0
        while place < len(text):
            row, place = DECODER.raw_decode(text, place)
            rows.append(without_surrogates(row) if isinstance(row, dict) else row)
            place = BETWEEN.match(text, place).end()  # type: ignore[union-attr]
    except RecursionError:
        raise InputError(f"record {number} is nested too deeply") from None
    except UnicodeDecodeError:
        raise InputError(
            f'record {number} is not UTF-8: declare the encoding, such as [reading] encoding = "latin-1"'
        ) from None
    except ValueError:
        raise InputError(f"record {number} is not JSON ({_reason(first)}): {ADVICE}") from None
    return rows


def _reason(error: Exception) -> str:
    return str(error).split(" - at")[0].split(" `$")[0][:80]


def _batch(rows: list[dict[str, Any]], names: list[str], projection: Projection) -> pa.RecordBatch:
    names = [name for name in names if name]
    check_names(names)
    wanted = projection.wanted(names) or names[:1]
    arrays, fields = [], []
    for name in wanted:
        values = [row.get(name) for row in rows]
        array = _array(values)
        if array is None and projection.knows(name):
            raise SchemaError(f"column {shown(name)} holds lists or objects, which cannot be compared: flatten it")
        marks = {NESTED: b"nested values (lists or objects)"} if array is None else None
        arrays.append(pa.nulls(len(rows)) if array is None else array)
        fields.append(pa.field(name, arrays[-1].type, metadata=marks))
    return projection.noting(pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields)), names)


def _array(values: list[Any]) -> pa.Array | None:
    """The values of a column; None where all are nested."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {int}:
        marks = np.array([value is not None for value in values], bool)
        try:
            whole = np.array([0 if value is None else value for value in values], np.int64)
            return numbers_array(whole, None if marks.all() else marks) if kinds else pa.nulls(len(values))
        except OverflowError:
            pass  # beyond 64 bits: read as floating-point numbers below
    if kinds <= {int, float}:
        return numbers_array(without_short_floats(np.array([_float(value) for value in values])))
    if kinds <= {list, dict}:
        return None
    return texts_array([_text(value) for value in values])


def _float(value: float | None) -> float:
    try:
        return float("nan") if value is None else float(value)
    except OverflowError:
        return float("inf") if value is not None and value > 0 else float("-inf")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    except (RecursionError, ValueError):
        return "(nested)"
