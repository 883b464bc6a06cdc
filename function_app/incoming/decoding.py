"""From an open file to its rows, and what makes a file broken. It is unreadable, lacks a column, or has a column that
says nothing in any row.
"""

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from driftloop.data.reading import Reading
from driftloop.errors import InputError
from driftloop.wording.counts import count_of
from function_app.incoming.held_files import Decode
from function_app.incoming.sources import File

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop import Column, Schema

FEWEST_BLANK = 20  # rows; in fewer, a column may be empty by chance
FIRST_LOOK = 16  # rows: in an ordinary file one of them has a value


def any_columns(schema: "Schema", reading: Reading) -> Decode:
    """Files with some of a schema's columns, such as labels: by the file's name, as the schema reads them.

    `reading` is what the model declares about the way files are written; the schema's own holds where it says nothing.
    """
    from driftloop.data.readers import read_batches

    def decode(content: IO[bytes], file: File) -> Iterator["pa.RecordBatch"]:
        return read_batches(content, schema, format=file.path, reading=reading)

    return decode


def by_schema(schema: "Schema", reading: Reading, never_blank: frozenset[str] = frozenset()) -> Decode:
    """Files with the columns of a schema, `reading` as in `any_columns`. One that lacks a feature is broken, and one
    whose times cannot be read.

    So is one in which a column of `never_blank` has no value at all. Among other files it would look like a population
    in which that value has become rare.
    """
    from driftloop.data.readable import refuse_unreadable

    read = any_columns(schema, reading)

    def decode(content: IO[bytes], file: File) -> Iterator["pa.RecordBatch"]:
        rows = refuse_unreadable(read(content, file), schema, file.path, {"timestamp", "cluster"})
        return checked(rows, file, schema, never_blank)

    return decode


def checked(
    batches: Iterator["pa.RecordBatch"], file: File, schema: "Schema", never_blank: frozenset[str]
) -> Iterator["pa.RecordBatch"]:
    """The same rows, until one of the faults above is found. Raises InputError."""
    features = [column.name for column in schema.features if column.role == "feature"]
    columns = {column.name: column for column in schema.features if column.name in never_blank}
    rows, silent = 0, set(columns)
    for number, batch in enumerate(batches):
        missing = [name for name in features if name not in batch.schema.names] if number == 0 else []
        if missing:
            raise InputError(f"{file.path}: column {missing[0]!r} is missing ({len(missing)} of {len(features)} are)")
        silent = {
            name
            for name in silent
            if name in batch.schema.names and not _says_something(batch.column(name), columns[name], schema.missing)
        }
        rows += batch.num_rows
        yield batch
    if silent and rows >= FEWEST_BLANK:
        raise InputError(
            f"{file.path}: column {min(silent)!r} has no value that can be read in any of {count_of(rows, 'row')}"
        )


def _says_something(array: "pa.Array", column: "Column", missing: tuple[str, ...]) -> bool:
    """Whether some row has a value of the column's kind."""
    import numpy as np

    from driftloop.data.columns.numbers import numbers
    from driftloop.data.columns.texts import texts
    from driftloop.data.columns.times import times

    for part in (array.slice(0, FIRST_LOOK), array.slice(FIRST_LOOK)):
        if column.kind == "categorical":
            found = bool((texts(part, missing).codes >= 0).any())
        else:
            found = bool(np.isfinite((times if column.kind == "datetime" else numbers)(part, missing).values).any())
        if found:
            return True
    return False
