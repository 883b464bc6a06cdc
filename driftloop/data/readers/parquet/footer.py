"""The sizes that a Parquet file states, before any of it is decoded.

Arrow decompresses a page in one piece, however large it is; only the page's own header says how large. And Arrow's own
objects for the parts of a footer end the process where a footer is damaged, so that it is read here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from driftloop.data.readers.parquet.thrift import Compact
from driftloop.errors import InputError

MAGIC, ENCRYPTED = b"PAR1", b"PARE"
TAIL = 8
"""Bytes behind the footer: its length, and the magic word."""
LARGEST_FOOTER = 32 << 20
"""Bytes: 150 for each column of each row group."""
HEADER_BYTES = 1 << 13
"""Read for the header of a page: it holds three sizes and the smallest and largest value."""
MOST_PAGES = 1 << 20
"""Pages that are looked at: with 1 MB each they hold a terabyte."""
DICTIONARIES = (2, 8)
"""Encodings by dictionary: PLAIN_DICTIONARY, RLE_DICTIONARY."""


@dataclass(frozen=True)
class Chunk:
    """The part of a column that lies in one row group."""

    column: str
    """The name of the column on the top level."""
    is_dictionary: bool
    start: int
    compressed: int
    decompressed: int


@dataclass(frozen=True)
class RowGroup:
    """Rows that are stored together."""

    rows: int
    chunks: tuple[Chunk, ...]

    @property
    def decompressed(self) -> int:
        """Bytes of all of its columns."""
        return sum(chunk.decompressed for chunk in self.chunks)


def read_row_groups(file: IO[bytes] | str) -> tuple[RowGroup, ...]:
    """The row groups that the footer of a Parquet file lists.

    Raises
    ------
    InputError
        For an empty, encrypted or damaged file.
    """
    with _seekable(file) as opened:
        size = opened.seek(0, 2)
        if not size:
            raise InputError("the file is empty")
        opened.seek(max(size - TAIL, 0))
        tail = opened.read(TAIL)
        if tail[4:] == ENCRYPTED:
            raise InputError("the file is encrypted: decrypt it first")
        if len(tail) < TAIL or tail[4:] != MAGIC:
            raise InputError("cannot be read as parquet (it does not end as a Parquet file does: is it complete?)")
        length = struct.unpack("<I", tail[:4])[0]
        if length > min(LARGEST_FOOTER, size - TAIL):
            raise InputError("cannot be read as parquet (its footer is damaged, or has too many columns)")
        opened.seek(size - TAIL - length)
        data = opened.read(length)
    try:
        footer = Compact(data).fields()
        if 8 in footer:
            raise InputError("the file is encrypted: decrypt it first")
        return tuple(_row_group(fields) for fields in footer.get(4, []))
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, struct.error):
        raise InputError("cannot be read as parquet (its footer is damaged)") from None


def _row_group(fields: dict[int, Any]) -> RowGroup:
    return RowGroup(int(fields[3]), tuple(_chunk(column[3]) for column in fields[1]))


def _chunk(fields: dict[int, Any]) -> Chunk:
    starts = [offset for offset in (fields.get(11), fields[9]) if offset]
    sizes = int(fields[7]), int(fields[6])
    if min(sizes) < 0 or min(starts, default=-1) < 0:
        raise ValueError("negative sizes")
    return Chunk(
        column=fields[3][0].decode("utf-8", "replace"),
        is_dictionary=any(encoding in DICTIONARIES for encoding in fields[2]),
        start=min(starts),
        compressed=sizes[0],
        decompressed=sizes[1],
    )


def largest_page(file: IO[bytes] | str, chunk: Chunk) -> int:
    """Decompressed bytes of the largest page of a column chunk, from the headers of its pages.

    Raises
    ------
    InputError
        For headers that are damaged.
    """
    place, end, largest = chunk.start, chunk.start + chunk.compressed, 0
    try:
        with _seekable(file) as opened:
            for _ in range(MOST_PAGES):
                if place >= end:
                    return largest
                opened.seek(place)
                header = Compact(opened.read(HEADER_BYTES))
                fields = header.fields()
                decompressed, compressed = int(fields[2]), int(fields[3])
                if min(decompressed, compressed) < 0:
                    break
                largest = max(largest, decompressed)
                place += header.place + compressed
    except (IndexError, KeyError, TypeError, ValueError, struct.error):
        pass  # all of them are one case to the user, which the next line tells
    raise InputError("cannot be read as parquet (the headers of its pages are damaged)")


@contextmanager
def _seekable(file: IO[bytes] | str) -> Iterator[IO[bytes]]:
    if isinstance(file, str):
        with open(file, "rb") as opened:  # noqa: PTH123
            yield opened
        return
    start = file.tell()
    yield file
    file.seek(start)
