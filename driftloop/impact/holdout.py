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
from driftloop.impact.holdout_file import is_saved, read_saved
from driftloop.impact.holdout_predictions import ROUNDING, hold_as_predictions
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
LARGEST_ERROR = 1e70
"""Squares of larger ones, weighted and summed, come near what a double holds; training takes no larger outcome."""


def holdout_schema(schema: Schema) -> Schema:
    """The compared columns of a model's schema, and one for the error."""
    if any(column.name == ERROR for column in schema.features):
        raise InputError(f"column {ERROR!r} is a feature: rename it, because a holdout's errors are called so")
    return Schema((*schema.features, Column(ERROR)), schema.missing, schema.reading)


def build_holdout(table: pa.Table, errors: Any, schema: Schema) -> Baseline:
    """The holdout to register: records as `schema` reads them, and the model's error (n,) on each.

    Raises InputError for errors that are negative, not finite, or beyond 1e70.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"size": [1.0, 2.0, 4.0]})
    >>> build_holdout(table, [0.5, 0.0, 1.5], Schema.infer(table))
    Baseline(3 rows of size, model_error)
    """
    import pyarrow as pa

    values = np.asarray(errors, dtype=float)
    _hold_as_errors(values, "errors of the model", "pass |prediction - outcome|")
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
    saved = is_saved(source, len(holdout_schema(schema).features), where)
    found = _saved(source, schema, where) if saved else _of_table(source, schema, where)
    if found.rows < fewest:
        raise InputError(f"{where}: {found.rows} records have an error of the model: at least {fewest} are needed")
    return found


def _saved(source: Any, schema: Schema, where: str) -> Baseline:
    """A holdout that was saved, with errors that can be ones of the schema's target."""
    wanted = holdout_schema(schema)
    found, beside = read_saved(source, wanted, where)
    for each in (found, *(() if beside is None else (beside,))):
        _hold_as_errors(each.profile.sample.values[:, -1], f"{where}: its errors", "register the holdout again")
        _hold_as_class_errors(each.profile.sample.values[:, -1], schema, where)
    return found


def _of_table(source: Any, schema: Schema, where: str) -> Baseline:
    """A holdout of a table with features, predictions and outcomes, or errors."""
    import pyarrow as pa

    rows = pa.Table.from_batches(list(batches_of(source)))
    for column in schema.features:
        if column.role == "feature" and column.name not in rows.column_names:
            near = nearest(column.name, rows.column_names)
            raise InputError(f"{where}: has no column {column.name!r}{near}: give the features of the reference")
    errors = _errors(rows, schema, where)
    known = np.isfinite(errors)
    _hold_as_errors(errors[known], f"{where}: its errors", "give |prediction - outcome|")
    _hold_as_class_errors(errors[known], schema, where)
    found = build_holdout(rows.filter(pa.array(known)), errors[known], schema)
    for column in found.schema.features:
        if found.rows and found.profile.columns[column.name].malformed == found.rows:
            raise InputError(
                f"{where}: column {column.name!r} is {column.kind} in the reference, and none of its values is: is it "
                "the right column?"
            )
    return found


def _hold_as_errors(values: Any, what: str, do: str) -> None:
    """Raises InputError for errors that none can be."""
    if not np.isfinite(values).all() or (values < 0).any() or (values > LARGEST_ERROR).any():
        raise InputError(f"{what} must be finite, not negative, and at most {LARGEST_ERROR:g}: {do}")


def _hold_as_class_errors(values: Any, schema: Schema, where: str) -> None:
    """Raises InputError for an error beyond 1 where the outcome is a class."""
    target = schema.role("target")
    beyond = int((values > 1 + 3 * ROUNDING).sum())  # the square of a probability's rounding
    if target is not None and target.kind == "categorical" and beyond:
        raise InputError(f"{where}: errors of a class ({target.name!r}) are at most 1, and {beyond:,} are not")


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
    of = class_of(said)
    predicted, outcomes = _values(rows, said, schema), _values(rows, target, schema)
    hold_as_predictions(rows, (said, predicted), (target, outcomes), schema.missing, where)
    pairs = zip(predicted, outcomes, strict=True)
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
