"""`python -m workflows.train` against the stand-in for Azure: real processes, the real SDK, real pipeline steps."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.arm import AzureStandIn
from sandbox.principals import CLUSTER
from sandbox.waiting import HANG_SECONDS, wait_until
from tests.contracts import arm_contract
from tests.sandbox.conftest import azure, azurite, certificate
from tests.workflows.hospital import Place, github_files, outputs, place

__all__ = ["azure", "azurite", "certificate", "github_files"]
DRIFT = "drift-0123456789ab"


@pytest.fixture(scope="module")
def trained(azure: AzureStandIn) -> Iterator[tuple[Place, int, str]]:
    """A hospital whose first model has been trained; exit code and output of that run."""
    with place(azure, "trained") as made:
        made.world(last_day=0)
        yield made, *made.run("workflows.train", GITHUB_RUN_ID="1", GITHUB_SHA="0123456789abcdef")


@pytest.mark.slow
class TestARunThatCompletes:
    def test_the_first_model_is_promoted_and_registered(self, trained: tuple[Place, int, str]) -> None:
        here, code, output = trained
        assert (code, output.splitlines()[-1]) == (0, "trained: promoted version 1"), output
        assert {"trained"} == {row["name"] for row in here.azure.models() if row["name"] == "trained"}
        assert here.read("outcomes", "jobs/train-trained-0123456789ab-1.json")["registration"]["version"] == "1"

    def test_run_again_it_finds_its_job_and_registers_nothing_new(
        self, trained: tuple[Place, int, str], github_files: dict[str, str]
    ) -> None:
        here = trained[0]
        again = github_files | {"GITHUB_RUN_ID": "1", "GITHUB_SHA": "0123456789abcdef"}
        code, output = here.run("workflows.train", **again)
        assert code == 0, output
        assert "resuming train-trained-0123456789ab-1: Completed" in output
        assert outputs(Path(again["GITHUB_OUTPUT"])) == {
            "promoted": "true",
            "model_version": "1",
            "job_name": "train-trained-0123456789ab-1",
        }

    def test_a_drift_is_answered_by_a_challenger_with_an_outcome_and_a_summary(
        self, trained: tuple[Place, int, str], github_files: dict[str, str]
    ) -> None:
        here = trained[0]
        here.world(last_day=11)
        code, output = here.run("workflows.train", DRIFT_ID=DRIFT, DRIFT_REASON="drift", **github_files)
        assert code == 0, output
        outcome = here.read("outcomes", f"{DRIFT}.json")
        assert outcome["outcome"] == "promoted"
        assert outcome["model_version"] == "2"
        assert outcome["job"] == DRIFT
        assert outcome["run_url"] == "https://github.com/proseware/driftloop/actions/runs/17"
        gate = outcome["gate"]
        assert gate["over_champion"]["p_value"] <= gate["level"]
        summary = Path(github_files["GITHUB_STEP_SUMMARY"]).read_text()
        assert "version 2 is registered" in summary
        assert f"| challenger | {gate['challenger']['rmse']:.3g} |" in summary
        assert DRIFT in summary

    def test_the_same_drift_never_registers_twice(self, trained: tuple[Place, int, str]) -> None:
        here = trained[0]
        code, output = here.run("workflows.train", DRIFT_ID=DRIFT)
        assert (code, output.splitlines()[-1]) == (0, "trained: promoted version 2"), output

    def test_a_rejected_challenger_is_an_answer_and_no_failure(self, trained: tuple[Place, int, str]) -> None:
        """The drift's completed job is read again, with what its register step says of a rejected challenger."""
        here = trained[0]
        handover = here.read("outcomes", f"jobs/{DRIFT}.json")
        handover["gate"] |= {"promoted": False, "reasons": ["not better than the champion"]}
        handover["registration"] |= {"promoted": False, "version": None}
        here.put("outcomes", f"jobs/{DRIFT}.json", json.dumps(handover).encode())
        code, output = here.run("workflows.train", DRIFT_ID=DRIFT)
        assert (code, output.splitlines()[-1]) == (0, "trained: rejected"), output
        outcome = here.read("outcomes", f"{DRIFT}.json")
        assert (outcome["outcome"], outcome["model_version"]) == ("rejected", None)
        assert outcome["gate"]["reasons"] == ["not better than the champion"]

    @pytest.mark.skipif(not arm_contract.AVAILABLE, reason="the published schemas are not part of the repository")
    def test_every_request_fits_the_published_schemas(self, trained: tuple[Place, int, str]) -> None:
        assert arm_contract.violations(trained[0].azure.recorder) == []


