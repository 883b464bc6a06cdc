"""Step 4: register a promoted challenger, once for a drift and once for a job; a rejected one is left alone.

Beside the registered model goes what others need without loading it: `baselines/<model>/<version>.parquet` and
`<version>.metrics.json` for the drift check, `<version>.smoke.json` for deployment. They are written first, because
registering is what starts a deployment. `registration.json` and the gate also go to `outcomes/jobs/<job>.json`, where
the workflow that submitted the job reads them.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import click
import msgspec

from driftloop.errors import ConfigError, DriftloopError
from training import model_file, step
from training.cloud import workspace
from training.cloud.blobs import Blobs
from training.gate.gate import GateDecision

BESIDE = {
    model_file.BASELINE: "parquet",
    model_file.SMOKE: "smoke.json",
    model_file.METRICS: "metrics.json",
    model_file.CARD: "md",
    model_file.HOLDOUT: "holdout.parquet",
}


class Registration(msgspec.Struct, frozen=True):
    """`registration.json`: whether there is a new version, and which."""

    promoted: bool
    version: str | None
    model: str
    job: str
    drift_id: str | None


class Ids(msgspec.Struct, frozen=True):
    """What a registered version is tied to. `train_job` and `data_job` are the steps whose outputs are registered.

    `deployed_by` is `run` when the workflow run that asked for the version deploys it itself: nobody else need.
    """

    model: str
    job: str
    train_job: str
    data_job: str
    drift_id: str
    git_sha: str
    deployed_by: str


class RegisteredVersion(msgspec.Struct, frozen=True):
    """A registered version and its tags."""

    version: str
    tags: dict[str, str]


class Registry(Protocol):
    """Where models and data are registered, and where the files beside them go."""

    def versions(self, model: str) -> Iterable[RegisteredVersion]:
        """Every registered version of the model."""

    def register(self, ids: Ids, version: str, tags: dict[str, str]) -> None:
        """Register the train step's output as this version."""

    def register_data(self, ids: Ids, version: str, tags: dict[str, str]) -> None:
        """Register the prepare step's output as this version of the training data; nothing when it is there."""

    def put(self, container: str, path: str, content: bytes) -> None:
        """Write a blob, replacing one that an interrupted run left."""


def register(model: Path, gate: GateDecision, ids: Ids, registry: Registry) -> Registration:
    """Register when the gate promoted. A drift or job that has a version already keeps it."""
    if not gate.promoted:
        return Registration(False, None, ids.model, ids.job, ids.drift_id or None)
    known = list(registry.versions(ids.model))
    mine = [found.version for found in known if _same_origin(found.tags, ids)]
    if mine:
        return Registration(True, mine[0], ids.model, ids.job, ids.drift_id or None)
    version = str(max((int(found.version) for found in known if found.version.isdigit()), default=0) + 1)
    data = step.read_json(model_file.find(model, model_file.METRICS))["data"]
    tags = {
        "drift_id": ids.drift_id,
        "job": ids.job,
        "git_sha": ids.git_sha,
        "deploy": ids.deployed_by,
        "data_sha256": data["sha256"],
        "data_version": data["sha256"][:12],
        "data_end": data["data_end"],
        "rows": str(data["rows"]["train"]),
    }
    tags = {name: value for name, value in tags.items() if value}
    registry.register_data(ids, data["sha256"][:12], {name: tags[name] for name in ("data_sha256", "data_end", "rows")})
    for name, suffix in BESIDE.items():
        registry.put("baselines", f"{ids.model}/{version}.{suffix}", model_file.find(model, name).read_bytes())
    registry.register(ids, version, tags)
    return Registration(True, version, ids.model, ids.job, ids.drift_id or None)


def _same_origin(tags: dict[str, str], ids: Ids) -> bool:
    return tags.get("job") == ids.job or (bool(ids.drift_id) and tags.get("drift_id") == ids.drift_id)


