"""A saved holdout, from a file that may be damaged or another's: bounded in memory, and each fault is one line.

Files come from the model's registry. One that is cut, nested in itself, or unpacks to more than any holdout holds is
refused before its columns are read.
"""

from __future__ import annotations

import os
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftloop.data.readers.saved_profile import is_profile
from driftloop.errors import BaselineError, InputError
from driftloop.impact.cross_fitted import KEY, attached
from driftloop.profile.contents import Contents
from driftloop.profile.window import Baseline
from driftloop.wording.counts import count_of

if TYPE_CHECKING:
    from driftloop.data.schema import Schema

MOST_VALUES = 8_192
"""Of a list in the file, for each compared column. The longest that is written has 1,536 values, of the sample."""
MOST_BYTES = 4_000_000
"""Of the file, for each compared column. Samples and counts of a number take 40 kB, of 1,024 long names a megabyte. The
cross-fitted records beside them are stored twice, in Base64.
"""


def read_saved(source: Any, wanted: Schema, where: str) -> tuple[Baseline, Baseline | None]:
    """The holdout and the cross-fitted records in its file, both with the columns of `wanted`.

    Parameters
    ----------
    source : a file's path, or what was read of one.
    wanted : the compared columns and the error.
    where : how messages name the source.

    Raises
    ------
    InputError
        It holds other columns, or more than a holdout can.
    BaselineError
        It is damaged.
    """
    columns = len(wanted.features)
    too_large = _too_large(columns, where)
    if isinstance(source, str | Path):
        path = Path(source)
        if not _within(path.stat().st_size, columns):
            raise too_large
        _hold_bounds(path.read_bytes(), columns, too_large)
    found = source if isinstance(source, Baseline) else Baseline(source)
    if [(c.name, c.kind) for c in found.schema.features] != [(c.name, c.kind) for c in wanted.features]:
        raise InputError(f"{where}: holds other columns than the reference: it belongs to another version")
    if isinstance(source, Baseline) and found.content is not None:
        _hold_bounds(found.content, columns, too_large)
    try:
        beside = attached(found)
    except BaselineError as error:
        raise BaselineError(f"{where}: {error}") from None
    for each in (found, *(() if beside is None else (beside,))):
        weights = each.profile.sample.weights
        if (weights < 1).any() or float(weights.sum(dtype=float)) > each.rows:
            raise BaselineError(f"{where}: its sample counts records that it was not made of: register it again")
    return found, beside


def is_saved(source: Any, columns: int, where: str) -> bool:
    """Whether a source is a saved holdout or what was read of one, and no table.

    Raises InputError where the metadata of a file, which would be read to tell, is larger than any holdout's.
    """
    if isinstance(source, str | Path):
        if not _within(_metadata_size(Path(source)), columns):
            raise _too_large(columns, where)
        return is_profile(Path(source))
    return isinstance(source, Contents) or isinstance(getattr(source, "profile", None), Contents)


def _metadata_size(path: Path) -> int:
    """Bytes of a Parquet file's metadata, as its end says; 0 of any other file."""
    try:
        if not path.is_file():
            return 0
        with path.open("rb") as file:
            if file.read(4) != b"PAR1" or file.seek(0, os.SEEK_END) < 12:
                return 0
            file.seek(-8, os.SEEK_END)
            return int.from_bytes(file.read(4), "little")
    except OSError:
        return 0  # reading it says why


def _too_large(columns: int, where: str) -> InputError:
    return InputError(f"{where}: holds more than a holdout of {count_of(columns, 'column')} can: register it again")


def _within(size: int, columns: int) -> bool:
    return size <= MOST_BYTES * (columns + 1)


def _hold_bounds(content: bytes, columns: int, too_large: InputError) -> None:
    """Raises where a file, or the one in its metadata, says that it unpacks to more than a holdout; reads no column."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not _within(len(content), columns):
        raise too_large
    try:
        said = pq.read_metadata(pa.BufferReader(content))
    except (pa.ArrowException, OSError):
        return  # the reader says what is damaged
    chunks = [said.row_group(part).column(at) for part in range(said.num_row_groups) for at in range(said.num_columns)]
    values = max((chunk.num_values for chunk in chunks), default=0)
    unpacked = sum(chunk.total_uncompressed_size for chunk in chunks)
    if said.num_rows > columns or values > MOST_VALUES * columns or not _within(unpacked, columns):
        raise too_large
    beside = (said.metadata or {}).get(KEY)
    if beside is None:
        return
    try:
        inside = b64decode(beside, validate=True)
    except ValueError:
        return  # no Base64: reading it says so
    if inside:
        _hold_bounds(inside, columns, too_large)
