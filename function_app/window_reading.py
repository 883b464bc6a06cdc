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
from typing import TYPE_CHECKING, TypeVar

from driftloop.errors import InputError
from function_app.blob_file import VanishedError, download, open_blob
from function_app.sources import File

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop import Schema
    from function_app.storage import Storage

SMALL = 8 << 20  # bytes; decoded whole
WORKERS = 8
AHEAD = 2 * WORKERS  # small files held in memory at once
FEWEST_BLANK = 20  # rows; in fewer, a column may be empty by chance
_Result = TypeVar("_Result")


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
    schema: "Schema",
    build: Callable[[Iterator["pa.RecordBatch"]], _Result],
    never_blank: frozenset[str] = frozenset(),
) -> tuple[_Result, Reading]:
    """`build` over the rows of all files that can be read, and what became of the others.

    A file in which a column of `never_blank` has no value at all is broken too: among other files it would look like a
    population in which that value has become rare.
    """
    files = list(files)
    broken: dict[File, str] = {}
    while True:
        reading = Reading(broken=dict(broken))
        try:
            return build(
                stream(storage, [file for file in files if file not in broken], schema, reading, never_blank)
            ), reading
        except BrokenFileError as error:
            broken[error.file] = error.reason


def stream(
    storage: "Storage",
    files: list[File],
    schema: "Schema | None",
    reading: Reading,
    never_blank: frozenset[str] = frozenset(),
) -> Iterator["pa.RecordBatch"]:
    """The rows of all files, in their order; `reading` says what became of each."""
    with ThreadPoolExecutor(WORKERS) as pool:
        upcoming: deque[tuple[File, Future[list[pa.RecordBatch]] | None]] = deque()
        remaining = iter(files)

        def fill() -> None:
            for file in islice(remaining, AHEAD - len(upcoming)):
                small = file.size <= SMALL
                upcoming.append((file, pool.submit(_decoded, storage, file, schema, never_blank) if small else None))

        try:
            fill()
            while upcoming:
                file, future = upcoming.popleft()
                batches = _streamed(storage, file, schema, never_blank) if future is None else _awaited(future)
                yield from _handed_on(file, batches, reading)
                fill()
        finally:
            for _, waiting in upcoming:
                if waiting is not None:
                    waiting.cancel()


def _awaited(future: "Future[list[pa.RecordBatch]]") -> Iterator["pa.RecordBatch"]:
    yield from future.result()


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


def _decoded(
    storage: "Storage", file: File, schema: "Schema | None", never_blank: frozenset[str]
) -> "list[pa.RecordBatch]":
    content = download(storage.container(file.container).get_blob_client(file.name), file)
    return list(_checked(io.BytesIO(content), file, schema, never_blank))


def _streamed(
    storage: "Storage", file: File, schema: "Schema | None", never_blank: frozenset[str]
) -> "Iterator[pa.RecordBatch]":
    with open_blob(storage, file) as content:
        yield from _checked(content, file, schema, never_blank)


def _checked(
    content: "io.BytesIO | io.BufferedReader", file: File, schema: "Schema | None", never_blank: frozenset[str]
) -> "Iterator[pa.RecordBatch]":
    from driftloop.reading import read_batches

    rows, blank = 0, set(never_blank)
    for number, batch in enumerate(read_batches(content, schema, format=file.path)):
        if number == 0 and schema is not None:
            missing = [
                column.name
                for column in schema.features
                if column.role == "feature" and column.name not in batch.schema.names
            ]
            if missing:
                raise InputError(
                    f"{file.path}: column {missing[0]!r} is missing ({len(missing)} of {len(schema.features)} are)"
                )
        if schema is not None:
            blank = {name for name in blank if _is_blank(batch.column(name), schema.missing)}
        rows += batch.num_rows
        yield batch
    if blank and rows >= FEWEST_BLANK:
        raise InputError(f"{file.path}: column {min(blank)!r} has no value in any of {rows} rows")


def _is_blank(column: "pa.Array", missing: tuple[str, ...]) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count == len(column):
        return True
    if pa.types.is_floating(column.type):
        return bool(pc.all(pc.is_nan(column)).as_py())
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return bool(pc.all(pc.is_in(pc.utf8_trim_whitespace(column), value_set=pa.array(missing, column.type))).as_py())
    return False
