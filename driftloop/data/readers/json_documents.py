"""JSON that is one value: an array of objects, or an object around one, as web interfaces and pandas write it."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from driftloop.data.readers.decompression import TextBytes
from driftloop.data.readers.limits import LONGEST_RECORD, size
from driftloop.data.readers.projection import Projection
from driftloop.data.reading import ReadNotes
from driftloop.errors import InputError

Record = tuple[dict[str, Any], int]
MOST_NESTED = 200
"""Lists and objects within one another: no table has so many, and every Python takes more."""
MOST_DIGITS = 400
"""Digits of a whole number: a float64 has at most 309, and of more than 4,300 Python makes no number."""
CHUNK = 1 << 20
NEXT_PAGES = frozenset({"next", "nextlink", "next_page", "nextpage", "nextrecordsurl", "nextpagetoken", "next_cursor"})
"""Names, in small letters and without what OData sets before them, under which an answer says where it goes on."""
BETWEEN = re.compile(r"[\s,]*")
ADVICE = "write one object a line (in pandas: to_json(orient='records', lines=True))"


def of_array(head: bytes, file: TextBytes) -> Iterator[Record]:
    """The elements of one array, each decoded as soon as its text is there; `head` begins with its bracket."""
    text = _Text(head, file)
    text.take()
    yield from _objects(text)


def of_document(head: bytes, file: TextBytes, projection: Projection, notes: ReadNotes) -> Iterator[Record]:
    """The records that one object holds: a list of objects under any name, columns with rows, or columns of values.

    Or the object itself, where it is a record over several lines (`is_record`).

    Parameters
    ----------
    head
        What was read of the file, from its brace on.

    Raises
    ------
    InputError
        For an object that holds no records or several lists of them, and for what is no JSON.
    """
    text = _Text(head, file)
    text.take()
    others: dict[str, Any] = {}
    found = ""
    while text.sign() != "}":
        name = text.value()
        if not isinstance(name, str) or text.sign() != ":":
            raise InputError(f"record 1 is not JSON (a name or a colon is missing): {ADVICE}")
        text.take()
        if text.sign() == "[" and _begins_a_list_of_records(text) and not is_record(others, projection):
            if found:
                raise InputError(f"holds two lists of records, {found!r} and {name!r}: {ADVICE}")
            found = name
            text.take()
            yield from _objects(text, others.get("columns"))
        else:
            others[name] = text.value()
    text.take()
    if text.sign():
        raise InputError(
            f"record 1 is not JSON (more follows its last brace), or several records share a line: {ADVICE}"
        )
    if found:
        notes.add(f"records are read from {found!r}")
        _say_next_page(others, notes)
    elif is_record(others, projection):
        yield without_surrogates(others), len(others)
    else:
        yield from _of_columns(others)


def is_record(line: dict[str, Any], projection: Projection) -> bool:
    """Whether an object has plain values for half of the schema's columns: a record then, whatever lists it has.

    Systems that hand on each event by itself write one record a file. A single name, such as `count`, may be of both.
    """
    plain = sum(projection.knows(name) for name, value in line.items() if not isinstance(value, list | dict))
    return plain > 0 and 2 * plain >= len(projection.known)


def is_document(line: dict[str, Any]) -> bool:
    """Whether the only object of a file is one around records, and no record.

    Examples
    --------
    >>> is_document({"count": 2, "results": [{"x": 1}, {"x": 2}]}), is_document({"x": 1, "tags": ["a", "b"]})
    (True, False)
    """
    lists = [value for value in line.values() if isinstance(value, list)]
    around = any(value and all(isinstance(row, dict) for row in value) for value in lists)
    split = isinstance(line.get("columns"), list) and isinstance(line.get("data"), list)
    return around or split or _are_columns(line)


class _Text:
    """A file's text, read on as its values are asked for."""

    def __init__(self, head: bytes, file: TextBytes) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._file = file
        self._text, self._place, self._is_whole = self._decoded(head, last=False), 0, False

    def _decoded(self, data: bytes, *, last: bool) -> str:
        try:
            return self._utf8.decode(data, last)
        except UnicodeDecodeError:
            raise InputError('is not UTF-8: declare the encoding, such as [reading] encoding = "latin-1"') from None

    def _read_on(self) -> None:
        more = self._file.read(CHUNK)
        self._text = self._text[self._place :] + self._decoded(more, last=not more)
        self._place, self._is_whole = 0, not more

    def sign(self) -> str:
        """The next sign that is no space or comma; empty at the end."""
        while True:
            self._place = BETWEEN.match(self._text, self._place).end()  # type: ignore[union-attr]
            if self._place < len(self._text) or self._is_whole:
                return self._text[self._place : self._place + 1]
            self._read_on()

    def take(self) -> None:
        """Go on behind the next sign."""
        self.sign()
        self._place += 1

    def beyond(self) -> str:
        """The sign behind the next one, spaces left out; as far as has been read."""
        if not self._is_whole and len(self._text) - self._place < CHUNK:
            self._read_on()
        return self._text[self._place + 1 :].lstrip()[:1]

    def value(self) -> Any:
        """The next value of an object. Raises InputError."""
        return self.measured("record 1", f"record 1 is not JSON: {ADVICE}")[0]

    def measured(self, what: str, if_broken: str) -> tuple[Any, int]:
        """The next value, decoded as soon as its text is there, and the characters of its text.

        Raises InputError: `if_broken` where it is no JSON, else a sentence about `what`.
        """
        self.sign()
        while True:
            try:
                row, end = DECODER.raw_decode(self._text, self._place)
            except RecursionError:
                raise InputError(f"{what} is nested too deeply") from None
            except ValueError:
                if self._is_whole:
                    raise InputError(if_broken) from None
            else:
                if end < len(self._text) or self._is_whole:
                    break
            if len(self._text) - self._place > LONGEST_RECORD:
                raise InputError(f"has a record longer than {size(LONGEST_RECORD)}: {ADVICE}") from None
            self._read_on()
        opened = self._text.count("[", self._place, end) + self._text.count("{", self._place, end)
        length, self._place = end - self._place, end
        if isinstance(row, dict):
            refuse_deep(row, opened, what)
        return row, length


