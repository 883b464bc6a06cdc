"""Azure ML's data collector behind one function, switched on by DRIFTLOOP_COLLECT_DATA.

Each record gets an id that is logged as a column with its inputs and with its prediction. The collector writes requests
that come close in time as one line, inputs and outputs grouped differently. So neither a line nor a row's number says
which prediction belongs to which record; the id does.
"""

import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from driftloop.data.schema import Schema
from driftloop.sequential.prediction_error import PROBABILITY

Collect = Callable[[list[dict[str, Any]], dict[str, list[Any]]], None]
RECORD_ID = "record_id"  # the column's name where the schema has none with the role id
PREDICTION = "prediction"


def make(environment: Mapping[str, str], schema: Schema) -> Collect:
    """A function that hands a batch and the reply to it to the collector; one that does nothing unless it is switched
    on.
    """
    if environment.get("DRIFTLOOP_COLLECT_DATA", "").lower() != "true":
        return _collect_nothing
    import pandas as pd
    from azureml.ai.monitoring import Collector

    column = id_column(schema)
    inputs = Collector(name="model_inputs", on_error=_report)
    outputs = Collector(name="model_outputs", on_error=_report)

    def collect(rows: list[dict[str, Any]], reply: dict[str, list[Any]]) -> None:
        ids = record_ids(len(rows))
        context = inputs.collect(pd.DataFrame([{column: name, **row} for name, row in zip(ids, rows, strict=True)]))
        outputs.collect(pd.DataFrame({column: ids, **logged(reply)}), context)

    return collect


def logged(reply: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The columns of predictions: the prediction, and the probability of each class.

    Examples
    --------
    >>> logged({"predictions": ["no"], "probabilities": [{"no": 0.9, "yes": 0.1}], "sets": [["no"]]})
    {'prediction': ['no'], 'probability_no': [0.9], 'probability_yes': [0.1]}
    """
    each = reply.get("probabilities", [])
    names = list(each[0]) if each else []
    return {
        PREDICTION: list(reply["predictions"]),
        **{f"{PROBABILITY}{name}": [row[name] for row in each] for name in names},
    }


def id_column(schema: Schema) -> str:
    """What the id's column is called on both sides."""
    column = schema.role("id")
    return RECORD_ID if column is None else column.name


def record_ids(count: int) -> list[str]:
    """An id for each record of a request, like no other request's."""
    request = uuid.uuid4().hex
    return [f"{request}-{number}" for number in range(count)]


def _report(error: Exception) -> None:
    """Scoring goes on when collecting fails; the kind of error is logged, and none of the data."""
    logging.getLogger("driftloop.score").warning('{"event": "not collected", "error": "%s"}', type(error).__name__)


def _collect_nothing(_rows: list[dict[str, Any]], _reply: dict[str, list[Any]]) -> None:
    """What a deployment does that was not asked to collect."""
