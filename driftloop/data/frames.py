"""Data frames of pandas and polars: what Arrow cannot take is converted, or refused with its column's name."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import islice
from typing import Any

import pyarrow as pa

from driftloop.errors import InputError

UNREADABLE = (pa.ArrowException, ValueError, TypeError, AttributeError, OverflowError, NotImplementedError)
"""What pandas, polars and Arrow raise for values that do not fit."""
FIRST_VALUES = 10_000
"""Values of a column whose types are looked at when it is refused."""


def is_frame(source: Any) -> bool:
    """Whether a table is one of pandas or polars. Imports neither."""
    return any(
        (library := sys.modules.get(name)) is not None and isinstance(source, library.DataFrame)
        for name in ("pandas", "polars")
    )


def prepared(frame: Any) -> Any:
    """A frame that Arrow can take: sparse columns dense, periods as the times at which they begin.

    Parameters
    ----------
    frame
        Of pandas or polars; it is not changed.

    Raises
    ------
    InputError
        For two columns of one name, and columns of Python objects, of which polars gives only the addresses.

    Examples
    --------
    >>> import pandas as pd
    >>> prepared(pd.DataFrame({"x": pd.arrays.SparseArray([0, 0, 1])})).dtypes["x"]
    dtype('int64')
    """
    names = list(frame.columns)
    refuse_duplicates(str(name) for name in names)
    kinds = dict(zip(names, frame.dtypes, strict=True))
    if type(frame).__module__.startswith("polars"):
        for name, kind in kinds.items():
            if str(kind) == "Object":
                raise InputError(f"column {str(name)!r}: holds Python objects: cast it to a type of polars")
        return frame
    dense = {name: kind.subtype for name, kind in kinds.items() if str(kind).startswith("Sparse[")}
    frame = frame.astype(dense) if dense else frame
    times = {name: frame[name].dt.to_timestamp() for name, kind in kinds.items() if str(kind).startswith("period[")}
    return frame.assign(**times) if times else frame


def refuse_duplicates(names: Iterable[str]) -> None:
    """Raises InputError for a name that two columns share: Arrow finds neither of them by it."""
    seen = set[str]()
    for name in names:
        if name in seen:
            raise InputError(f"two columns of the table have the same name ({name!r}): rename one of them")
        seen.add(name)


def refusal(frame: Any) -> str:
    """What to do about a frame that Arrow does not take: which column it is, and what it holds."""
    for name in frame.columns:
        try:
            pa.RecordBatchReader.from_stream(frame[[name]]).read_all()
        except UNREADABLE as error:
            return f"column {str(name)!r}: {_of_column(frame[name], error)}"
    return "its columns do not fit into one table: convert it by pyarrow.table(...)"


def _of_column(column: Any, error: Exception) -> str:
    if isinstance(error, OverflowError):
        return "holds whole numbers that do not fit into 64 bits: convert them to float"
    if isinstance(error, UnicodeEncodeError):
        return "holds text that is no Unicode (half of a pair of surrogates): repair it where it is read"
    kinds = sorted({type(value).__name__ for value in islice(column, FIRST_VALUES) if value is not None})
    if len(kinds) > 1:
        return f"holds values of several types ({', '.join(kinds[:4])}): convert them to one, such as str or float"
    held = f"{kinds[0]} values" if kinds and str(column.dtype) == "object" else f"values of the type {column.dtype}"
    return f"holds {held}, which cannot be compared: convert them, or leave the column out"
