"""Azure ML's data collector behind one function, switched on by DRIFTLOOP_COLLECT_DATA."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

Collect = Callable[[list[dict[str, Any]], list[float]], None]


def make(environment: Mapping[str, str]) -> Collect:
    """A function that hands a batch and its predictions to the collector; one that does nothing unless it is switched
    on.

    The two are tied by the collector's own correlation id, so that labels can later be joined to what was predicted.
    """
    if environment.get("DRIFTLOOP_COLLECT_DATA", "").lower() != "true":
        return _collect_nothing
    import pandas as pd
    from azureml.ai.monitoring import Collector

    inputs = Collector(name="model_inputs", on_error=_report)
    outputs = Collector(name="model_outputs", on_error=_report)

    def collect(rows: list[dict[str, Any]], predictions: list[float]) -> None:
        context = inputs.collect(pd.DataFrame(rows))
        outputs.collect(pd.DataFrame({"prediction": predictions}), context)

    return collect


def _report(error: Exception) -> None:
    """Scoring goes on when collecting fails; the kind of error is logged, and none of the data."""
    logging.getLogger("driftloop.score").warning('{"event": "not collected", "error": "%s"}', type(error).__name__)


def _collect_nothing(_rows: list[dict[str, Any]], _predictions: list[float]) -> None:
    """What a deployment does that was not asked to collect."""
