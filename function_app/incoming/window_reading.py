"""From files to one stream of record batches: small files many at a time, large ones piece by piece, broken ones set
aside.

Whatever is wrong with a file's content costs that file, never the others: it must add nothing to the window. Small
files are decoded before any of their rows are handed on; where a large one breaks in the middle, BrokenFileError ends
the stream and the window is built again without it. What storage or memory refuses is no file's fault, and is raised.
"""

import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from threading import BoundedSemaphore
from traceback import clear_frames
from typing import IO, TYPE_CHECKING, TypeVar

from driftloop.errors import InputError
from function_app.incoming.blob_file import VanishedError, download, open_blob
from function_app.incoming.sources import File

if TYPE_CHECKING:
    import pyarrow as pa

    from function_app.storage.accounts import Storage

SMALL = 8 << 20  # bytes in storage; downloaded whole
LARGEST_HELD = 8 << 20  # bytes of decoded rows; what holds more is decoded when its turn comes
WORKERS = 8
AHEAD = 2 * WORKERS  # small files in memory at once: 128 MB at most, so that four checks share an instance
# A file that may be large inside takes up to 100 MB while it is decoded: one at a time ahead of the rows that are being
# handed on, for all checks of the instance. Plain text up to a megabyte is no such file.
ONE_LARGE = BoundedSemaphore(1)
PLAIN, PLAIN_SIZE = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".txt"), 1 << 20
_Result = TypeVar("_Result")
_NESTED = re.compile(r"<.*>", re.DOTALL)  # a nested type is written with the names of its fields, which are the file's
# From an open file to its rows. Whatever it raises is the file's fault, unless it is storage's.
Decode = Callable[[IO[bytes], File], Iterator["pa.RecordBatch"]]


class BrokenFileError(Exception):
    """A file that was already being handed on turned out to be broken, or to have been written again (`vanished`)."""

    def __init__(self, file: File, reason: str, *, vanished: bool = False) -> None:
        super().__init__(reason)
        self.file, self.reason, self.vanished = file, reason, vanished


@dataclass
class Reading:
    """What became of the files of a window.

    `contents`: hashes of the content of those that were read (with the file), and of those that were read before;
    `copies`: files with the content of another, which is named where it is one of this window.
    """

    broken: dict[File, str] = field(default_factory=dict)
    vanished: list[File] = field(default_factory=list)
    read: list[File] = field(default_factory=list)
    copies: dict[File, File | None] = field(default_factory=dict)
    contents: dict[str, File | None] | None = None


@dataclass(frozen=True)
class _Held:
    """A small file in memory: its rows, or its content where the rows are too many to be held."""

    digest: str
    batches: "list[pa.RecordBatch] | None"
    content: bytes = b""


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
        upcoming: deque[tuple[File, Future[_Held] | None]] = deque()
        remaining = iter(files)

        def fill() -> None:
            for file in islice(remaining, AHEAD - len(upcoming)):
                small = file.size <= SMALL
                upcoming.append((file, pool.submit(_decoded, storage, file, decode) if small else None))

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
            if any(map(_may_be_large, files)):
                _give_back()  # a file large inside leaves 50 MB with the C library, and a window may be read ten times


def is_of_content(error: BaseException) -> bool:
    """Whether an error comes from what a file holds, and not from storage, the machine, or a process that is ending."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if not _may_come_from_content(cause):
            return False
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return True


def _may_come_from_content(error: BaseException) -> bool:
    from azure.core.exceptions import AzureError

    if isinstance(error, AzureError | MemoryError | ImportError):
        return False
    if isinstance(error, OSError):
        return error.errno is None  # readers raise it of damaged files, too; the system names an error by number
    if isinstance(error, RuntimeError):
        return isinstance(error, RecursionError | NotImplementedError)  # the rest: no thread, an executor shut down
    return isinstance(error, Exception)


def _rows(
    storage: "Storage", file: File, future: "Future[_Held] | None", decode: Decode, reading: Reading
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
        _give_back()
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
            vanished = _vanished(error)
            if not vanished and not is_of_content(error):
                raise
            reason = _reason(file, error)
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
            found[file] = _reason(file, error)
    return found


def _vanished(error: BaseException) -> bool:
    # A reader that takes every OSError for a damaged file still has it as the context of its own error.
    return isinstance(error, VanishedError) or isinstance(error.__context__, VanishedError)


def _reason(file: File, error: Exception) -> str:
    """For a person: our own sentences as they are; of others the kind only, because their text may quote the file."""
    if not isinstance(error, InputError):
        return f"{file.path}: cannot be read ({type(error).__name__})"
    text = _NESTED.sub("<…>", str(error))
    return text if file.path in text else f"{file.path}: {text}"


def _may_be_large(file: File) -> bool:
    return file.size > PLAIN_SIZE or not file.name.lower().endswith(PLAIN)


def _decoded(storage: "Storage", file: File, decode: Decode) -> _Held:
    content = download(storage.container(file.container).get_blob_client(file.name), file)
    digest = sha256(content).hexdigest()[:16]
    with ONE_LARGE if _may_be_large(file) else nullcontext():
        try:
            batches = _held(decode(io.BytesIO(content), file))
        except Exception as error:
            _forget_frames(error)
            _give_back()
            raise
        if batches is None:
            _give_back()
    return _Held(digest, batches, content if batches is None else b"")


def _held(rows: Iterator["pa.RecordBatch"]) -> "list[pa.RecordBatch] | None":
    """All rows of a file; None where they are too many to be held."""
    batches, size = [], 0
    for batch in rows:
        size += batch.nbytes
        if size > LARGEST_HELD:
            return None
        batches.append(batch)
    return batches


def _forget_frames(error: BaseException) -> None:
    """What was decoded is freed at once; else an error that waits for its file's turn would hold it until then."""
    cause: BaseException | None = error
    while cause is not None:
        clear_frames(cause.__traceback__)
        cause = cause.__context__


def _give_back() -> None:
    """Return what decoding has freed: each large file would leave some 30 MB with the allocators otherwise."""
    from driftloop.profile.memory import give_back

    give_back()
