"""One entry for all sources: a stream of record batches in one form, whoever wrote them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from driftloop.data.arrow import texts_array
from driftloop.data.canonical.batches import canonical_batches
from driftloop.data.readers.progress import told
from driftloop.data.readers.projection import Projection
from driftloop.data.readers.sources import Part, Source, find_parts, is_path, source_name
from driftloop.data.reading import Reading, ReadNotes
from driftloop.errors import DriftloopError, InputError

if TYPE_CHECKING:
    from driftloop.data.canonical.decisions import Decision
    from driftloop.data.schema import Schema


class BatchStream:
    """The rows of a source, read while it is iterated over, once."""

    def __init__(
        self,
        source: Source,
        schema: Schema | None,
        format: str | None,
        reading: Reading | None,
        notes: ReadNotes | None,
    ) -> None:
        self.name = source_name(source) if is_path(source) else str(format or getattr(source, "name", ""))
        """As errors show it."""
        self._projection = Projection(schema)
        declared = _declared(reading, schema)
        # Nothing in the generator refers to this object: what it holds is freed as soon as nobody reads on.
        raw = _raw_batches(source, format, self._projection, declared, notes or ReadNotes())
        self._batches = raw if schema is None else canonical_batches(raw, schema, notes, self.name, declared)

    def narrow(self, schema: Schema) -> None:
        """Read only the columns of a schema from here on: what was inferred from the first rows."""
        self._projection.narrow(schema)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self

    def __next__(self) -> pa.RecordBatch:
        return next(self._batches)


def read_part(
    part: Part,
    schema: Schema,
    decisions: Mapping[str, Decision],
    *,
    reading: Reading | None = None,
    notes: ReadNotes | None = None,
    where: str = "",
) -> Iterator[pa.RecordBatch]:
    """Read the rows of one part of a source in canonical form, as `decide` found that the whole source is written.

    Parameters
    ----------
    part : Part
        A file, or row groups of one.
    schema : Schema
        Which columns are read, and as what.
    decisions : mapping of column name to Decision
        From `decide`, for the whole source.
    reading, notes : Reading, ReadNotes, optional
        What is declared about the source, and what collects what was left out.
    where : str
        Names the source in errors.

    Raises
    ------
    InputError, SchemaError
        As `read_batches` does.
    """
    declared = _declared(reading, schema)
    raw = _of_part(part, Projection(schema), declared, notes or ReadNotes())
    return canonical_batches(raw, schema, notes, where, declared, decisions=decisions)


def _declared(reading: Reading | None, schema: Schema | None) -> Reading:
    declared = reading if reading not in (None, Reading()) else None
    return declared or (schema.reading if schema is not None else None) or Reading()


def _raw_batches(
    source: Source, format: str | None, projection: Projection, reading: Reading, notes: ReadNotes
) -> Iterator[pa.RecordBatch]:
    for part in find_parts(source, format, notes):
        yield from _of_part(part, projection, reading, notes)


def head_of(parts: Iterable[Part], schema: Schema, reading: Reading | None) -> Iterator[pa.RecordBatch]:
    """The rows of some parts as their files hold them, for `decide`. Raises InputError or SchemaError."""
    declared, projection = _declared(reading, schema), Projection(schema)
    for part in parts:
        yield from _of_part(part, projection, declared, ReadNotes())


def read_batches(
    source: Source,
    schema: Schema | None = None,
    *,
    format: str | None = None,
    reading: Reading | None = None,
    notes: ReadNotes | None = None,
) -> BatchStream:
    """The rows of a source as a stream of batches of at most 65,536 rows, in bounded memory.

    Parameters
    ----------
    source
        A path, a folder (its data files in name order, hive partitions as columns), or a pattern such as `day-*.csv`.
        Also an `abfs://` URL of any of them, a tuple of such, or an open binary file. Parquet and Arrow need one that
        can seek.
    schema
        Only its columns are read, each in its canonical form. Without one, texts arrive as they are.
    format
        Of an open file: an ending such as `"csv.gz"`, or a file name.
    reading
        What is declared about the way files are written; the schema's own declaration unless something is.
    notes
        Collects what was recognised or left out.

    Raises
    ------
    InputError
        While the stream is read: one line that names the file, the column where it is known, and what to do.

    Examples
    --------
    >>> import io
    >>> [batch.num_rows for batch in read_batches(io.BytesIO(b"x;y\\n1;2\\n3;4\\n"), format="csv")]
    [2]
    """
    return BatchStream(source, schema, format, reading, notes)


def _of_part(part: Part, projection: Projection, reading: Reading, notes: ReadNotes) -> Iterator[pa.RecordBatch]:
    own = _Prefixed(notes, part.name)
    try:
        for batch in _batches(part, projection, reading, own):
            yield _with_constants(batch, part, projection)
    except FileNotFoundError:
        raise InputError(f"{part.name}: no such file") from None
    except DriftloopError as error:
        text = str(error)
        if part.is_one_of_many and text == "the file is empty":
            own.add("the file is empty and is skipped")
            return
        raise type(error)(text if text.startswith(f"{part.name}:") else f"{part.name}: {text}") from None
    except RecursionError:
        raise InputError(f"{part.name}: is nested too deeply") from None
    except MemoryError:
        raise InputError(f"{part.name}: holds a value that is too large for the memory") from None
    except (
        pa.ArrowException,
        OSError,
        EOFError,
        ValueError,
        ArithmeticError,
        LookupError,
        TypeError,
        zlib.error,
    ) as error:
        raise InputError(f"{part.name}: cannot be read as {part.format} ({_reason(error)})") from None


class _Prefixed(ReadNotes):
    """Notes about one file."""

    def __init__(self, notes: ReadNotes, name: str) -> None:
        super().__init__()
        self._notes, self._name = notes, name

    def add(self, note: str) -> None:
        """Keep a note with the file's name before it."""
        self._notes.add(f"{self._name}: {note}")