@pytest.mark.slow
@pytest.mark.parametrize(("example", "positive"), [("breast-cancer", True), ("wine", False)])
def test_a_classifier_is_trained_judged_and_registered_as_a_regression_is(
    azure: AzureStandIn, github_files: dict[str, str], example: str, positive: bool
) -> None:
    name = f"a-{example}"
    with place(azure, name, example) as here:
        here.table()
        code, output = here.run("workflows.train", **github_files)
        assert (code, output.splitlines()[-1]) == (0, f"{name}: promoted version 1"), output
        job = outputs(Path(github_files["GITHUB_OUTPUT"]))["job_name"]
        gate = here.read("outcomes", f"jobs/{job}.json")["gate"]
        assert (gate["task"], gate["promoted"]) == ("binary" if positive else "multiclass", True)
        summary = Path(github_files["GITHUB_STEP_SUMMARY"]).read_text()
        assert f"| challenger | {gate['challenger']['roc_auc']:.3g} |" in summary
        assert "Challenger over a constant answer" in summary
        assert here.read("baselines", f"{name}/1.smoke.json")["probabilities"]
        assert here.read("baselines", f"{name}/1.metrics.json")["holdout_labels"]["counts"]


@pytest.mark.slow
def test_a_step_that_fails_is_named_with_its_last_lines_and_nothing_is_registered(
    azure: AzureStandIn, github_files: dict[str, str]
) -> None:
    with place(azure, "failing") as here:
        here.world(last_day=0)
        here.put("incoming", "failing/records/bad.csv", b"record_id,recorded_at\nX,2030-01-01\n")
        drift = "drift-00000000000c"
        code, output = here.run("workflows.train", DRIFT_ID=drift, **github_files)
        assert code == 1
        assert "prepare | prepare: bad.csv: has no column 'age'; quarantine the file, or correct it" in output
        assert output.splitlines()[-1].startswith(f"step prepare of job {drift} failed: ")
        outcome = here.read("outcomes", f"{drift}.json")
        assert (outcome["outcome"], outcome["job"], outcome["gate"]) == ("failed", drift, None)
        assert outputs(Path(github_files["GITHUB_OUTPUT"]))["promoted"] == "false"
        azure.faults.step("prepare")
        code, output = here.run("workflows.train", DRIFT_ID=drift)
        assert code == 1
        assert f"submitted {drift}-2" in output  # a failed job's name is not used again


@pytest.mark.slow
def test_of_two_runs_for_one_try_of_a_drift_one_trains_and_the_other_ends_with_no_harm(
    azure: AzureStandIn, tmp_path: Path
) -> None:
    """Both at once, which GitHub's concurrency group does not even allow."""
    drift = "drift-0000000000dd"
    with place(azure, "twice") as here:
        here.world(last_day=0)
        processes = [
            here.start(
                "workflows.train",
                DRIFT_ID=drift,
                DRIFT_ATTEMPT="1",
                GITHUB_RUN_ID=run,
                GITHUB_REPOSITORY="proseware/driftloop",
                GITHUB_OUTPUT=str(tmp_path / run),
            )
            for run in ("21", "22")
        ]
        ended = [(process.communicate(timeout=HANG_SECONDS)[0], process.returncode) for process in processes]
        assert [code for _, code in ended] == [0, 0], ended
        (trained,) = [output for output, _ in ended if f"submitted {drift}" in output]
        (other,) = [output for output, _ in ended if output != trained]
        assert f"answers {drift} already" in other
        assert sorted(outputs(tmp_path / run)["promoted"] for run in ("21", "22")) == ["false", "true"]
        assert [job["name"] for job in azure.jobs() if job["name"].startswith(drift)] == [drift]
        assert len([model for model in azure.models() if model["name"] == "twice"]) == 1
        outcome = here.read("outcomes", f"{drift}.json")
        winner = here.read("outcomes", f"runs/{drift}-1.json")
        assert (outcome["outcome"], outcome["run_url"]) == ("promoted", winner["run_url"])

        code, output = here.run("workflows.train", DRIFT_ID=drift, DRIFT_ATTEMPT="1", GITHUB_RUN_ID=winner["run"])
        assert (code, output.splitlines()[-1]) == (0, "twice: promoted version 1"), "run again, it is its own claim"
        here.put("outcomes", f"runs/{drift}-2.json", b"{")
        code, output = here.run("workflows.train", DRIFT_ID=drift, DRIFT_ATTEMPT="2", GITHUB_RUN_ID="23")
        assert (code, "is damaged" in output) == (1, True), output
        written = here.read("outcomes", f"{drift}.json")["run_url"]
        assert written.endswith(f"/runs/{winner['run']}"), "a run that cannot tell writes no outcome"


