"""Every record's id stands beside its inputs and beside its prediction."""

import sys
import types

import pandas as pd
import pytest

from driftloop import Column, Schema
from training.serving import collector

WITH_ID = Schema(columns=(Column(name="case", kind="categorical", role="id"), Column(name="bmi")))


class Recorded:
    """azureml-ai-monitoring's Collector, as far as it is called here."""

    seen: list[tuple[str, pd.DataFrame, object]]

    def __init__(self, *, name: str, on_error: object) -> None:
        del on_error
        self._name = name

    def collect(self, data: pd.DataFrame, context: object = None) -> object:
        self.seen.append((self._name, data, context))
        return "context"


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, pd.DataFrame, object]]:
    Recorded.seen = []
    module = types.ModuleType("azureml.ai.monitoring")
    module.Collector = Recorded  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "azureml.ai.monitoring", module)
    return Recorded.seen


@pytest.mark.parametrize(
    ("schema", "column"), [(WITH_ID, "case"), (Schema(columns=(Column(name="bmi"),)), "record_id")]
)
def test_inputs_and_predictions_carry_the_same_ids(
    schema: Schema, column: str, seen: list[tuple[str, pd.DataFrame, object]]
) -> None:
    collect = collector.make({"DRIFTLOOP_COLLECT_DATA": "true"}, schema)
    collect([{"bmi": 20.0}, {"bmi": 21.0}], {"predictions": [1.0, 2.0]})
    collect([{"bmi": 22.0}], {"predictions": [3.0]})
    assert [(name, context) for name, _, context in seen] == [
        ("model_inputs", None),
        ("model_outputs", "context"),
    ] * 2
    assert [list(data.columns) for _, data, _ in seen[:2]] == [[column, "bmi"], [column, "prediction"]]
    inputs = pd.concat([data for name, data, _ in seen if name == "model_inputs"]).set_index(column)
    outputs = pd.concat([data for name, data, _ in seen if name == "model_outputs"]).set_index(column)
    assert inputs.index.is_unique
    assert inputs.join(outputs)[["bmi", "prediction"]].to_numpy().tolist() == [[20.0, 1.0], [21.0, 2.0], [22.0, 3.0]]


@pytest.mark.parametrize("setting", ["", "false", "1"])
def test_nothing_is_collected_that_nobody_asked_for(setting: str, seen: list[tuple[str, pd.DataFrame, object]]) -> None:
    collector.make({"DRIFTLOOP_COLLECT_DATA": setting}, WITH_ID)([{"bmi": 20.0}], {"predictions": [1.0]})
    assert seen == []


def test_a_collector_that_fails_does_not_stop_scoring_and_logs_no_value(caplog: pytest.LogCaptureFixture) -> None:
    """Azure's own package, in a process that no endpoint has prepared for it."""
    collector.make({"DRIFTLOOP_COLLECT_DATA": "true"}, WITH_ID)([{"bmi": 87.654321}], {"predictions": [2.0]})
    assert "not collected" in caplog.text
    assert "87.654321" not in caplog.text
