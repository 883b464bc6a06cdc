"""Files as streams of record batches: Parquet, CSV and JSON Lines, gzipped or not, from a path or an open file."""

from __future__ import annotations

import gzip
import itertools
import re
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa

from driftloop.data.arrow import numbers_array, texts_array
from driftloop.data.saved_profile import METADATA
from driftloop.errors import InputError

if TYPE_CHECKING:
    from driftloop.data.schema import Schema

BATCH_ROWS = 1 << 16
UNREAD = b"driftloop.unread"
"""Key of a batch's metadata: names of columns that were left in the file."""
LINES = 1 << 13
AHEAD = 3
"""Batches that are read before they are asked for: reading and counting seldom take equally long."""
PIECE_BYTES = 1 << 18
"""Of a Parquet column that are read from a path at once: small enough that the same memory serves all of them."""
FAR_PIECE_BYTES = 1 << 20
LARGE_GROUP_BYTES = 200 << 20
FORMATS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
ENDINGS = (*FORMATS, ".gz")
"""What the names of data files end in, gzipped ones in one of the others and `.gz`."""


def read_batches(
    source: str | Path | IO[bytes],
    schema: Schema | None = None,
    *,
    format: str | None = None,
) -> Iterator[pa.RecordBatch]:
    """The rows of a file as a stream of batches of at most 65,536 rows, in bounded memory.

    `source` is a path, or an open binary file together with a `format`: parquet, csv or jsonl, with `.gz` behind it
    when it is gzipped (`"csv.gz"`; a file name will do too). Parquet needs a file that can seek. With a `schema` only
    its columns are read. CSV values arrive as texts, to be read by the schema's kinds. Raises InputError.
    """
    name = str(source) if isinstance(source, str | Path) else str(format or getattr(source, "name", ""))
    kind, zipped = _format(format or name)
    try:
        if kind == "parquet" and not zipped and isinstance(source, str | Path):
            yield from _parquet(str(source), schema)
            return
        with _opened(source, zipped) as file:
            yield from {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}[kind](file, schema)
    except FileNotFoundError:
        raise InputError(f"{name}: no such file") from None
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError, msgspec.DecodeError, zlib.error) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(f"{name}: cannot be read as {kind} ({_without_values(reason[0])[:200]})") from None
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _without_values(reason: str) -> str:
    """What a reader says of a file, without what it quotes from it: Arrow repeats a whole row."""
    reason = re.sub(r"(got \d+): .*", r"\1", reason)
    return re.sub(r"""b?(['"]).*\1""", "…", reason)


def is_data_file(name: str) -> bool:
    """Whether a file's name ends as one that can be read."""
    return name.lower().removesuffix(".gz").endswith(tuple(FORMATS))


def _format(name: str) -> tuple[str, bool]:
    name = name.lower()
    zipped = name.endswith(".gz")
    stem = name.removesuffix(".gz")
    for suffix, kind in FORMATS.items():
        if stem.endswith(suffix) or stem == suffix[1:]:
            return kind, zipped
    raise InputError(
        f"{name or 'the file'}: unknown format; Parquet (.parquet), CSV (.csv) or JSON Lines (.jsonl) can be read"
    )


@contextmanager
def _opened(source: str | Path | IO[bytes], zipped: bool) -> Iterator[Any]:
    with ExitStack() as stack:
        file = stack.enter_context(Path(source).open("rb")) if isinstance(source, str | Path) else source
        yield stack.enter_context(gzip.open(file, "rb")) if zipped else file


def _parquet(file: IO[bytes] | str, schema: Schema | None) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    if isinstance(file, str) and not Path(file).stat().st_size:
        raise InputError("the file is empty")
    # Arrow reads a path by itself, without a Python call for every piece. An open file may be far away, each piece a
    # request: its columns come whole, unless a row group is so large that memory would not stay bounded.
    piece = PIECE_BYTES if isinstance(file, str) else 0
    with pq.ParquetFile(file, pre_buffer=False, buffer_size=piece) as parquet:
        metadata = parquet.metadata
        groups = [metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)]
        if not piece and max(groups, default=0) > LARGE_GROUP_BYTES:
            far = pq.ParquetFile(file, pre_buffer=False, buffer_size=FAR_PIECE_BYTES)
            yield from _parquet_batches(far, schema)
        else:
            yield from _parquet_batches(parquet, schema)


