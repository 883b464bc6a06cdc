"""From an open file to its rows, and what makes a file broken: unreadable, without a column, or with a column that is
blank.
"""

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from driftloop.errors import InputError
from function_app.incoming.sources import File
from function_app.incoming.window_reading import Decode

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop import Schema

FEWEST_BLANK = 20  # rows; in fewer, a column may be empty by chance


def plain(content: IO[bytes], file: File) -> Iterator["pa.RecordBatch"]:
    """Every format, by the file's name, with all columns as they are written."""
    from driftloop.data.readers import read_batches

    return read_batches(content, format=file.path)


def any_columns(schema: "Schema") -> Decode:
    """Files with some of a schema's columns, such as labels: by the file's name, as the schema reads them."""
    from driftloop.data.readers import read_batches

    def decode(content: IO[bytes], file: File) -> Iterator["pa.RecordBatch"]:
        return read_batches(content, schema, format=file.path)

    return decode


def by_schema(schema: "Schema", never_blank: frozenset[str] = frozenset()) -> Decode:
    """Files with the columns of a schema. One that lacks a feature is broken.

    So is one in which a column of `never_blank` has no value at all: among other files it would look like a population
    in which that value has become rare.
    """
    from driftloop.data.readers import read_batches

    def decode(content: IO[bytes], file: File) -> Iterator["pa.RecordBatch"]:
        return checked(read_batches(content, schema, format=file.path), file, schema, never_blank)

    return decode


def checked(
    batches: Iterator["pa.RecordBatch"], file: File, schema: "Schema", never_blank: frozenset[str]
) -> Iterator["pa.RecordBatch"]:
    """The same rows, until one of the faults above is found. Raises InputError."""
    features = [column.name for column in schema.features if column.role == "feature"]
    rows, blank = 0, set(never_blank)
    for number, batch in enumerate(batches):
        missing = [name for name in features if name not in batch.schema.names] if number == 0 else []
        if missing:
            raise InputError(f"{file.path}: column {missing[0]!r} is missing ({len(missing)} of {len(features)} are)")
        blank = {name for name in blank if name in batch.schema.names and _is_blank(batch.column(name), schema.missing)}
        rows += batch.num_rows
        yield batch
    if blank and rows >= FEWEST_BLANK:
        raise InputError(f"{file.path}: column {min(blank)!r} has no value in any of {rows} rows")


def _is_blank(column: "pa.Array", missing: tuple[str, ...]) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.dictionary if column.null_count == 0 else column.dictionary_decode()
    if column.null_count == len(column):
        return True
    if pa.types.is_floating(column.type):
        return bool(pc.all(pc.is_nan(column)).as_py())
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return bool(pc.all(pc.is_in(pc.utf8_trim_whitespace(column), value_set=pa.array(missing, column.type))).as_py())
    return False