def _batches(part: Part, projection: Projection, reading: Reading, notes: ReadNotes) -> Iterator[pa.RecordBatch]:
    """The rows of one file, by the module for its format: imported when it is needed, since a check needs one."""
    from driftloop.data.readers.decompression import TextBytes, opened

    if part.format in ("parquet", "arrow"):
        if part.format == "parquet":
            from driftloop.data.readers.parquet.batches import parquet_batches

            columnar = partial(parquet_batches, row_groups=part.row_groups)
        else:
            from driftloop.data.readers.arrow.batches import arrow_batches

            columnar = partial(arrow_batches)
        if part.compression == "zstd":
            raise InputError("is compressed as a whole with Zstandard, which cannot seek: decompress it first")
        if isinstance(part.content, str) and part.compression is None and not part.is_remote:
            yield from told(part.name, columnar(part.content, projection))
            return
        with opened(part) as file:
            yield from told(part.name, columnar(file, projection))
        return
    with opened(part) as file:
        text = TextBytes(file, reading.encoding)
        place = file if part.compression is None else None  # of what is compressed the size says nothing
        if part.format == "json":
            from driftloop.data.readers.json_lines import json_batches

            yield from told(part.name, json_batches(text, projection, notes), place)
        else:
            from driftloop.data.readers.csv.batches import csv_batches

            yield from told(part.name, csv_batches(text, projection, reading, notes, projection.known), place)


def _with_constants(batch: pa.RecordBatch, part: Part, projection: Projection) -> pa.RecordBatch:
    """The batch with the columns that the names of its folders give."""
    if not part.constants:
        return batch
    batch = projection.noting(batch, list(part.constants))
    names = [name for name in projection.wanted(list(part.constants)) if name not in batch.schema.names]
    arrays, fields = list(batch.columns), list(batch.schema)
    for name in names:
        arrays.append(texts_array([part.constants[name]] * batch.num_rows))
        fields.append(pa.field(name, pa.string()))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields, batch.schema.metadata))


def _reason(error: BaseException) -> str:
    """What a reader says of a file, in one line and without what it quotes from it: Arrow repeats whole rows."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = re.sub(r"(got \d+): .*", r"\1", lines[0])
    text = re.sub(r"""b?(['"]).*\1""", "…", text)
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:200]
