"""Small files in memory: downloaded whole, and decoded before their turn where their rows are few enough to be held."""

import io
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from hashlib import sha256
from threading import BoundedSemaphore
from traceback import clear_frames
from typing import IO, TYPE_CHECKING

from function_app.incoming.blob_file import download
from function_app.incoming.sources import File

if TYPE_CHECKING:
    import pyarrow as pa

    from function_app.storage.accounts import Storage

LARGEST_HELD = 8 << 20  # bytes of decoded rows; what holds more is decoded when its turn comes
# A file that may be large inside takes up to 100 MB while it is decoded: one at a time ahead of the rows that are being
# handed on, for all checks of the instance. Plain text up to a megabyte is no such file.
ONE_LARGE = BoundedSemaphore(1)
PLAIN, PLAIN_SIZE = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".txt"), 1 << 20
# From an open file to its rows. Whatever it raises is the file's fault, unless it is storage's.
Decode = Callable[[IO[bytes], File], Iterator["pa.RecordBatch"]]


@dataclass(frozen=True)
class HeldFile:
    """A small file in memory: its rows, or its content where the rows are too many to be held."""

    digest: str
    batches: "list[pa.RecordBatch] | None"
    content: bytes = b""


def may_be_large(file: File) -> bool:
    """Whether much more may come out of a file than its size says: of anything but plain text up to a megabyte."""
    return file.size > PLAIN_SIZE or not file.name.lower().endswith(PLAIN)


def hold_file(storage: "Storage", file: File, decode: Decode) -> HeldFile:
    """A small file, downloaded and decoded. Raises what storage or `decode` raises."""
    content = download(storage.container(file.container).get_blob_client(file.name), file)
    digest = sha256(content).hexdigest()[:16]
    with ONE_LARGE if may_be_large(file) else nullcontext():
        try:
            batches = _rows_held(decode(io.BytesIO(content), file))
        except Exception as error:
            _forget_frames(error)
            return_memory()
            raise
        if batches is None:
            return_memory()
    return HeldFile(digest, batches, content if batches is None else b"")


def _rows_held(rows: Iterator["pa.RecordBatch"]) -> "list[pa.RecordBatch] | None":
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


def return_memory() -> None:
    """Return what decoding has freed: each large file would leave some 30 MB with the allocators otherwise."""
    from driftloop.profile.memory import give_back

    give_back()
