"""The size of a Parquet column's largest page, from the headers of its pages (Thrift's compact protocol).

Arrow decompresses a page in one piece, however large it is. Only the page's own header says how large.
"""

from __future__ import annotations

import io
from typing import IO, Any

from driftloop.errors import InputError

HEADER_BYTES = 1 << 13
"""Read for a header: it holds three sizes and the smallest and largest value of its page."""
MOST_PAGES = 1 << 20
"""Pages that are looked at: with 1 MB each they hold a terabyte."""
_BOOLEANS, _BYTE, _WHOLE, _DOUBLE, _BINARY, _LISTS, _STRUCT = {1, 2}, 3, {4, 5, 6}, 7, 8, {9, 10}, 12


def largest_page(file: IO[bytes] | str, chunk: Any) -> int:
    """Decompressed bytes of the largest page of a column chunk.

    Raises
    ------
    InputError
        For headers that are damaged.
    """
    opened = open(file, "rb") if isinstance(file, str) else file  # noqa: PTH123, SIM115
    try:
        offsets = [chunk.data_page_offset]
        if chunk.has_dictionary_page:
            offsets.append(chunk.dictionary_page_offset)
        place = min(offsets)
        end, largest = place + chunk.total_compressed_size, 0
        for _ in range(MOST_PAGES):
            if place >= end:
                return largest
            opened.seek(place)
            header = io.BytesIO(opened.read(HEADER_BYTES))
            sizes = _fields(header)
            if sizes.get(2, -1) < 0 or sizes.get(3, -1) < 0:
                break
            largest = max(largest, sizes[2])
            place += header.tell() + sizes[3]
    except (IndexError, ValueError, RecursionError):
        pass
    finally:
        if isinstance(file, str):
            opened.close()
    raise InputError("the headers of its pages are damaged")


def _fields(data: io.BytesIO) -> dict[int, int]:
    """The whole numbers of a struct by field id, everything else skipped."""
    found: dict[int, int] = {}
    field = 0
    while kind := (head := _byte(data)) & 0x0F:
        field = field + (head >> 4) if head >> 4 else _zigzag(data)
        value = _skip(data, kind)
        if value is not None:
            found[field] = value
    return found


def _skip(data: io.BytesIO, kind: int) -> int | None:
    if kind in _WHOLE:
        return _zigzag(data)
    if kind in _BOOLEANS:
        return None
    if kind == _BYTE:
        _byte(data)
    elif kind == _DOUBLE:
        data.seek(8, io.SEEK_CUR)
    elif kind == _BINARY:
        data.seek(_varint(data), io.SEEK_CUR)
    elif kind in _LISTS:
        head = _byte(data)
        count = _varint(data) if head >> 4 == 15 else head >> 4
        for _ in range(count):
            _skip(data, _BYTE if head & 0x0F in _BOOLEANS else head & 0x0F)
    elif kind == _STRUCT:
        _fields(data)
    else:
        raise ValueError("a type that page headers do not have")
    return None


def _byte(data: io.BytesIO) -> int:
    return data.read(1)[0]


def _varint(data: io.BytesIO) -> int:
    value = shift = 0
    while True:
        byte = _byte(data)
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7
        if shift > 63:
            raise ValueError("a number without an end")


def _zigzag(data: io.BytesIO) -> int:
    value = _varint(data)
    return value >> 1 ^ -(value & 1)
