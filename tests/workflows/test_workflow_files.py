"""What every workflow file promises: pinned actions, least permissions, limits in time, no payload in a script."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.github.expressions import interpolate
from sandbox.github.startup import granted, startup_problems
from sandbox.github.workflow_files import Workflow, load_all
from training import models
from workflows import settings

EXAMPLE = models.names()[0]
ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / "workflows").glob("actions/*/action.yml"))
OFFERED = ROOT / "action.yml"
"""The action that other repositories use."""
WORKFLOWS, BROKEN = load_all(ROOT)
PAYLOAD = re.compile(r"\$\{\{[^}]*(github\.event|github\.head_ref|inputs\.|needs\.)[^}]*\}\}")


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def steps(node: Any) -> Iterator[dict[str, Any]]:
    """Every step of a file, wherever it stands."""
    if isinstance(node, dict):
        if "run" in node or "uses" in node:
            yield node
        for child in node.values():
            yield from steps(child)
    elif isinstance(node, list):
        for child in node:
            yield from steps(child)


def workflow(file: str) -> Workflow:
    return WORKFLOWS[f".github/workflows/{file}"]


def test_every_file_can_be_read_and_would_start() -> None:
    assert BROKEN == {}
    assert {file.name for file in FILES} >= {"train.yml", "train-model.yml", "deploy.yml", "ci.yml", "heartbeat.yml"}
    elsewhere = "ci.yml: job engine runs on ${{ matrix.system }}, for which there is no runner"  # macOS and Windows too
    assert [problem for found in WORKFLOWS.values() for problem in startup_problems(found, WORKFLOWS)] == [
        f".github/workflows/{elsewhere}"
    ]


@pytest.mark.parametrize("file", [*FILES, *ACTIONS, OFFERED], ids=name)
def test_third_party_actions_are_pinned_by_commit_and_say_which_version_that_is(file: Path) -> None:
    for line in file.read_text().splitlines():
        found = re.search(r"uses:\s*(\S+)(.*)", line)
        if found and not found.group(1).startswith("./"):
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", found.group(1)), line
            assert re.fullmatch(r"\s+# v\d+(\.\d+){0,2}", found.group(2)), line


def test_one_action_has_one_commit_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for file in [*FILES, *ACTIONS, OFFERED]:
        for action, commit in re.findall(r"uses:\s*([\w.-]+/[\w./-]+)@(\S+)", file.read_text()):
            pins.setdefault(action, set()).add(commit)
    assert {action: commits for action, commits in pins.items() if len(commits) > 1} == {}


@pytest.mark.parametrize("file", FILES, ids=name)
def test_every_job_has_a_limit_in_time_and_permissions_of_its_own(file: Path) -> None:
    document = yaml.safe_load(file.read_text())
    assert "permissions" in document
    for job_name, job in document["jobs"].items():
        if "uses" not in job:
            assert 0 < job["timeout-minutes"] <= 360, job_name
        for level in (job.get("permissions") or {}).values():
            assert level in ("read", "write"), job_name


def test_only_what_signs_in_or_writes_issues_may_write_at_all() -> None:
    writes = {
        (Path(found.path).name, scope)
        for found in WORKFLOWS.values()
        for job in found.jobs.values()
        for scope, level in granted(found, job).items()
        if level == "write" and Path(found.path).name != "provision.yml"
    }
    signs_in = {(file, "id-token") for file in ("train.yml", "train-model.yml", "deploy.yml")}
    released = {("release.yml", "id-token"), ("release.yml", "attestations")}
    assert writes == signs_in | released | {("heartbeat.yml", "issues")}


@pytest.mark.parametrize("file", [*FILES, *ACTIONS, OFFERED], ids=name)
def test_no_script_contains_text_that_somebody_else_chose(file: Path) -> None:
    for step in steps(yaml.safe_load(file.read_text())):
        assert not PAYLOAD.search(str(step.get("run", ""))), step
        assert not PAYLOAD.search(str(step.get("with", {}).get("script", ""))), step


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_checkout_leaves_no_token_behind(file: Path) -> None:
    for step in steps(yaml.safe_load(file.read_text())):
        if str(step.get("uses", "")).startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize(("file", "job"), [("train-model.yml", "train"), ("deploy.yml", "deploy")])
def test_no_drift_and_no_version_is_dropped_while_another_runs(file: str, job: str) -> None:
    """GitHub's default cancels the older of two waiting runs: only a queue that keeps all of them will do."""
    block = workflow(file).jobs[job].concurrency
    assert block is not None
    assert (block.queue, block.cancel_in_progress) == ("max", False)
    assert workflow(file).concurrency is None