def _parquet_batches(parquet: Any, schema: Schema | None) -> Iterator[pa.RecordBatch]:
    if METADATA in (parquet.metadata.metadata or {}):
        raise InputError("a saved baseline among the records: give it by itself as the reference")
    names = parquet.schema_arrow.names
    _check_names(names)
    batches = parquet.iter_batches(BATCH_ROWS, columns=_wanted(names, schema))
    batches = (_noting(batch, names, schema) for batch in batches)
    yield from batches if parquet.metadata.num_rows <= BATCH_ROWS else _ahead(batches)


def _ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches, the next few being read while one is worked on."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as reader:
        coming = deque(reader.submit(next, batches, None) for _ in range(AHEAD))
        while (batch := coming.popleft().result()) is not None:
            coming.append(reader.submit(next, batches, None))
            yield batch


def _csv(file: IO[bytes], schema: Schema | None) -> Iterator[pa.RecordBatch]:
    import pyarrow.csv as pc

    # The header is read apart: every column is declared as text, so that no guess from the first block can
    # fail on a later one, and 01 stays 01.
    header = file.readline()
    if not header.strip():
        raise InputError("the file is empty")
    text = header.decode("utf-8-sig")
    names = next(pc.open_csv(pa.BufferReader((text.rstrip("\r\n") + "\n" + text).encode())) for _ in (0,)).schema.names
    _check_names(names)
    first = file.readline()
    if not first.strip():
        yield pa.RecordBatch.from_arrays([texts_array([]) for _ in names], names)
        return
    stream = pc.open_csv(
        _Prefixed(first, file),
        read_options=pc.ReadOptions(column_names=names, block_size=4 << 20),
        parse_options=pc.ParseOptions(newlines_in_values=True),
        convert_options=pc.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=_wanted(names, schema),
            strings_can_be_null=False,
        ),
    )
    yield from (_noting(batch, names, schema) for batch in stream)


class _Prefixed:
    """A file with some bytes that were already taken from it put back in front."""

    closed = False

    def __init__(self, prefix: bytes, file: IO[bytes]) -> None:
        self._prefix, self._file = prefix, file

    def read(self, size: int = -1) -> bytes:
        if self._prefix:
            taken, self._prefix = self._prefix, b""
            return taken
        return self._file.read(size)

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """The file is closed by who opened it."""


def _jsonl(file: IO[bytes], schema: Schema | None) -> Iterator[pa.RecordBatch]:
    decoder = msgspec.json.Decoder()
    lines = (line for line in file if line.strip())
    number = 0
    while chunk := list(itertools.islice(lines, LINES)):
        rows = []
        for line in chunk:
            number += 1
            try:
                row = decoder.decode(line)
            except msgspec.DecodeError as error:
                raise InputError(f"record {number} is not JSON ({error})") from None
            if not isinstance(row, dict):
                raise InputError(f"record {number} is not a JSON object")
            rows.append(row)
        names = list(dict.fromkeys(name for row in rows for name in row))
        arrays = {name: _json_array([row.get(name) for row in rows]) for name in _wanted(names, schema)}
        yield _noting(pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays)), names, schema)
    if number == 0:
        raise InputError("the file is empty")


def _json_array(values: list[Any]) -> pa.Array:
    if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values):
        return numbers_array(np.array([np.nan if value is None else float(value) for value in values]))
    return texts_array([None if value is None else _json_text(value) for value in values])


def _json_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _wanted(names: list[str], schema: Schema | None) -> list[str]:
    """Of a file's columns those that are read."""
    if schema is None:
        return names
    wanted = {column.name for column in schema.columns if column.role != "ignore"}
    return [name for name in names if name in wanted]


def _noting(batch: pa.RecordBatch, names: list[str], schema: Schema | None) -> pa.RecordBatch:
    """The batch with the names of the file's columns that the schema does not know, for the profile to mention."""
    if schema is None:
        return batch
    known = {column.name for column in schema.columns}
    unknown = [name for name in names if name not in known]
    return batch.replace_schema_metadata({UNREAD: "\n".join(unknown)}) if unknown else batch


def _check_names(names: list[str]) -> None:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"two columns are named {twice!r}")
