"""From files to one stream of record batches: small files many at a time, large ones piece by piece, broken ones set
aside.

A broken file must add nothing to the window. Small files are decoded whole before any of their rows are handed on;
where a large one breaks in the middle, BrokenFileError ends the stream and the window is built again without it.
"""

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, TYPE_CHECKING, TypeVar

from driftloop.errors import InputError
from function_app.incoming.blob_file import VanishedError, download, open_blob
from function_app.incoming.sources import File

if TYPE_CHECKING:
    import pyarrow as pa

    from function_app.storage.accounts import Storage

SMALL = 8 << 20  # bytes; decoded whole, unless they unpack to more than
DECODED = 6 << 20  # bytes of Arrow arrays: a compressed file may hold a thousand times its size
WORKERS = 8
AHEAD = 2 * WORKERS  # small files held in memory at once
_Result = TypeVar("_Result")
# From an open file to its rows. Raises InputError where it is broken.
Decode = Callable[[IO[bytes], File], Iterator["pa.RecordBatch"]]


class BrokenFileError(Exception):
    """A file that was already being handed on turned out to be broken."""

    def __init__(self, file: File, reason: str) -> None:
        super().__init__(reason)
        self.file, self.reason = file, reason


@dataclass
class Reading:
    """What became of the files of a window besides being read."""

    broken: dict[File, str] = field(default_factory=dict)
    vanished: list[File] = field(default_factory=list)
    read: list[File] = field(default_factory=list)


def build_window(
    storage: "Storage",
    files: Iterable[File],
    decode: Decode,
    build: Callable[[Iterator["pa.RecordBatch"]], _Result],
) -> tuple[_Result, Reading]:
    """`build` over the rows of all files that can be read, and what became of the others."""
    files = list(files)
    broken: dict[File, str] = {}
    while True:
        reading = Reading(broken=dict(broken))
        left = [file for file in files if file not in broken]
        try:
            return build(stream(storage, left, decode, reading)), reading
        except BrokenFileError as error:
            broken[error.file] = error.reason


def stream(storage: "Storage", files: list[File], decode: Decode, reading: Reading) -> Iterator["pa.RecordBatch"]:
    """The rows of all files, in their order; `reading` says what became of each."""
    with ThreadPoolExecutor(WORKERS) as pool:
        upcoming: deque[tuple[File, Future[list[pa.RecordBatch] | None] | None]] = deque()
        remaining = iter(files)

        def fill() -> None:
            for file in islice(remaining, AHEAD - len(upcoming)):
                small = file.size <= SMALL
                upcoming.append((file, pool.submit(_decoded, storage, file, decode) if small else None))

        try:
            fill()
            while upcoming:
                file, future = upcoming.popleft()
                yield from _handed_on(file, _awaited(future, storage, file, decode), reading)
                fill()
        finally:
            for _, waiting in upcoming:
                if waiting is not None:
                    waiting.cancel()


def _awaited(
    future: "Future[list[pa.RecordBatch] | None] | None", storage: "Storage", file: File, decode: Decode
) -> Iterator["pa.RecordBatch"]:
    decoded = None if future is None else future.result()
    yield from _streamed(storage, file, decode) if decoded is None else decoded


def _handed_on(file: File, batches: Iterable["pa.RecordBatch"], reading: Reading) -> Iterator["pa.RecordBatch"]:
    handed_on = False
    try:
        for batch in batches:
            handed_on = True
            yield batch
    except (InputError, VanishedError) as error:
        vanished = isinstance(error, VanishedError) or isinstance(error.__context__, VanishedError)
        if handed_on:
            raise BrokenFileError(file, "it changed while it was read" if vanished else str(error)) from error
        if vanished:
            reading.vanished.append(file)
        else:
            reading.broken[file] = str(error)
        return
    reading.read.append(file)


def _decoded(storage: "Storage", file: File, decode: Decode) -> "list[pa.RecordBatch] | None":
    """The rows of a file; None where they take so much memory that they are better read piece by piece."""
    content = download(storage.container(file.container).get_blob_client(file.name), file)
    batches, held = [], 0
    for batch in decode(io.BytesIO(content), file):
        batches.append(batch)
        held += batch.nbytes
        if held > DECODED:
            return None
    return batches


def _streamed(storage: "Storage", file: File, decode: Decode) -> "Iterator[pa.RecordBatch]":
    with open_blob(storage, file) as content:
        yield from decode(content, file)
