"""Sweeps: what Azure refuses is refused, every trial is played, and the best one's outputs are the node's."""

from pathlib import Path
from typing import Any

import pytest
from azure.ai.ml import MLClient, dsl
from azure.ai.ml.sweep import Choice
from azure.identity import DefaultAzureCredential

from sandbox.arm import AzureStandIn
from sandbox.arm.graph import read_graph
from sandbox.arm.sweep import Sweep, best, read_sweep
from sandbox.arm.wire import ArmError
from sandbox.azurite import Azurite
from sandbox.waiting import wait_until
from tests.contracts.arm_contract import AVAILABLE, violations
from tests.sandbox.arm.pipelines import component, submit

NODE = {
    "objective": {"goal": "minimize", "primary_metric": "cv_log"},
    "limits": {"max_total_trials": 3, "max_concurrent_trials": 2},
    "sampling_algorithm": "grid",
    "search_space": {"trial": {"type": "choice", "values": [0, 1, 2]}},
}
INPUTS = {"trial": {"type": "integer"}, "data": {"type": "uri_folder"}}
LOG = """
import sys
import mlflow
number, out = int(sys.argv[1]), sys.argv[2]
if number == 0:
    sys.exit("trial 0 fails")
if number < 3:
    with mlflow.start_run():
        mlflow.log_metrics({"error": [None, 5.0, 2.0][number]})
with open(out + "/number.txt", "w") as file:
    file.write(str(number))
"""


def test_a_grid_over_one_input_is_read() -> None:
    assert read_sweep("search", NODE, INPUTS) == Sweep("trial", ("0", "1", "2"), "cv_log", "minimize", 2)


def test_no_more_trials_than_the_limit_are_played() -> None:
    node = NODE | {"limits": {"max_total_trials": 2}}
    assert read_sweep("search", node, INPUTS).values == ("0", "1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"objective": {"goal": "minimize"}}, "needs a primary_metric"),
        ({"objective": {"goal": "lower", "primary_metric": "x"}}, "a goal that is minimize or maximize"),
        ({"search_space": {}}, "search_space is empty"),
        ({"search_space": {"trail": {"type": "choice", "values": [1]}}}, "the component has no input trail"),
        ({"search_space": {"trial": {"type": "uniform", "min_value": 0}}}, "grid sampling takes choice alone"),
        ({"search_space": {"trial": {"type": "choice", "values": []}}}, "search_space.trial has no values"),
        ({"sampling_algorithm": "genetic"}, "is grid, random or bayesian"),
        ({"sampling_algorithm": "random"}, "the sandbox plays a grid over one input only"),
        ({"limits": {"max_total_trials": 0}}, "max_total_trials must be a whole number between 1 and 1000"),
        ({"limits": {"max_total_trials": 1_001}}, "max_total_trials must be"),
        ({"limits": {"max_total_trials": 3, "max_concurrent_trials": 0}}, "max_concurrent_trials must be"),
        ({"limits": {"max_total_trials": 3, "max_concurrent_trials": 4}}, "must not be above max_total_trials"),
    ],
)
def test_what_azure_refuses_of_a_sweep_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ArmError, match=said):
        read_sweep("search", NODE | change, INPUTS)


def test_a_trial_that_is_not_there_is_refused_at_submission() -> None:
    job = {"jobs": {"search": NODE | {"type": "sweep", "trial": {"componentId": "gone"}}}}
    with pytest.raises(ArmError, match="component 'gone' was not found"):
        read_graph(job, {})


@pytest.mark.parametrize(
    ("goal", "metrics", "place"),
    [
        ("minimize", [3.0, 1.0, 2.0], 1),
        ("maximize", [3.0, 1.0, 2.0], 0),
        ("minimize", [None, 4.0, 4.0], 1),
        ("maximize", [None, None, -4.0], 2),
    ],
)
def test_the_best_trial(goal: str, metrics: list[float | None], place: int) -> None:
    assert best(Sweep("trial", ("0", "1", "2"), "error", goal, 1), metrics) == place


def test_where_no_trial_logged_the_metric_there_is_no_best() -> None:
    with pytest.raises(ArmError, match="No trial has logged the primary metric 'error'"):
        best(Sweep("trial", ("0",), "error", "minimize", 1), [None])


@pytest.mark.slow
def test_a_sweep_built_by_the_sdk_is_played_and_its_best_trial_handed_on(
    azurite: Azurite, tmp_path: Path, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of five trials one fails, two log no metric; the smaller of the two errors wins, and the step behind reads it."""
    (code / "log.py").write_text(LOG)
    with AzureStandIn(tmp_path / "azure", azurite) as azure:
        for name, value in azure.environment().items():
            monkeypatch.setenv(name, value)
        scope = azure.scope
        client = MLClient(DefaultAzureCredential(), scope.subscription, scope.group, scope.workspace)
        trial = component(
            tmp_path,
            code,
            "python log.py ${{inputs.number}} ${{outputs.best}}",
            inputs={"number": "integer"},
            outputs={"best": "uri_folder"},
        )
        use = component(
            tmp_path,
            code,
            "cp ${{inputs.best}}/number.txt ${{outputs.kept}}/",
            inputs={"best": "uri_folder"},
            outputs={"kept": "uri_folder"},
        )

        @dsl.pipeline(name="sweeping")
        def pipeline() -> dict[str, object]:
            node = trial(number=Choice([0, 1, 2, 3, 4])).sweep(
                primary_metric="error",
                goal="minimize",
                sampling_algorithm="grid",
                max_total_trials=5,
                max_concurrent_trials=2,
            )
            node.name = "search"
            return {"kept": use(best=node.outputs.best).outputs.kept}

        job = submit(client, pipeline())
        wait_until(lambda: azure.jobs()[0]["status"] in ("Completed", "Failed"), "the job's end", pause=0.1)
        row = azure.jobs()[0]
        assert row["status"] == "Completed", row
        client.jobs.download(job, download_path=tmp_path / "down", output_name="kept")
        (found,) = (tmp_path / "down").rglob("number.txt")
        assert found.read_text() == "2"
        if AVAILABLE:
            assert violations(azure.recorder) == []
