"""What `_validate()` does not catch: inputs that no component has, outputs nobody makes, cycles, missing scripts."""

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from azure.ai.ml import load_component
from azure.ai.ml.entities import PipelineJob

from sandbox.waiting import HANG_SECONDS
from tests.training.conftest import MODEL
from training import pipeline, snapshot
from training.settings import Search

BINDING = re.compile(r"\$\{\{(inputs|outputs)\.(\w+)\}\}")
PARENT = re.compile(r"\$\{\{parent\.(inputs|jobs)\.(\w+)(?:\.outputs\.(\w+))?\}\}")
URL = "https://account.blob.core.windows.net"


def request(**changes: Any) -> pipeline.Request:
    known = {
        "model": "m",
        "compute": "cluster",
        "environment": "azureml:driftloop-training:1",
        "blob_url": URL,
        "historic": f"{URL}/training-data/m/historic.parquet",
        "fingerprint": "abc",
    }
    everything = {
        "incoming": f"{URL}/incoming/m/",
        "quarantine": f"{URL}/quarantine/m/",
        "champion": "azureml:m:1",
        "as_of": "2026-01-01T00:00:00+00:00",
        "since": "2025-12-24T00:00:00+00:00",
        "drift_id": "drift-0123456789ab",
        "git_sha": "abc1234",
        "deployed_by": "run",
    }
    return pipeline.Request(**(known | everything | changes))


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return snapshot.write(tmp_path_factory.mktemp("snapshot"), MODEL)


@pytest.fixture
def job(code: Path) -> PipelineJob:
    return pipeline.build(request(), code)


def nodes(job: PipelineJob) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = job._to_dict()["jobs"]
    return found


def file_of(name: str) -> Path:
    return Path(pipeline.__file__).parent / pipeline.COMPONENTS[name]


def module_of(name: str) -> str:
    return f"training.{pipeline.COMPONENTS[name].removesuffix('.yaml').replace('/', '.')}"


def component(name: str) -> Any:
    return load_component(file_of(name))


def test_the_steps_run_in_this_order(job: PipelineJob) -> None:
    assert list(nodes(job)) == ["prepare", "train", "evaluate", "register"]
    assert job._validate().passed


def faults(job: PipelineJob) -> list[str]:
    """What Azure would refuse, or run into hours later. A step may read only what a step before it made: no cycle."""
    found: list[str] = []
    made: set[tuple[str, str]] = set()
    for name, node in nodes(job).items():
        known = component(name).inputs
        given = node.get("inputs", {})
        found += [f"{name} has no input {key}" for key in given.keys() - known.keys()]
        found += [f"{name} lacks {key}" for key, it in known.items() if not it.get("optional") and key not in given]
        for value in given.values():
            address = value["path"] if isinstance(value, dict) else str(value)
            if not address.startswith("${{"):
                continue
            match = PARENT.fullmatch(address)
            kind, target, output = match.groups() if match else ("", "", "")
            if not (target in job.inputs if kind == "inputs" else (target, output) in made):
                found.append(f"{name} reads {address}, which nothing before it makes")
        made |= {(name, output) for output in component(name).outputs}
    bound = {
        (name, output)
        for name, node in nodes(job).items()
        for output, value in node.get("outputs", {}).items()
        if re.fullmatch(r"\$\{\{parent\.outputs\.(\w+)\}\}", str(value)) and output in component(name).outputs
    }
    if len(bound) != len(job.outputs):
        found.append(f"of {len(job.outputs)} outputs of the job {len(bound)} are bound")
    return found