@pytest.mark.slow
def test_a_cancelled_run_cancels_its_job(azure: AzureStandIn) -> None:
    drift = "drift-00000000000f"
    with place(azure, "cancelled") as here:
        here.world(last_day=0)
        process = here.start("workflows.train", DRIFT_ID=drift)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "running" in line:
                break
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=HANG_SECONDS)
        assert process.returncode == 1
        assert f"cancelling {drift}" in rest
        assert here.read("outcomes", f"{drift}.json")["outcome"] == "failed"
        wait_until(lambda: _status(azure, drift) in {"Canceled", "CancelRequested"}, "the job's cancellation")


def _status(azure: AzureStandIn, job: str) -> str:
    return next(str(row["status"]) for row in azure.jobs() if row["name"] == job)


def test_without_training_data_it_says_where_they_belong(azure: AzureStandIn) -> None:
    with place(azure, "nothing") as here:
        code, output = here.run("workflows.train", DRIFT_ID="drift-00000000000d")
        assert code == 1
        assert "training-data/nothing/historic.parquet is missing" in output.splitlines()[-1]
        assert here.read("outcomes", "drift-00000000000d.json")["outcome"] == "failed"


def test_azure_out_of_order_is_one_line_and_a_failed_outcome(azure: AzureStandIn) -> None:
    with place(azure, "forbidden") as here:
        here.world(last_day=0)
        azure.faults.refuse("PUT", r"/jobs/drift-00000000000e", 403, "AuthorizationFailed", "no write access")
        code, output = here.run("workflows.train", DRIFT_ID="drift-00000000000e")
        assert code == 1
        assert output.splitlines()[-1] == "Azure: AuthorizationFailed: no write access"
        assert here.read("outcomes", "drift-00000000000e.json")["outcome"] == "failed"


@pytest.mark.slow
def test_a_search_is_played_as_a_sweep_and_its_choice_trained(
    azure: AzureStandIn, github_files: dict[str, str]
) -> None:
    name = "a-search"
    with place(azure, name, "wine") as here:
        here.table()
        with (here.models / name / "model.toml").open("a") as settings:
            settings.write("\n[search]\ntrials = 3\nseed = 2\n")
        code, output = here.run("workflows.train", **github_files)
        assert (code, output.splitlines()[-1]) == (0, f"{name}: promoted version 1"), output
        found = here.read("baselines", f"{name}/1.metrics.json")
        (job,) = [row for row in azure.jobs() if row["experiment"] == name]
        (errors,) = [[trial["cv_brier"] for trial in step["trials"]] for step in job["steps"] if step["trials"]]
        assert len(errors) == 3
        assert errors[found["search"]["chosen"]] == min(errors)
        assert found["cross_validated"][0]["error"] == min(errors)
    if arm_contract.AVAILABLE:
        assert arm_contract.violations(azure.recorder) == []


@pytest.mark.slow
def test_a_cluster_of_a_models_own_is_used_and_none_is_made_up(
    azure: AzureStandIn, github_files: dict[str, str]
) -> None:
    name = "a-cluster"
    with place(azure, name, "wine") as here:
        here.table()
        with (here.models / name / "model.toml").open("a") as settings:
            settings.write('\n[compute]\ncluster = "large"\n')
        code, output = here.run("workflows.train", **github_files)
        assert code == 1
        assert f"models/{name}/model.toml [compute] names a cluster 'large' that the workspace does not have" in output
        azure.create_cluster("large", CLUSTER)
        code, output = here.run("workflows.train", **(github_files | {"GITHUB_RUN_ID": "18"}))
        assert (code, output.splitlines()[-1]) == (0, f"{name}: promoted version 1"), output
