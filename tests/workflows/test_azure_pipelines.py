"""workflows/azure-pipelines: valid by the published schema, GitHub's commands, scripts run as an agent would."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from driftloop.config import models
from driftloop.config.models import AzureDevOpsTarget
from driftloop.events import DriftDetected, ModelRegistered
from function_app.dispatch.devops import AzureDevOpsDispatcher
from function_app.dispatch.requests import DispatchRefusedError
from tests.azure_pipelines import Agent, AzurePipelinesStandIn, PipelineRun, expand
from tests.sandbox.github.client import shorten_lock, write_tree

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "workflows" / "azure-pipelines"
FILES = sorted(FOLDER.rglob("*.yml"))
RECORDER = """
    import json, os, sys
    names = ["DRIFT_ID", "AS_OF", "DRIFT_SINCE", "DRIFT_REASON", "DRIFT_ATTEMPT", "DRIFTLOOP_MODEL"]
    names += ["AZURE_ML_WORKSPACE"]
    names += ["BUILD_BUILDID", "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "SYSTEM_ACCESSTOKEN"]
    names += ["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"]
    print("RECORDED " + json.dumps({"argv": sys.argv[1:]} | {name: os.environ.get(name) for name in names}))
"""
DRIFT = DriftDetected(
    drift_id="drift-0123456789ab",
    check_id="chk-0123456789ab",
    model="wine",
    baseline_version="1",
    reason="drift",
    as_of="2026-01-05T00:00:00Z",
    since="2026-01-02T00:00:00Z",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    for name in ("workflows", "requirements"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copytree(ROOT / "workflows/chosen_models", tree / "workflows/chosen_models", dirs_exist_ok=True)
    shorten_lock(tree)
    outputs = """
    print("##vso[task.setvariable variable=promoted;isOutput=true]" + os.environ.get("PROMOTED", "true"))
    print("##vso[task.setvariable variable=model_version;isOutput=true]2")
    """
    files = [f"models/{name}/{file}" for name in ("beer", "wine") for file in ("schema.toml", "model.toml")]
    copied = {f"workflows/{name}.py": (ROOT / f"workflows/{name}.py").read_text() for name in ("payload", "reporting")}
    programs = {"workflows/train.py": RECORDER + outputs, "workflows/deploy.py": RECORDER}
    return write_tree(tree, programs | copied | dict.fromkeys(files, ""))


def agent(tree: Path, **environment: str) -> Agent:
    connection = {"CLIENT_ID": "client", "TENANT_ID": "tenant", "SERVICE_CONNECTION_ID": "connection"}
    return Agent(
        tree,
        environment=environment,
        variables={"AZURE_ML_WORKSPACE": "ws"},
        connections={"driftloop-azure": connection, "driftloop-azure-deploy": {**connection, "CLIENT_ID": "deployer"}},
    )


def recorded(run: PipelineRun) -> list[dict[str, Any]]:
    logs = [step.log for stage in run.stages for step in stage.steps]
    return [json.loads(line.partition(" ")[2]) for log in logs for line in log.splitlines() if "RECORDED {" in line]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_every_file_is_valid_by_the_published_schema(file: Path) -> None:
    # fmt: off
    command = [
        sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.azure-pipelines",
        "--data-transform", "azure-pipelines", "--regex-variant", "nonunicode", str(file),
    ]
    # fmt: on
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def test_both_systems_run_the_same_commands() -> None:
    actions = {
        name: [
            step["run"].removeprefix("exec ")
            for step in _steps(f"workflows/actions/{name}/action.yml")
            if "run" in step
        ]
        for name in ("train", "deploy")
    }
    pipeline = yaml.safe_load((FOLDER / "templates" / "steps.yml").read_text())["steps"]
    prepare = [step["bash"] for step in pipeline if "bash" in step]
    assert prepare == actions["train"][:2] == actions["deploy"][:2]
    stages = expand(FOLDER / "train.yml", {})["stages"]
    commands = [_last_script(stage) for stage in stages]
    assert commands == ["exec python -m workflows.train", f"exec {actions['deploy'][2]}"]
    assert actions["train"][2].splitlines()[-1] == "exec python -m workflows.train"


def _steps(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / path).read_text())["runs"]["steps"]
    return found


def _last_script(stage: dict[str, Any]) -> str:
    job = stage["jobs"][0]
    steps = job.get("steps") or job["strategy"]["runOnce"]["deploy"]["steps"]
    return str(steps[-1]["inputs"]["inlineScript"]).strip().splitlines()[-1]


def test_no_run_is_dropped_and_production_is_an_environment() -> None:
    train, deploy = (yaml.safe_load((FOLDER / name).read_text()) for name in ("train.yml", "deploy.yml"))
    assert train["lockBehavior"] == deploy["lockBehavior"] == "sequential"
    assert (deploy["trigger"], train["pr"]) == ("none", "none")
    github = yaml.safe_load((ROOT / ".github/workflows/train.yml").read_text())
    paths = [path.removesuffix("/**") for path in github[True]["push"]["paths"] if not path.startswith("!")]
    assert train["trigger"]["paths"]["include"] == paths
    job = expand(FOLDER / "deploy.yml", {})["stages"][0]["jobs"][0]
    assert job["environment"] == "production"


def test_every_field_of_every_event_is_a_parameter() -> None:
    """Azure DevOps refuses a run with a parameter that its pipeline does not declare."""
    declared = {entry["name"] for entry in yaml.safe_load((FOLDER / "train.yml").read_text())["parameters"]}
    fields = {*DRIFT.payload(), *ModelRegistered(model="m", version="1", event_id="e").payload()}
    assert fields | {"event_type"} == declared


@pytest.mark.slow
def test_the_function_apps_event_trains_and_then_deploys(tree: Path) -> None:
    with AzurePipelinesStandIn({7: tree / "workflows/azure-pipelines/train.yml"}, agent(tree)) as devops:
        target = AzureDevOpsTarget(organization="proseware", project="driftloop", pipeline=7, api_url=devops.url)
        dispatcher = AzureDevOpsDispatcher(target, token=lambda: devops.token)
        sent = dispatcher.send(DRIFT)
        assert sent is not None
        found = dispatcher.find("drift-0123456789ab", datetime.now(UTC) - timedelta(hours=1))
        assert found is not None
        assert found.run_id == sent.run_id
        devops.wait_idle()
        ended = dispatcher.run(sent.run_id)
        assert ended is not None
        assert (ended.completed, ended.conclusion) == (True, "succeeded")
        run = devops.runs[int(sent.run_id)]
        assert [(stage.name, stage.result) for stage in run.stages] == [("train", "Succeeded"), ("deploy", "Succeeded")]
        train, deploy = recorded(run)
        assert train == {
            "argv": [],
            "DRIFT_ID": "drift-0123456789ab",
            "AS_OF": "2026-01-05T00:00:00Z",
            "DRIFT_SINCE": "2026-01-02T00:00:00Z",
            "DRIFT_REASON": "drift",
            "DRIFT_ATTEMPT": "1",
            "DRIFTLOOP_MODEL": "wine",
            "AZURE_ML_WORKSPACE": "ws",
            "BUILD_BUILDID": sent.run_id,
            "AZURE_CLIENT_ID": "client",
            "AZURE_TENANT_ID": "tenant",
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "connection",
            "SYSTEM_ACCESSTOKEN": "job-access-token",
        }
        assert deploy["argv"] == ["--model", "wine", "--version", "2"]

        registered = dispatcher.send(ModelRegistered(model="wine", version="5", event_id="e"))
        assert registered is not None
        devops.wait_idle()
        run = devops.runs[int(registered.run_id)]
        assert [stage.name for stage in run.stages] == ["deploy"]
        assert recorded(run)[0]["argv"] == ["--model", "wine", "--version", "5"]

        with pytest.raises(DispatchRefusedError, match="identity is not known"):
            AzureDevOpsDispatcher(target, token=lambda: "another").send(DRIFT)


@pytest.mark.slow
def test_a_rejected_challenger_is_not_deployed_and_a_hostile_event_reaches_no_program(tree: Path) -> None:
    rejected = agent(tree, PROMOTED="false").run(expand(tree / "workflows/azure-pipelines/train.yml", {}), {})
    assert [(stage.name, stage.result) for stage in rejected.stages] == [("train", "Succeeded"), ("deploy", "Skipped")]
    hostile = {"drift_id": "$(id); curl evil", "model": "m`id`"}
    refused = agent(tree).run(expand(tree / "workflows/azure-pipelines/train.yml", hostile), {})
    assert [(stage.name, stage.result) for stage in refused.stages] == [("train", "Failed"), ("deploy", "Skipped")]
    assert recorded(refused) == []
    assert "curl evil" not in refused.stages[0].steps[0].log


@pytest.mark.slow
def test_a_rollback_by_hand_runs_the_same_script(tree: Path) -> None:
    pipeline = expand(tree / "workflows/azure-pipelines/deploy.yml", {"action": "rollback"})
    run = agent(tree).run(pipeline, {})
    assert run.result == "succeeded"
    assert recorded(run)[0]["argv"] == ["rollback"]  # of the only model; the program refuses where there are more


def commit(tree: Path, **files: str) -> str:
    """Write files, commit everything, and say which commit that is."""
    write_tree(tree, {name.replace("__", "/"): content for name, content in files.items()})
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(tree), *command], check=True, capture_output=True)
    told = subprocess.run(["git", "-C", str(tree), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return told.stdout.strip()


@pytest.mark.slow
def test_a_push_starts_a_run_for_each_model_that_changed_since_the_last_push_that_succeeded(tree: Path) -> None:
    first = commit(tree)
    with AzurePipelinesStandIn({7: tree / "workflows/azure-pipelines/train.yml"}, agent(tree)) as devops:

        def push(sha: str) -> list[str]:
            before = len(devops.documents)
            devops.push(7, sha)
            devops.wait_idle()
            push, *started = devops.documents[before:]
            assert push["result"] == "succeeded", devops.runs[push["id"]].stages[0].steps[0].log
            assert [stage.name for stage in devops.runs[push["id"]].stages] == ["models"]
            for run in started:
                assert [stage.result for stage in devops.runs[run["id"]].stages] == ["Succeeded", "Succeeded"]
                train, deploy = recorded(devops.runs[run["id"]])
                assert train["DRIFTLOOP_MODEL"] == run["templateParameters"]["model"] == deploy["argv"][1]
            return [run["templateParameters"]["model"] for run in started]

        assert push(first) == ["beer", "wine"]  # nothing was built before
        (tree / "models/wine/model.toml").write_text("x")
        commit(tree)
        assert push(commit(tree, docs__page="words")) == ["wine"]
        assert push(commit(tree, docs__page="more")) == []
        assert push(commit(tree, training__gate="x")) == ["beer", "wine"]


def test_the_setting_in_the_documentation_is_one_that_driftloop_takes(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "azure-devops.md").read_text(), re.DOTALL)
    file = tmp_path / "driftloop.toml"
    file.write_text(f'[defaults]\nrecords = "incoming/{{model}}/**"\n{block}\n[[model]]\nname = "m"\n')
    (model,) = models.load(file).models
    assert model.dispatch == AzureDevOpsTarget(organization="proseware", project="driftloop", pipeline=7)