def _objects(text: _Text, columns: Any = None) -> Iterator[Record]:
    """The objects of a list whose bracket is taken; lists become objects where their columns are named."""
    number = 0
    while text.sign() != "]":
        number += 1
        broken = f"record {number} of the array is not JSON, or the array has no end"
        row, length = text.measured(f"record {number}", broken)
        if isinstance(row, list) and isinstance(columns, list) and len(row) == len(columns):
            row = dict(zip(map(str, columns), row, strict=True))
        if not isinstance(row, dict):
            raise InputError(f"record {number} is not a JSON object: {ADVICE}")
        yield without_surrogates(row), length
    text.take()


def _begins_a_list_of_records(text: _Text) -> bool:
    return text.beyond() in ("{", "[")


def _are_columns(line: dict[str, Any]) -> bool:
    """Whether an object holds lists of plain values, all of one length: columns, as `DataFrame.to_dict("list")` has."""
    values = list(line.values())
    if not values or not all(isinstance(value, list) for value in values):
        return False
    lengths = {len(value) for value in values}
    return len(lengths) == 1 and lengths != {0} and not any(isinstance(x, dict | list) for v in values for x in v)


def _of_columns(line: dict[str, Any]) -> Iterator[Record]:
    if not _are_columns(line):
        raise InputError(f"is one object of columns, not of records: {ADVICE}")
    for values in zip(*line.values(), strict=True):
        row = without_surrogates(dict(zip(line, values, strict=True)))
        yield row, len(row)


def _say_next_page(others: dict[str, Any], notes: ReadNotes) -> None:
    for name, value in others.items():
        if value and isinstance(value, str) and name.rsplit(".")[-1].lower() in NEXT_PAGES:
            notes.add(f"the answer goes on elsewhere ({name!r}): only this page is read")


def refuse_deep(row: dict[str, Any], opened: int, what: str) -> None:
    """Raise InputError for a record nested too deeply; `opened`: brackets in its text, of which most have none."""
    if opened <= MOST_NESTED:
        return
    level: list[Any] = [row]
    for _ in range(MOST_NESTED):
        inside = (value.values() if isinstance(value, dict) else value for value in level)
        level = [value for values in inside for value in values if isinstance(value, dict | list)]
    if level:
        raise InputError(f"{what} is nested too deeply")


def _whole(text: str) -> int | float:
    """The number of a text of digits: infinite where no float64 is so large, as in every other format."""
    return int(text) if len(text) <= MOST_DIGITS else float(text)


DECODER = json.JSONDecoder(strict=False, parse_int=_whole)


def without_surrogates(row: dict[str, Any]) -> dict[str, Any]:
    """A record whose names and texts can be written as UTF-8: half surrogates become escapes."""

    def clean(value: Any) -> Any:
        return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value

    return {clean(name): clean(value) for name, value in row.items()}
