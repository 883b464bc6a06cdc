"""From files to one stream of record batches: small files many at a time, large ones piece by piece, broken ones set
aside.

A broken file must add nothing to the window. Small files are decoded before any of their rows are handed on. Where a
large one breaks in the middle, BrokenFileError ends the stream, and the window is built again without it.
"""

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from function_app.incoming.blob_file import open_blob
from function_app.incoming.file_faults import BrokenFileError, is_of_content, is_vanished, reason_of
from function_app.incoming.held_files import Decode, HeldFile, hold_file, may_be_large, return_memory
from function_app.incoming.sources import File

if TYPE_CHECKING:
    import pyarrow as pa

    from function_app.storage.accounts import Storage

SMALL = 8 << 20  # bytes in storage; downloaded whole
WORKERS = 8
AHEAD = 2 * WORKERS  # small files in memory at once: 128 MB at most, so that four checks share an instance
_Result = TypeVar("_Result")


@dataclass
class Reading:
    """What became of the files of a window.

    `contents`: hashes of the content of those that were read (with the file), and of those that were read before.
    `copies`: files with the content of another, which is named where it is one of this window.
    """

    broken: dict[File, str] = field(default_factory=dict)
    vanished: list[File] = field(default_factory=list)
    read: list[File] = field(default_factory=list)
    copies: dict[File, File | None] = field(default_factory=dict)
    contents: dict[str, File | None] | None = None


def build_window(
    storage: "Storage",
    files: Iterable[File],
    decode: Decode,
    build: Callable[[Iterator["pa.RecordBatch"]], _Result],
    known: Mapping[str, object] | None = None,
) -> tuple[_Result, Reading]:
    """`build` over the rows of all files that can be read, and what became of the others.

    Parameters
    ----------
    files : Iterable[File]
        In the order in which their rows are handed on.
    decode : Decode
        The rows of an open file.
    build : Callable[[Iterator[pa.RecordBatch]], _Result]
        What is made of the rows.
    known : Mapping[str, object] | None
        Hashes of contents that were read before; None where copies are read like other files.

    Returns
    -------
    tuple[_Result, Reading]
        What `build` made, and what became of each file.

    Raises
    ------
    AzureError
        Storage did not answer.
    Exception
        What `build` raises of no single file.
    """
    files = list(files)
    broken: dict[File, str] = {}
    vanished: list[File] = []
    while True:
        contents = None if known is None else dict.fromkeys(known)
        reading = Reading(dict(broken), list(vanished), contents=contents)
        left = [file for file in files if file not in broken and file not in vanished]
        try:
            return build(stream(storage, left, decode, reading)), reading
        except BrokenFileError as error:
            if error.vanished:
                vanished.append(error.file)
            else:
                broken[error.file] = error.reason
        except Exception as error:
            if not is_of_content(error):
                raise
            found = _unbuildable(storage, [file for file in left if file not in reading.broken], decode, build)
            if not found:
                raise
            broken |= found


def stream(storage: "Storage", files: list[File], decode: Decode, reading: Reading) -> Iterator["pa.RecordBatch"]:
    """The rows of all files, in their order.

    Parameters
    ----------
    files : list[File]
        In the order in which their rows are handed on.
    reading : Reading
        Says afterwards what became of each.

    Raises
    ------
    BrokenFileError
        A file of which rows were handed on turned out to be broken: the window must be built without it.
    """
    with ThreadPoolExecutor(WORKERS) as pool:
        upcoming: deque[tuple[File, Future[HeldFile] | None]] = deque()
        remaining = iter(files)

        def fill() -> None:
            for file in islice(remaining, AHEAD - len(upcoming)):
                small = file.size <= SMALL
                upcoming.append((file, pool.submit(hold_file, storage, file, decode) if small else None))

        try:
            fill()
            while upcoming:
                file, future = upcoming.popleft()
                yield from _handed_on(file, _rows(storage, file, future, decode, reading), reading)
                fill()
        finally:
            for _, waiting in upcoming:
                if waiting is not None:
                    waiting.cancel()
            if any(map(may_be_large, files)):
                return_memory()  # a file large inside leaves 50 MB with the C library; a window may be read ten times


def _rows(
    storage: "Storage", file: File, future: "Future[HeldFile] | None", decode: Decode, reading: Reading
) -> Iterator["pa.RecordBatch"]:
    if future is None:
        digest, batches = file.md5, None
    else:
        held = future.result()
        digest, batches = held.digest, held.batches
    if reading.contents is not None and digest:
        if digest in reading.contents:
            reading.copies[file] = reading.contents[digest]
            return
        reading.contents[digest] = file
    if batches is not None:
        yield from batches
    elif future is not None:
        yield from decode(io.BytesIO(held.content), file)
        return_memory()
    else:
        with open_blob(storage, file) as content:
            yield from decode(content, file)


def _handed_on(file: File, batches: Iterable["pa.RecordBatch"], reading: Reading) -> Iterator["pa.RecordBatch"]:
    handed_on = False
    iterator = iter(batches)
    while True:
        try:
            batch = next(iterator, None)
        except Exception as error:
            vanished = is_vanished(error)
            if not vanished and not is_of_content(error):
                raise
            reason = reason_of(file, error)
            _forget_content(file, reading)
            if handed_on:
                raise BrokenFileError(file, reason, vanished=vanished) from error
            if vanished:
                reading.vanished.append(file)
            else:
                reading.broken[file] = reason
            return
        if batch is None:
            break
        handed_on = True
        yield batch
    if file not in reading.copies:
        reading.read.append(file)


def _forget_content(file: File, reading: Reading) -> None:
    """A copy of a file that could not be read is no copy: it is looked at by itself."""
    for digest, first in tuple((reading.contents or {}).items()):
        if first == file and reading.contents is not None:
            del reading.contents[digest]


def _unbuildable(
    storage: "Storage",
    files: list[File],
    decode: Decode,
    build: Callable[[Iterator["pa.RecordBatch"]], object],
) -> dict[File, str]:
    """The files of which nothing can be built, each looked at by itself, and why."""
    found = {}
    for file in files:
        try:
            build(stream(storage, [file], decode, Reading()))
        except BrokenFileError as error:
            if not error.vanished:
                found[file] = error.reason
        except Exception as error:
            if not is_of_content(error):
                raise
            found[file] = reason_of(file, error)
    return found
