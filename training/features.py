"""Records as what a model is fitted on: a matrix for the built-in estimators, a DataFrame for a model's own.

The matrix has a column a feature, categories by their index in the schema, NaN where missing. The frame has the
columns by name: numbers as float64, categories as pandas categoricals of texts, NaN where missing.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from driftloop.data.columns.texts import texts
from driftloop.data.schema import Column, Schema

if TYPE_CHECKING:
    import pandas as pd

Matrix = NDArray[np.float64]


def inputs(schema: Schema) -> tuple[Column, ...]:
    """The columns that the model reads, in the order of the matrix."""
    return tuple(column for column in schema.columns if column.role == "feature")


def completed(schema: Schema, table: pa.Table) -> Schema:
    """The schema with every categorical feature's categories written out, from the data where the schema leaves them
    open.
    """
    columns = [
        msgspec.structs.replace(column, categories=texts(table[column.name].combine_chunks(), schema.missing).levels)
        if column.role == "feature" and column.kind == "categorical" and not column.categories
        else column
        for column in schema.columns
    ]
    return msgspec.structs.replace(schema, columns=tuple(columns))


def with_classes(schema: Schema, classes: tuple[str, ...]) -> Schema:
    """The schema with the classes that the model tells apart: what reads its labels later then knows them."""
    columns = [
        msgspec.structs.replace(column, categories=classes) if column.role == "target" and classes else column
        for column in schema.columns
    ]
    return msgspec.structs.replace(schema, columns=tuple(columns))


def matrix(table: pa.Table, schema: Schema) -> Matrix:
    """The features of a table that `training.data.records` read."""
    return np.column_stack([_values(table[column.name], column) for column in inputs(schema)]).astype(np.float64)


def matrix_of(rows: Sequence[Mapping[str, Any]], schema: Schema) -> Matrix:
    """The features of validated scoring requests; see `training.serving.request_format`."""
    columns = inputs(schema)
    codes = [{name: float(code) for code, name in enumerate(column.categories)} for column in columns]
    values = [
        [_value(row[column.name], column, code) for column, code in zip(columns, codes, strict=True)] for row in rows
    ]
    return np.array(values, dtype=np.float64).reshape(len(rows), len(columns))


def frame(values: Matrix, schema: Schema) -> "pd.DataFrame":
    """A matrix as a DataFrame."""
    import pandas as pd

    return pd.DataFrame(
        {
            column.name: _categorical(values[:, column_index], column)
            if column.kind == "categorical"
            else values[:, column_index]
            for column_index, column in enumerate(inputs(schema))
        }
    )


def _categorical(codes: Matrix, column: Column) -> Any:
    import pandas as pd

    known = pd.Index(list(column.categories))
    return pd.Categorical.from_codes(np.where(np.isnan(codes), -1, codes).astype(np.int64), known)


def _values(array: Any, column: Column) -> Matrix:
    if column.kind != "categorical":
        return np.asarray(array.to_numpy(), dtype=np.float64)
    codes = {name: float(code) for code, name in enumerate(column.categories)}
    return np.array([codes.get(value, np.nan) for value in array.to_pylist()], dtype=np.float64)


def _value(value: Any, column: Column, codes: Mapping[str, float]) -> float:
    if value is None:
        return float("nan")
    return codes[value] if column.kind == "categorical" else float(value)
