"""What the endpoint accepts: `{"data": [{feature: value, ...}, ...]}`, checked against the model's schema before the
model sees it. With `"explain": true` beside it, of a few records, the answer also says what drove it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from driftloop.data.columns.texts import LONGEST_TEXT
from driftloop.data.schema import Column, Schema
from training.features import inputs

LARGEST_BATCH = 10_000  # records: of ten columns about 1.2 MB of JSON; the endpoint's front takes 10 MB
LARGEST_EXPLAINED = 10  # records: each asks the model up to 4,096 times, and the endpoint gives up after 10 s
EXPLAIN = "explain"


class RequestError(ValueError):
    """The request cannot be scored; `field` names what is wrong, never its value: that may be a patient's."""

    def __init__(self, message: str, field: str, row: int | None = None) -> None:
        super().__init__(message)
        self.body = {"error": message, "field": field} | ({} if row is None else {"row": row})


def rows(payload: Any, schema: Schema) -> list[dict[str, Any]]:
    """The request's records, each with every feature of the schema. Raises RequestError naming the first field that is
    wrong.
    """
    if not isinstance(payload, Mapping) or not {"data"} <= set(payload) <= {"data", EXPLAIN}:
        raise RequestError('the body must be {"data": [record, ...]}, or with "explain": true', "data")
    data, explained = payload["data"], payload.get(EXPLAIN, False)
    if not isinstance(explained, bool):
        raise RequestError("explain must be true or false", EXPLAIN)
    if not isinstance(data, Sequence) or isinstance(data, str) or not data:
        raise RequestError("data must be a list of at least one record", "data")
    if len(data) > LARGEST_BATCH:
        raise RequestError(f"data holds more than {LARGEST_BATCH} records: send smaller batches", "data")
    if explained and len(data) > LARGEST_EXPLAINED:
        raise RequestError(f"explain takes at most {LARGEST_EXPLAINED} records at a time", EXPLAIN)
    columns = inputs(schema)
    return [_row(row, number, columns) for number, row in enumerate(data)]


def is_explained(payload: Any) -> bool:
    """Whether a request that `rows` accepts asks what drove its answers."""
    return bool(payload.get(EXPLAIN, False))


def _row(row: Any, number: int, columns: tuple[Column, ...]) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise RequestError("each record must be an object", "data", number)
    names = {column.name for column in columns}
    for name in row:
        if name not in names:
            raise RequestError(f"unknown field {str(name)[:LONGEST_TEXT]!r}", str(name)[:LONGEST_TEXT], number)
    checked = {}
    for column in columns:
        if column.name not in row:
            raise RequestError(f"field {column.name!r} is missing", column.name, number)
        check = _category if column.kind == "categorical" else _number
        checked[column.name] = (
            None if row[column.name] is None else check(row[column.name], column, _refuser(column, number))
        )
    return checked


def _number(value: Any, column: Column, refuse: Callable[[str], RequestError]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise refuse("must be a number")
    if column.range is not None and not column.range[0] <= value <= column.range[1]:
        raise refuse(f"must lie between {column.range[0]:g} and {column.range[1]:g}")
    return float(value)


def _category(value: Any, column: Column, refuse: Callable[[str], RequestError]) -> str:
    whole = isinstance(value, float) and value.is_integer()
    text = str(int(value)) if whole else str(value).lower() if isinstance(value, bool) else str(value)
    if not isinstance(value, str | int | float) or text not in column.categories:
        raise refuse(f"must be one of {', '.join(column.categories)}")
    return text


def _refuser(column: Column, number: int) -> Callable[[str], RequestError]:
    unit = f" ({column.unit})" if column.unit else ""
    return lambda what: RequestError(f"field {column.name!r}{unit} {what}", column.name, number)


def example(schema: Schema) -> dict[str, Any]:
    """A request that is accepted, made from the schema alone: no record of anyone."""
    row: dict[str, Any] = {}
    for column in inputs(schema):
        if column.kind == "categorical":
            row[column.name] = column.categories[0]
        else:
            row[column.name] = round(sum(column.range) / 2, 1) if column.range else 1.0
    return {"data": [row]}
