"""Files opened as streams of bytes: decompressed, and in UTF-8."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from driftloop.data.readers.remote import opened_remote
from driftloop.data.readers.sources import Part
from driftloop.errors import InputError

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NAMES: dict[str, Callable[..., Any]] = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}
MAGIC = (
    (b"PAR1", "Parquet"),
    (b"PARE", "an encrypted Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"BZh", "compressed with bzip2"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard"),
    (b"\xfd7zXZ\0", "compressed with xz"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"%PDF", "a PDF document"),
    (b"version https://git-lfs", "a pointer of Git LFS (git lfs pull fetches the file)"),
    (b"<!DOCTYPE", "a web page"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
)
"""How files begin that are no text, whatever their names say."""


class Bytes(Protocol):
    """What gives the next bytes of a file."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""


@contextmanager
def opened(part: Part) -> Iterator[Any]:
    """The content of a file, decompressed."""
    with ExitStack() as stack:
        if not isinstance(part.content, str):
            file = part.content
        elif part.is_remote:
            file = stack.enter_context(opened_remote(part.content))
        else:
            file = stack.enter_context(Path(part.content).open("rb"))
        if part.compression == "zstd":
            yield stack.enter_context(pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd"))
        elif part.compression is not None:
            yield stack.enter_context(NAMES[part.compression](file, "rb"))
        else:
            yield file


class TextBytes:
    """The text of a file as UTF-8 without a byte order mark, whatever encoding it has.

    `encoding` is the one that is declared; without it UTF-8, UTF-16 and UTF-32 are recognised.
    """

    def __init__(self, file: Bytes, encoding: str | None) -> None:
        self._file = file
        self._head = _filled(file, 4096)
        self.encoding = _recognised(self._head) or encoding or "utf-8"
        is_utf8 = codecs.lookup(self.encoding).name == "utf-8"
        self._decoder = None if is_utf8 else codecs.getincrementaldecoder(self.encoding)()
        if is_utf8:
            while self._head.startswith(codecs.BOM_UTF8):  # a program that adds a mark may read a file that has one
                self._head = self._head.removeprefix(codecs.BOM_UTF8)
            for magic, what in MAGIC:
                if self._head.startswith(magic):
                    raise InputError(f"is {what} by its content, though not by its name")

    def read(self, size: int) -> bytes:
        """So many bytes or more, fewer only at the end."""
        parts, held = [], 0
        while held < size:
            raw, self._head = (self._head, b"") if self._head else (self._file.read(size - held), b"")
            part = raw if self._decoder is None else self._decoder.decode(raw, not raw).encode("utf-8", "replace")
            if part:
                parts.append(part)
                held += len(part)
            if not raw:
                break
        return b"".join(parts)


def _filled(file: Bytes, count: int) -> bytes:
    head = b""
    while len(head) < count and (more := file.read(count - len(head))):
        head += more
    return head


def _recognised(head: bytes) -> str | None:
    """The encoding that a byte order mark tells, or the NUL bytes of UTF-16's Latin letters; None for neither."""
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name
    even, odd = head[:-1:2].count(0), head[1::2].count(0)
    if len(head) >= 4 and max(even, odd) > 0.4 * len(head) / 2 and min(even, odd) == 0:
        return "utf-16-be" if even > odd else "utf-16-le"
    return None