def test_a_search_is_a_sweep_between_prepare_and_train(code: Path) -> None:
    """A grid over the trials' numbers: the service draws nothing, so that a laptop plays the same trials."""
    job = pipeline.build(request(search=Search(trials=6, parallel=3), loss="brier"), code)
    assert job._validate().passed
    assert list(nodes(job)) == ["prepare", "search", "train", "evaluate", "register"]
    search = nodes(job)["search"]
    assert search["type"] == "sweep"
    assert search["search_space"] == {"trial": {"type": "choice", "values": [0, 1, 2, 3, 4, 5]}}
    assert search["sampling_algorithm"] == "grid"
    assert search["objective"] == {"goal": "minimize", "primary_metric": "cv_brier"}
    assert search["limits"] == {"max_total_trials": 6, "max_concurrent_trials": 3}
    assert search["inputs"] == {"data": {"path": "${{parent.jobs.prepare.outputs.data}}"}, "model_name": "m"}
    assert nodes(job)["train"]["inputs"]["search"] == {"path": "${{parent.jobs.search.outputs.best}}"}
    assert search["trial"]["environment"] == request().environment


def test_without_a_search_there_is_no_sweep(job: PipelineJob) -> None:
    assert {node["type"] for node in nodes(job).values()} == {"command"}
    assert "search" not in nodes(job)["train"]["inputs"]


def test_every_binding_leads_to_something_and_there_is_no_cycle(job: PipelineJob) -> None:
    assert faults(job) == []


@pytest.mark.parametrize(
    ("step", "bindings", "said"),
    [
        ("train", {"dataa": "${{parent.jobs.prepare.outputs.data}}"}, "train has no input dataa"),
        ("train", {"data": None}, "train lacks data"),
        ("train", {"data": "${{parent.jobs.prepare.outputs.dat}}"}, "which nothing before it makes"),
        ("train", {"data": "${{parent.jobs.nobody.outputs.data}}"}, "which nothing before it makes"),
        ("prepare", {"historic": "${{parent.inputs.histori}}"}, "which nothing before it makes"),
        ("prepare", {"incoming": "${{parent.jobs.train.outputs.model}}"}, "which nothing before it makes"),
        ("train", {"data": "${{parent.jobs.train.outputs.model}}"}, "which nothing before it makes"),
        ("train", {"data": "${{parents.jobs.prepare.outputs.data}}"}, "which nothing before it makes"),
    ],
    ids=["unknown input", "missing input", "unknown output", "unknown step", "input", "cycle", "itself", "misspelt"],
)
def test_a_wrong_binding_is_found(
    job: PipelineJob, monkeypatch: pytest.MonkeyPatch, step: str, bindings: dict[str, str | None], said: str
) -> None:
    wrong = nodes(job)
    inputs = wrong[step]["inputs"] | {
        key: None if value is None else {"type": "uri_folder", "path": value} for key, value in bindings.items()
    }
    wrong[step]["inputs"] = {key: value for key, value in inputs.items() if value is not None}
    monkeypatch.setitem(globals(), "nodes", lambda _: wrong)
    assert [fault for fault in faults(job) if said in fault]


