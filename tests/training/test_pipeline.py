"""What `_validate()` does not catch: inputs that no component has, outputs nobody makes, cycles, missing scripts."""

import importlib
import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from azure.ai.ml import load_component
from azure.ai.ml.entities import PipelineJob

from training import pipeline, snapshot

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
    return snapshot.write(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture
def job(code: Path) -> PipelineJob:
    return pipeline.build(request(), code)


def nodes(job: PipelineJob) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = job._to_dict()["jobs"]
    return found


def component(name: str) -> Any:
    return load_component(Path(pipeline.__file__).with_name(f"{name}.yaml"))


def test_the_steps_run_in_this_order(job: PipelineJob) -> None:
    assert list(nodes(job)) == ["prepare", "train", "evaluate", "register"]
    assert job._validate().passed


def test_every_input_is_one_that_the_component_has_and_every_required_one_is_given(job: PipelineJob) -> None:
    for name, node in nodes(job).items():
        known = component(name).inputs
        given = set(node.get("inputs", {}))
        required = {key for key, value in known.items() if not value.get("optional")}
        assert given <= set(known), name
        assert required <= given, name


def test_every_binding_leads_to_something_and_there_is_no_cycle(job: PipelineJob) -> None:
    made: set[tuple[str, str]] = set()
    for name, node in nodes(job).items():  # in this order: what is read must have been made before
        for value in node.get("inputs", {}).values():
            text = value["path"] if isinstance(value, dict) else str(value)
            if match := PARENT.fullmatch(text):
                kind, target, output = match.groups()
                assert target in job.inputs if kind == "inputs" else (target, output) in made, (name, text)
        made |= {(name, output) for output in component(name).outputs}
    for output in job.outputs:
        assert output in {made_output for _, made_output in made}


@pytest.mark.parametrize("name", pipeline.STEPS)
def test_a_component_uses_all_it_declares_and_nothing_else(name: str) -> None:
    description = yaml.safe_load(Path(pipeline.__file__).with_name(f"{name}.yaml").read_text())
    used = {(kind, key) for kind, key in BINDING.findall(description["command"])}
    declared = {(kind, key) for kind in ("inputs", "outputs") for key in description[kind]}
    assert used == declared
    optional = {key for key, value in description["inputs"].items() if value.get("optional")}
    bracketed = set(re.findall(r"\$\[\[--[\w-]+ '?\$\{\{inputs\.(\w+)\}\}'?\]\]", description["command"]))
    assert bracketed == optional


@pytest.mark.parametrize("name", pipeline.STEPS)
def test_texts_are_quoted_because_azure_pastes_them_into_the_shells_line(name: str) -> None:
    description = yaml.safe_load(Path(pipeline.__file__).with_name(f"{name}.yaml").read_text())
    texts = {key for key, value in description["inputs"].items() if value["type"] == "string"}
    assert set(re.findall(r"'\$\{\{inputs\.(\w+)\}\}'", description["command"])) == texts


@pytest.mark.parametrize("name", pipeline.STEPS)
def test_a_component_calls_a_command_that_has_these_options(name: str) -> None:
    command = component(name).command
    module = re.match(r"python -m ([\w.]+)", command)
    assert module is not None
    assert module[1] == f"training.{name}"
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
    deterministic = {name: component(name).is_deterministic for name in pipeline.STEPS}
    assert deterministic == {"prepare": True, "train": True, "evaluate": True, "register": False}


def test_the_snapshot_holds_the_code_and_nothing_else(code: Path) -> None:
    assert {path.name for path in code.iterdir()} == {"driftloop", "training"}
    assert (code / "training" / "score.py").exists()
    assert (code / "training" / "schema.toml").exists()
    assert not list(code.rglob("__pycache__"))


def test_the_environment_is_pinned_with_hashes_and_named_by_its_content() -> None:
    environment = pipeline.environment()
    packages = environment.conda_file["dependencies"][-1]["pip"]  # type: ignore[index]
    assert all("==" in line and "--hash=sha256:" in line for line in packages)
    assert {"scikit-learn", "skops", "azureml-inference-server-http"} <= {line.split("==")[0] for line in packages}
    assert environment.version == pipeline.environment().version
    assert re.fullmatch(r"[0-9a-f]{12}", str(environment.version))
