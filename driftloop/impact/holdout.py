"""The holdout that is registered with a version: a sample of its records with the model's error on each.

It is a saved baseline with one more column, so the sample has the same bound and the same hashes. It holds neither
outcomes nor ids. It holds features, the prediction where the schema has a column for it, and the error.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from driftloop.data.columns.numbers import numbers
from driftloop.data.columns.texts import texts
from driftloop.data.schema import Column, Schema
from driftloop.data.sources import batches_of
from driftloop.errors import InputError
from driftloop.profile.sources import ready_contents
from driftloop.profile.window import Baseline
from driftloop.sequential.prediction_error import PROBABILITY, class_of, comparable, error_of
from driftloop.validation import nearest

if TYPE_CHECKING:
    import pyarrow as pa

ERROR = "model_error"
"""The column of errors: |prediction - outcome| of numbers, 0 or 1 of classes, (p - [it is the class])^2 of a
probability (`driftloop.sequential.prediction_error`)."""
PREDICTION = "prediction"
"""What a table's column of predictions is called where the schema names none."""
FEWEST = 50
"""Records; with fewer, an error model would repeat their noise."""


def holdout_schema(schema: Schema) -> Schema:
    """The compared columns of a model's schema, and one for the error."""
    if any(column.name == ERROR for column in schema.features):
        raise InputError(f"column {ERROR!r} is a feature: rename it, because a holdout's errors are called so")
    return Schema((*schema.features, Column(ERROR)), schema.missing, schema.reading)


def build_holdout(table: pa.Table, errors: Any, schema: Schema) -> Baseline:
    """The holdout to register: records as `schema` reads them, and the model's error (n,) on each.

    Raises InputError for errors that are negative or not finite.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"size": [1.0, 2.0, 4.0]})
    >>> build_holdout(table, [0.5, 0.0, 1.5], Schema.infer(table))
    Baseline(3 rows of size, model_error)
    """
    import pyarrow as pa

    values = np.asarray(errors, dtype=float)
    if not np.isfinite(values).all() or (values < 0).any():
        raise InputError("errors of the model must be finite and not negative: pass |prediction - outcome|")
    complete = holdout_schema(schema)
    names = [column.name for column in schema.features if column.name in table.column_names]
    return Baseline.build(table.select(names).append_column(ERROR, pa.array(values)).to_batches(), complete)


def read_holdout(source: Any, schema: Schema, fewest: int = FEWEST) -> Baseline:
    """A holdout from whatever a caller holds: one that was saved, or a table with predictions and outcomes.

    Parameters
    ----------
    source
        A saved holdout, or a table or path with the features and either `model_error`, or the schema's target and a
        column of predictions. That is the schema's, `prediction`, or `probability_<class>`.
    schema
        The baseline's.
    fewest
        Records with an error that are needed.

    Raises
    ------
    InputError
        Where columns are missing, or fewer records than are needed have an error.
    """
    where = str(source) if isinstance(source, str | Path) else "holdout"
    wanted = holdout_schema(schema)
    if ready_contents(source) is not None:
        found = source if isinstance(source, Baseline) else Baseline(source)
        if [(c.name, c.kind) for c in found.schema.features] != [(c.name, c.kind) for c in wanted.features]:
            raise InputError(f"{where}: holds other columns than the reference: it belongs to another version")
    else:
        import pyarrow as pa

        rows = pa.Table.from_batches(list(batches_of(source)))
        errors = _errors(rows, schema, where)
        known = np.isfinite(errors)
        found = build_holdout(rows.filter(pa.array(known)), errors[known], schema)
    if found.rows < fewest:
        raise InputError(f"{where}: {found.rows} records have an error of the model: at least {fewest} are needed")
    return found


def _errors(rows: pa.Table, schema: Schema, where: str) -> Any:
    """The error of each row, NaN where it lacks outcome or prediction."""
    if ERROR in rows.column_names:
        return numbers(rows[ERROR].combine_chunks(), schema.missing).values
    target = schema.role("target")
    if target is None or target.name not in rows.column_names:
        name = "the outcome, the reference's target," if target is None else f"the outcome {target.name!r}"
        raise InputError(f"{where}: has no column with {name}: name it by --target, or add a column {ERROR!r}")
    said = _prediction(rows, schema, target, where)
    if not comparable(said, target):
        raise InputError(
            f"{where}: predictions ({said.name!r}) are {said.kind}, outcomes ({target.name!r}) {target.kind}: "
            f"give both the same kind in the schema, or call a class's probability {PROBABILITY}<class>"
        )
    pairs = zip(_values(rows, said, schema), _values(rows, target, schema), strict=True)
    of = class_of(said)
    return np.array([np.nan if a is None or b is None else error_of(a, b, of) for a, b in pairs])


def _prediction(rows: pa.Table, schema: Schema, target: Column, where: str) -> Column:
    known = schema.role("prediction")
    if known is not None:
        return known
    names = rows.column_names
    found = PREDICTION if PREDICTION in names else next((n for n in names if n.startswith(PROBABILITY)), None)
    if found is None:
        raise InputError(f"{where}: has no column {PREDICTION!r}{nearest(PREDICTION, names)}: what the model answered")
    return Column(found, "numeric" if found.startswith(PROBABILITY) else target.kind, role="prediction")


def _values(rows: pa.Table, column: Column, schema: Schema) -> list[Any]:
    if column.name not in rows.column_names:
        raise InputError(f"the holdout has no column {column.name!r}: add what the model answered")
    array = rows[column.name].combine_chunks()
    if column.kind == "categorical":
        found = texts(array, schema.missing)
        return [None if code < 0 else found.levels[code] for code in found.codes]
    return [value if np.isfinite(value) else None for value in numbers(array, schema.missing).values.tolist()]