def test_training_and_deploying_do_not_wait_for_each_other_in_one_group() -> None:
    """A called workflow in its caller's group would wait for itself."""
    places = (("train-model.yml", "train"), ("deploy.yml", "deploy"))
    groups = [workflow(file).jobs[job].concurrency for file, job in places]
    prefixes = {block.group.partition("${{")[0] for block in groups if block}
    assert prefixes == {"train-", "deploy-"}


def test_each_model_waits_in_groups_of_its_own() -> None:
    """Two models that train or deploy at once do not hold each other up, and one never runs twice at once."""
    for file, job in (("train-model.yml", "train"), ("deploy.yml", "deploy")):
        block = workflow(file).jobs[job].concurrency
        assert block is not None
        called = {"github": {"event": {}}, "inputs": {"model": "wine"}}
        sent = {"github": {"event": {"client_payload": {"model": "wine"}}}, "inputs": {"model": "wine"}}
        assert {interpolate(block.group, contexts) for contexts in (called, sent)} == {f"{job}-wine"}
    assert workflow("train.yml").jobs["train"].matrix == {"model": "${{ fromJSON(needs.models.outputs.models) }}"}
    assert workflow("train.yml").jobs["train"].inputs["model"] == "${{ matrix.model }}"


def test_no_workflow_and_no_pipeline_names_a_model() -> None:
    places = [ROOT / folder for folder in (".github", "workflows", "infra")]
    named = [
        (str(file.relative_to(ROOT)), model)
        for place in places
        for file in place.rglob("*")
        if file.is_file() and file.suffix != ".pyc"
        for model in models.names()
        if re.search(rf"(?<![\w./-]){re.escape(model)}(?![\w-])", file.read_text())
    ]
    assert named == []


def test_the_three_ways_into_training_are_one_file_and_deployment_needs_an_approval() -> None:
    train = workflow("train.yml")
    assert set(train.triggers) == {"push", "repository_dispatch", "workflow_dispatch"}
    assert train.triggers["repository_dispatch"]["types"] == ["drift-detected"]
    assert train.triggers["push"]["branches"] == ["main"]
    assert train.jobs["train"].uses == "./.github/workflows/train-model.yml"
    assert workflow("train-model.yml").jobs["deploy"].uses == "./.github/workflows/deploy.yml"
    assert set(workflow("train-model.yml").triggers) == {"workflow_call"}
    assert train.run_name is not None
    assert "client_payload.drift_id" in train.run_name
    deploy = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())
    assert deploy["jobs"]["deploy"]["environment"] == "production"
    assert set(workflow("deploy.yml").triggers) == {"workflow_call", "workflow_dispatch", "repository_dispatch"}


def test_both_actions_install_and_check_in_the_same_way() -> None:
    train, deploy = (yaml.safe_load(file.read_text())["runs"]["steps"][:3] for file in sorted(ACTIONS, reverse=True))
    assert train == deploy
    assert "--require-hashes" in train[2]["run"]


