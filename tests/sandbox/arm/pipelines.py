"""Small components and pipelines for the tests, written as production code writes them: YAML, and the SDK's own DSL."""

import zlib
from pathlib import Path
from typing import Any

import yaml
from azure.ai.ml import MLClient, load_component
from azure.ai.ml.entities import AmlCompute, Component, IdentityConfiguration, PipelineJob

COMPUTE = "test-cluster"


def component(folder: Path, code: Path, command: str, *, inputs: Any = None, outputs: Any = None) -> Component:
    """A command component around `command`; inputs and outputs by name and type (or a whole specification)."""
    name = f"component_{zlib.crc32(command.encode()):x}"  # the same again for the same command, or no step is reused
    text = {
        "type": "command",
        "name": name,
        "version": "1",
        "inputs": {key: spec if isinstance(spec, dict) else {"type": spec} for key, spec in (inputs or {}).items()},
        "outputs": {key: {"type": spec} for key, spec in (outputs or {}).items()},
        "code": str(code),
        "command": command,
        "environment": {
            "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
            "conda_file": {"dependencies": ["python=3.11"]},
        },
    }
    file = folder / f"{name}.yml"
    file.write_text(yaml.safe_dump(text))
    return load_component(file)


def make_cluster(client: MLClient, name: str, identity: IdentityConfiguration | None) -> None:
    """A cluster of up to two nodes."""
    cluster = AmlCompute(name=name, size="Standard_DS3_v2", max_instances=2, identity=identity)
    client.compute.begin_create_or_update(cluster).result()


def submit(client: MLClient, pipeline: PipelineJob, **properties: Any) -> str:
    """Submit on the test cluster; the job's name."""
    make_cluster(client, COMPUTE, IdentityConfiguration(type="system_assigned"))
    pipeline.settings.default_compute = properties.pop("compute", COMPUTE)
    for key, value in properties.items():
        setattr(pipeline, key, value)
    return str(client.jobs.create_or_update(pipeline).name)
