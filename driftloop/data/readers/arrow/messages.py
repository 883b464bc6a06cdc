"""The sizes that the messages of an Arrow stream will take, from their headers (FlatBuffers)."""

from __future__ import annotations

import struct
from typing import Any

from driftloop.data.readers.limits import LARGEST_ARROW_BATCH, size
from driftloop.errors import InputError

CONTINUATION = b"\xff\xff\xff\xff"
DICTIONARY_BATCH, RECORD_BATCH = 2, 3
INDEX_END = 10
"""Bytes behind a file's index: its length, and the magic word."""
BLOCK_BYTES = 24
"""Of an entry of the index: offset, length of the header, length of the body."""
DAMAGED = "the headers of its batches are damaged"
LARGEST_HEADER = 16 << 20
"""Bytes of a message's header: 16 for each buffer, so that it suits far more columns than are read."""


def check_stream(source: Any) -> None:
    """Look at every message of a stream, from the source's place on.

    Raises
    ------
    InputError
        For one whose buffers, decompressed, are too large, and for headers that are damaged.
    """
    try:
        while (header := _header(source)) is not None:
            _check(source, header)
    except (struct.error, IndexError, OverflowError, OSError):
        raise InputError(DAMAGED) from None


def check_file(source: Any) -> None:
    """Look at every message that the index at the end of an Arrow file names. Raises InputError as `check_stream`."""
    try:
        end = source.size() - INDEX_END
        source.seek(end)
        length = struct.unpack("<i", source.read(4))[0]
        if not 0 < length <= min(end, LARGEST_HEADER):
            raise InputError(DAMAGED)
        source.seek(end - length)
        index = source.read(length)
        footer = _Table(index, struct.unpack_from("<I", index)[0])
        for field in (2, 3):  # dictionaries, record batches
            for place in _blocks(footer, field):
                source.seek(place)
                header = _header(source)
                if header is not None:
                    _check(source, header)
    except (struct.error, IndexError, OverflowError, OSError):
        raise InputError(DAMAGED) from None


def _blocks(footer: _Table, field: int) -> list[int]:
    """Where the messages begin that a vector of the footer names."""
    place = footer.at(field)
    if place is None:
        return []
    place += struct.unpack_from("<I", footer.data, place)[0]
    count = struct.unpack_from("<I", footer.data, place)[0]
    return [
        struct.unpack_from("<q", footer.data, place + 4 + BLOCK_BYTES * index)[0]
        for index in range(min(count, len(footer.data)))
    ]


def _check(source: Any, header: bytes) -> None:
    """Look at one message, and go behind it."""
    kind, batch, body = _message(header)
    start = source.tell()
    if kind in (RECORD_BATCH, DICTIONARY_BATCH):
        total = _decompressed(source, batch, start)
        if total > LARGEST_ARROW_BATCH:
            raise InputError(
                f"has a record batch of {size(total)}; at most {size(LARGEST_ARROW_BATCH)} can be read: "
                "write smaller batches (in pyarrow: write_table(..., max_chunksize=65536))"
            )
    source.seek(start + body)


def _header(source: Any) -> bytes | None:
    """The next message's header; None at the end of the stream."""
    word = source.read(4)
    if word == CONTINUATION:
        word = source.read(4)
    length = struct.unpack("<i", word)[0] if len(word) == 4 else 0
    if length <= 0:
        return None
    if length > LARGEST_HEADER:
        raise InputError("the headers of its batches are damaged, or have too many columns")
    header: bytes = source.read(length)
    if len(header) < length:
        raise InputError("the file ends in the middle of a batch")
    return header


class _Table:
    """A FlatBuffers table."""

    def __init__(self, data: bytes, place: int) -> None:
        self.data, self.place = data, place
        self._vtable = place - struct.unpack_from("<i", data, place)[0]
        if self._vtable < 0:
            raise IndexError

    def at(self, field: int) -> int | None:
        """Where a field's value lies; None where it has its default."""
        length = struct.unpack_from("<H", self.data, self._vtable)[0]
        offset = 4 + 2 * field
        found = struct.unpack_from("<H", self.data, self._vtable + offset)[0] if offset < length else 0
        return self.place + found if found else None

    def table(self, field: int) -> _Table | None:
        """A field that is a table."""
        place = self.at(field)
        return None if place is None else _Table(self.data, place + struct.unpack_from("<I", self.data, place)[0])

    def number(self, field: int, form: str) -> int:
        """A field that is a whole number."""
        place = self.at(field)
        return 0 if place is None else int(struct.unpack_from(form, self.data, place)[0])


def _message(header: bytes) -> tuple[int, _Table | None, int]:
    """Type, record batch and length of the body of a message."""
    message = _Table(header, struct.unpack_from("<I", header)[0])
    kind, content, body = message.number(1, "<B"), message.table(2), message.number(3, "<q")
    if body < 0:
        raise IndexError
    if kind == DICTIONARY_BATCH and content is not None:
        content = content.table(1)
    return kind, content, body


def _decompressed(source: Any, batch: _Table | None, start: int) -> int:
    """Bytes of a record batch's buffers: a compressed one begins with its length."""
    if batch is None or (place := batch.at(2)) is None:
        return 0
    place += struct.unpack_from("<I", batch.data, place)[0]
    count, total = struct.unpack_from("<I", batch.data, place)[0], 0
    is_compressed = batch.at(3) is not None
    for index in range(count):
        offset, length = struct.unpack_from("<qq", batch.data, place + 4 + 16 * index)
        if length < 0 or offset < 0:
            raise IndexError
        if is_compressed and length >= 8:
            source.seek(start + offset)
            length = max(struct.unpack("<q", source.read(8))[0], length)
        total += length
    return total