class AzureRegistry:
    """The Azure ML workspace that runs this job, and the storage account at `blob_url`."""

    def __init__(self, blob_url: str) -> None:
        from azure.identity import DefaultAzureCredential

        # A cluster with a user-assigned identity names it here; without one its own identity signs in.
        credential = DefaultAzureCredential(managed_identity_client_id=os.environ.get("DEFAULT_IDENTITY_CLIENT_ID"))
        names = ("AZUREML_ARM_SUBSCRIPTION", "AZUREML_ARM_RESOURCEGROUP", "AZUREML_ARM_WORKSPACE_NAME")
        self._client = workspace.client(credential, *(_environment(name) for name in names))
        self._blobs = Blobs(blob_url, credential)

    def step_job(self, root: str, name: str) -> str:
        """The job of the pipeline's step `name`: outputs of a running pipeline are addressed by their step."""
        for job in self._client.jobs.list(parent_job_name=root):
            if job is not None and name in (job.display_name, job.name):
                return str(job.name)
        raise DriftloopError(f"pipeline job {root} has no step {name!r}: its outputs cannot be registered")

    def versions(self, model: str) -> Iterable[RegisteredVersion]:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return [
                RegisteredVersion(str(found.version), dict(found.tags or {}))
                for found in self._client.models.list(name=model)
            ]
        except ResourceNotFoundError:
            return []  # Azure ML's answer for a model of which nothing was ever registered

    def register(self, ids: Ids, version: str, tags: dict[str, str]) -> None:
        from azure.ai.ml.entities import Model

        path = f"azureml://jobs/{ids.train_job}/outputs/model"
        self._client.models.create_or_update(
            Model(name=ids.model, version=version, type="custom_model", path=path, tags=tags)
        )

    def register_data(self, ids: Ids, version: str, tags: dict[str, str]) -> None:
        from azure.ai.ml.entities import Data
        from azure.core.exceptions import ResourceNotFoundError

        name = f"{ids.model}-training"
        try:
            self._client.data.get(name, version)
        except ResourceNotFoundError:
            path = f"azureml://jobs/{ids.data_job}/outputs/data"
            self._client.data.create_or_update(
                Data(name=name, version=version, type="uri_folder", path=path, tags=tags)
            )

    def put(self, container: str, path: str, content: bytes) -> None:
        self._blobs.write(container, path, content)


def _environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise ConfigError(f"{name} is not set: register runs inside an Azure ML job, which sets it")
    return value


@click.command()
@click.option("--model", "model", type=step.PATH, required=True, help="Folder that train wrote.")
@click.option("--gate", "gate_folder", type=step.PATH, required=True, help="Folder that evaluate wrote.")
@click.option("--model-name", required=True)
@click.option("--blob-url", required=True, help="Blob service URL of the storage account.")
@click.option("--drift-id", default="")
@click.option("--git-sha", default="")
@click.option(
    "--deployed-by", default="", help="`run` when the workflow run that submitted the job deploys the version."
)
@click.option("--registration", "out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@step.run
def main(  # noqa: PLR0917  a command's options
    model: Path,
    gate_folder: Path,
    model_name: str,
    blob_url: str,
    drift_id: str,
    git_sha: str,
    deployed_by: str,
    out: Path,
) -> None:
    """Register the challenger if the gate promoted it."""
    gate = step.read_json(gate_folder / "gate.json", GateDecision)
    job = _environment("AZUREML_ROOT_RUN_ID")
    registry = AzureRegistry(blob_url)
    jobs = [registry.step_job(job, name) if gate.promoted else "" for name in ("train", "prepare")]
    done = register(model, gate, Ids(model_name, job, jobs[0], jobs[1], drift_id, git_sha, deployed_by), registry)
    step.write_json(out / "registration.json", done)
    handover = msgspec.json.encode({"gate": gate, "registration": done})
    registry.put("outcomes", f"jobs/{job}.json", handover)
    step.log("registered" if done.promoted else "not registered", **msgspec.to_builtins(done))


if __name__ == "__main__":
    main()
