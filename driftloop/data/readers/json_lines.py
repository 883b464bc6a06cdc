"""JSON Lines (an object a line), and an array of objects, as record batches."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from driftloop.data.arrow import numbers_array, texts_array
from driftloop.data.plain_types import NESTED, without_short_floats
from driftloop.data.readers.decompression import TextBytes
from driftloop.data.readers.limits import BLOCK_BYTES, LONGEST_RECORD, rows_of, size
from driftloop.data.readers.projection import Projection, check_names, shown
from driftloop.errors import InputError, SchemaError

ROWS = 1 << 13
"""Objects that become one batch: enough for Arrow, and few beside what a block of text takes in memory."""
MOST_NESTED = 200
"""Lists and objects within one another: no table has so many, and every Python takes more."""
MOST_DIGITS = 400
"""Digits of a whole number: a float64 has at most 309, and of more than 4,300 Python makes no number."""
Record = tuple[dict[str, Any], int]
_BETWEEN = re.compile(r"[\s,]*")
ADVICE = "write one object a line (in pandas: to_json(orient='records', lines=True))"


def json_batches(file: TextBytes, projection: Projection) -> Iterator[pa.RecordBatch]:
    """The objects of a file as batches: numbers, texts, and JSON texts where a column mixes nested values with others.

    NaN and Infinity, as Python writes them, are read as such.

    Raises
    ------
    InputError
        For a record that is no JSON object, is longer than 4 MB or nested too deeply.
    """
    names: dict[str, None] = {}
    rows: list[dict[str, Any]] = []
    held = count = 0
    for row, length in _records(file):
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


def _records(file: TextBytes) -> Iterator[Record]:
    head = b""
    while not head.strip() and (more := file.read(1 << 16)):
        head = more
    head = head.lstrip()
    yield from (_of_array if head.startswith(b"[") else _of_lines)(head, file)


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
                _refuse_deep(row, line.count(b"[") + line.count(b"{"), number)
                yield row, len(line) // len(rows)
            number += len(rows) - 1


def _refuse_deep(row: dict[str, Any], opened: int, number: int) -> None:
    """Raise InputError for a record nested too deeply; `opened`: brackets in its text, of which most have none."""
    if opened <= MOST_NESTED:
        return
    level: list[Any] = [row]
    for _ in range(MOST_NESTED):
        inside = (value.values() if isinstance(value, dict) else value for value in level)
        level = [value for values in inside for value in values if isinstance(value, dict | list)]
    if level:
        raise InputError(f"record {number} is nested too deeply")


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
            row, place = _DECODER.raw_decode(text, place)
            rows.append(_without_surrogates(row) if isinstance(row, dict) else row)
            place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]
    except RecursionError:
        raise InputError(f"record {number} is nested too deeply") from None
    except UnicodeDecodeError:
        raise InputError(
            f'record {number} is not UTF-8: declare the encoding, such as [reading] encoding = "latin-1"'
        ) from None
    except ValueError:
        raise InputError(f"record {number} is not JSON ({_reason(first)}): {ADVICE}") from None
    return rows


def _whole(text: str) -> int | float:
    """The number of a text of digits: infinite where no float64 is so large, as in every other format."""
    return int(text) if len(text) <= MOST_DIGITS else float(text)


_DECODER = json.JSONDecoder(strict=False, parse_int=_whole)


def _reason(error: Exception) -> str:
    return str(error).split(" - at")[0].split(" `$")[0][:80]


def _without_surrogates(row: dict[str, Any]) -> dict[str, Any]:
    def clean(value: Any) -> Any:
        return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value

    return {clean(name): clean(value) for name, value in row.items()}


def _of_array(head: bytes, file: TextBytes) -> Iterator[Record]:
    """The elements of one array, each decoded as soon as its text is there."""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    text, place, number = utf8.decode(head)[1:], 0, 0
    is_whole = False
    while True:
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]
        if text.startswith("]", place):
            return
        number += 1
        while True:
            try:
                row, end = _DECODER.raw_decode(text, place)
            except RecursionError:
                raise InputError(f"record {number} is nested too deeply") from None
            except ValueError:
                if is_whole:
                    raise InputError(f"record {number} of the array is not JSON, or the array has no end") from None
            else:
                if end < len(text) or is_whole:
                    break
            if len(text) - place > LONGEST_RECORD:
                raise InputError(f"has a record longer than {size(LONGEST_RECORD)}: {ADVICE}") from None
            more = file.read(1 << 20)
            text, place, is_whole = text[place:] + utf8.decode(more, not more), 0, not more
            place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]
            if text.startswith("]", place):
                return
        if not isinstance(row, dict):
            raise InputError(f"record {number} is not a JSON object: {ADVICE}")
        _refuse_deep(row, text.count("[", place, end) + text.count("{", place, end), number)
        yield _without_surrogates(row), end - place
        place = end


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