@pytest.mark.parametrize(
    ("variable", "good", "bad"),
    [
        (
            "DRIFT_ID",
            ["drift-0123456789ab", ""],
            ["drift-0123456789AB", "drift-0123456789ab ", "x\ndrift-0123456789ab"],
        ),
        ("CHECK_ID", ["chk-0123456789ab"], ["chk-0123456789abc"]),
        (
            "AS_OF",
            ["2026-01-05", "2026-01-05T10:00:00Z", "2026-01-05T10:00:00.5+01:00"],
            ["now", "2026-01-05T10:00:00Z\n"],
        ),
        ("DRIFT_SINCE", ["2026-01-05T10:00:00+00:00"], ["$(id)"]),
        ("DRIFT_REASON", ["drift", "degraded"], ["other"]),
        ("DRIFT_ATTEMPT", ["1", "12", ""], ["0", "-1", "1.0", "1000", "1\n2"]),
        ("DRIFTLOOP_MODEL", ["wine", "a.b_c-1"], ["-m", "a b", "a;b", "../a", "x" * 256]),
        ("MODEL_VERSION", ["12", ""], ["1.0", "-1", "latest", "1\n2"]),
        ("DEPLOY_ACTION", ["deploy", "rollback"], ["delete"]),
    ],
)
def test_only_identifiers_and_times_pass_the_first_step(variable: str, good: list[str], bad: list[str]) -> None:
    def passes(value: str) -> bool:
        environment = {"PATH": "/usr/bin:/bin", variable: value}
        script = ["bash", str(ROOT / "workflows" / "handed_over.sh")]
        done = subprocess.run(script, env=environment, check=False, capture_output=True, text=True)
        assert value not in done.stdout or value in good
        return done.returncode == 0

    assert [value for value in good + bad if passes(value)] == good


@pytest.mark.parametrize(
    ("variable", "pattern", "texts"),
    [
        (
            "DRIFT_ID",
            settings.DRIFT_ID,
            ["drift-0123456789ab", "drift-0123456789AB", "drift-0123456789a"],
        ),
        ("DRIFT_ATTEMPT", settings.ATTEMPT, ["1", "999", "0", "01", "1000"]),
        ("DRIFTLOOP_MODEL", settings.NAME, ["a", "A.b_c-1", "-a", "a b", "a" * 255, "a" * 256, "é"]),
        ("MODEL_VERSION", settings.VERSION, ["1", "0", "01", "999999999", "1000000000", "v1"]),
    ],
)
def test_the_first_step_and_the_program_take_the_same(
    variable: str, pattern: re.Pattern[str], texts: list[str]
) -> None:
    script = ["bash", str(ROOT / "workflows" / "handed_over.sh")]
    for text in texts:
        environment = {"PATH": "/usr/bin:/bin", variable: text}
        passes = subprocess.run(script, env=environment, check=False, capture_output=True).returncode == 0
        assert passes is bool(pattern.fullmatch(text)), text


class Noted(dict[str, str]):
    """An environment that notes which variables were asked for."""

    def __init__(self) -> None:
        azure = dict.fromkeys(("AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP", "AZURE_ML_WORKSPACE"), "x")
        super().__init__(azure, DRIFTLOOP_BLOB_URL="https://x.blob.example", DRIFTLOOP_MODEL=EXAMPLE)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def test_the_jobs_hand_over_every_setting_that_their_program_reads() -> None:
    def handed_over(file: str, job: str) -> set[str]:
        return set(yaml.safe_load((ROOT / ".github/workflows" / file).read_text())["jobs"][job]["env"])

    train, deploy = Noted(), Noted()
    settings.train(train)
    settings.deploy(deploy, EXAMPLE)
    assert handed_over("train.yml", "models") - handed_over("train-model.yml", "train") == set()
    for environment, names in (
        (train, handed_over("train-model.yml", "train")),
        (deploy, handed_over("deploy.yml", "deploy")),
    ):
        own = {name for name in environment.asked if name.startswith(("DRIFT", "AZURE", "AS_OF"))}
        assert own - names == set()
        assert {"AZURE_CLIENT_ID", "AZURE_TENANT_ID"} <= names
        only_checked = {
            "CHECK_ID",
            "EVENT_TYPE",
            "DEPLOY_ACTION",
            "MODEL_VERSION",
            "DRIFTLOOP_MODEL",
            "AZURE_CLIENT_ID",
            "AZURE_TENANT_ID",
        }
        assert names - own - only_checked == set()


@pytest.mark.parametrize("linter", ["actionlint", "zizmor"])
def test_the_linters_find_nothing(linter: str) -> None:
    program = shutil.which(linter, path=str(Path(sys.executable).parent))
    assert program is not None, f"{linter} is missing: run `make setup`"
    arguments = (
        ["--offline", "--no-progress", "--format", "json", ".github", "workflows", "action.yml"]
        if linter == "zizmor"
        else []
    )
    done = subprocess.run([program, *arguments], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    if linter == "zizmor":
        assert json.loads(done.stdout) == []
