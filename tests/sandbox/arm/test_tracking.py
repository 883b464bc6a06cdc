"""A step logs parameters and metrics through the real MLflow plugin into its own run."""

from pathlib import Path

import pytest
from azure.ai.ml import MLClient, dsl
from azure.identity import DefaultAzureCredential

from sandbox.arm import AzureStandIn
from sandbox.azurite import Azurite
from sandbox.waiting import wait_until
from tests.sandbox.arm.pipelines import component, submit

LOG = """
import mlflow
with mlflow.start_run():
    mlflow.log_params({"alpha": 0.5})
    mlflow.log_metrics({"rmse": 3.0})
    mlflow.log_metric("rmse", 2.0)
"""


@pytest.mark.slow
def test_what_a_step_logs_stands_in_its_own_run(
    azurite: Azurite, tmp_path: Path, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code / "log.py").write_text(LOG)
    with AzureStandIn(tmp_path / "azure", azurite, tracking=True) as azure:
        for name, value in azure.environment().items():
            monkeypatch.setenv(name, value)
        scope = azure.scope
        client = MLClient(DefaultAzureCredential(), scope.subscription, scope.group, scope.workspace)
        log = component(tmp_path, code, "python log.py")

        @dsl.pipeline(name="logging")
        def pipeline() -> None:
            log()

        submit(client, pipeline())
        wait_until(lambda: azure.jobs()[0]["status"] in ("Completed", "Failed"), "the job's end", pause=0.1)
        row = azure.jobs()[0]
        assert row["status"] == "Completed", row
        assert row["steps"][0]["metrics"] == {"rmse": 2.0}
        run = azure.recorder.find("GET", "/runs/get$")
        assert [request.status for request in run] == [200] * len(run)