def test_an_output_that_no_step_makes_is_found(job: PipelineJob, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = nodes(job)
    del wrong["register"]["outputs"]["registration"]
    monkeypatch.setitem(globals(), "nodes", lambda _: wrong)
    assert faults(job) == ["of 4 outputs of the job 3 are bound"]


@pytest.mark.parametrize("name", pipeline.COMPONENTS)
def test_a_script_that_is_missing_from_the_snapshot_is_found(code: Path, tmp_path: Path, name: str) -> None:
    """Started with the snapshot alone, as Azure does it."""
    alone = shutil.copytree(code, tmp_path / "alone")

    def start() -> int:
        command = [sys.executable, "-m", module_of(name), "--help"]
        return subprocess.run(command, cwd=alone, capture_output=True, timeout=HANG_SECONDS, check=False).returncode

    assert start() == 0
    (alone / "training" / pipeline.COMPONENTS[name]).with_suffix(".py").unlink()
    assert start() == 1


@pytest.mark.parametrize("name", pipeline.COMPONENTS)
def test_a_component_uses_all_it_declares_and_nothing_else(name: str) -> None:
    description = yaml.safe_load(file_of(name).read_text())
    used = {(kind, key) for kind, key in BINDING.findall(description["command"])}
    declared = {(kind, key) for kind in ("inputs", "outputs") for key in description[kind]}
    assert used == declared
    optional = {key for key, value in description["inputs"].items() if value.get("optional")}
    bracketed = set(re.findall(r"\$\[\[--[\w-]+ '?\$\{\{inputs\.(\w+)\}\}'?\]\]", description["command"]))
    assert bracketed == optional


@pytest.mark.parametrize("name", pipeline.COMPONENTS)
def test_texts_are_quoted_because_azure_pastes_them_into_the_shells_line(name: str) -> None:
    description = yaml.safe_load(file_of(name).read_text())
    texts = {key for key, value in description["inputs"].items() if value["type"] == "string"}
    assert set(re.findall(r"'\$\{\{inputs\.(\w+)\}\}'", description["command"])) == texts


@pytest.mark.parametrize("name", pipeline.COMPONENTS)
def test_a_component_calls_a_command_that_has_these_options(name: str) -> None:
    command = component(name).command
    module = re.match(r"python -m ([\w.]+)", command)
    assert module is not None
    assert module[1] == module_of(name)
    options = {option for parameter in _command(module[1]).params for option in parameter.opts}
    assert set(re.findall(r"(--[\w-]+) '?\$\{\{", command)) <= options
    required = {parameter.opts[0] for parameter in _command(module[1]).params if parameter.required}
    assert required <= set(re.findall(r"--[\w-]+", command))


def _command(module: str) -> click.Command:
    found: click.Command = importlib.import_module(module).main
    return found


def test_what_is_not_there_is_not_bound(code: Path) -> None:
    first = request(incoming=None, quarantine=None, champion=None, as_of=None, since=None, drift_id=None)
    job = pipeline.build(first, code)
    assert set(job.inputs) >= {"historic"}
    assert all(value is None for name, value in job.inputs.items() if name != "historic") or set(job.inputs) == {
        "historic"
    }
    assert "drift_id" not in nodes(job)["register"]["inputs"]
    assert job._validate().passed


def test_only_steps_without_side_effects_are_reused() -> None:
    deterministic = {name: component(name).is_deterministic for name in pipeline.COMPONENTS}
    assert deterministic == {"prepare": True, "train": True, "evaluate": True, "register": False, "trial": True}


def test_the_snapshot_holds_the_code_and_nothing_else(code: Path) -> None:
    assert {path.name for path in code.iterdir()} == {"driftloop", "training", "models"}
    assert (code / "training" / "serving" / "score.py").exists()
    assert [path.name for path in (code / "models").iterdir()] == [MODEL]
    assert (code / "models" / MODEL / "schema.toml").exists()
    assert not list(code.rglob("__pycache__"))


def test_the_environment_is_pinned_with_hashes_and_named_by_its_content() -> None:
    environment = pipeline.environment()
    packages = environment.conda_file["dependencies"][-1]["pip"]  # type: ignore[index]
    assert all("==" in line and "--hash=sha256:" in line for line in packages)
    assert {"scikit-learn", "skops", "azureml-inference-server-http"} <= {line.split("==")[0] for line in packages}
    assert environment.version == pipeline.environment().version
    assert re.fullmatch(r"[0-9a-f]{12}", str(environment.version))


def test_the_environment_of_spark_has_the_same_packages_on_the_python_of_its_runtime() -> None:
    spark, steps = pipeline.spark_environment(), pipeline.environment()
    python, _, packages = spark.conda_file["dependencies"]  # type: ignore[index]
    assert python == "python=3.11"
    assert packages == steps.conda_file["dependencies"][-1]  # type: ignore[index]
    component = yaml.safe_load((pipeline.ROOT / "training" / "profile_spark.yaml").read_text())
    assert component["environment"] == f"azureml:{spark.name}@latest"
    assert (spark.name, spark.version) != (steps.name, steps.version)
