"""prepare, train, evaluate and register as one Azure ML pipeline over the component YAMLs beside this module."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import yaml
from azure.ai.ml import Input, dsl, load_component
from azure.ai.ml.entities import Environment, ManagedIdentityConfiguration, PipelineJob, PipelineJobSettings
from azure.ai.ml.sweep import Choice

from training.models import ROOT
from training.settings import Search

REQUIREMENTS = ROOT / "requirements" / "training.txt"
SPARK_PYTHON = "3.11"  # of Synapse's runtime 3.5, the one that serverless Spark still offers (docs/scale.md)
# The SDK takes values where Python expects types: it is how a pipeline's input is declared optional.
HISTORIC = Input(type="uri_file")
FOLDER = Input(type="uri_folder", optional=True)
MODEL = Input(type="custom_model", optional=True)
STEPS = ("prepare", "train", "evaluate", "register")
COMPONENTS = {**{name: f"{name}.yaml" for name in STEPS}, "trial": "learning/trial.yaml"}
"""Each component's file below this folder."""
SEARCH = "search"  # the node that plays the trials, between prepare and train


class Request(msgspec.Struct, frozen=True):
    """What one run trains. Addresses are URLs; `champion` is `azureml:<name>:<version>`; what is None is not bound.

    `search` and `loss` are those of the model's settings.
    """

    model: str
    compute: str
    environment: str
    blob_url: str
    historic: str
    fingerprint: str
    incoming: str | None = None
    quarantine: str | None = None
    champion: str | None = None
    as_of: str | None = None
    drift_id: str | None = None
    since: str | None = None
    git_sha: str | None = None
    deployed_by: str | None = None
    rerun: bool = False
    search: Search | None = None
    loss: str = ""


def _components(request: Request, snapshot: Path) -> dict[str, Any]:
    """Each step of the snapshot, in the environment that is asked for."""
    steps = {name: load_component(snapshot / "training" / file) for name, file in COMPONENTS.items()}
    for component in steps.values():
        component.environment = request.environment  # type: ignore[union-attr]
    return steps


def _inputs(request: Request) -> dict[str, Any]:
    """What the pipeline reads, as far as it is there."""
    return _given(
        historic=Input(type="uri_file", path=request.historic),
        incoming=_folder(request.incoming),
        quarantine=_folder(request.quarantine),
        champion=request.champion and Input(type="custom_model", path=request.champion),
    )


def build(request: Request, snapshot: Path) -> PipelineJob:
    """The job to submit; `snapshot` is a folder that `training.snapshot.write` filled."""
    steps = _components(request, snapshot)

    @dsl.pipeline(name="driftloop_training", description=f"Train {request.model}", compute=request.compute)  # type: ignore[call-overload, untyped-decorator]
    def training(
        historic: HISTORIC,  # type: ignore[valid-type]
        incoming: FOLDER,  # type: ignore[valid-type]
        quarantine: FOLDER,  # type: ignore[valid-type]
        champion: MODEL,  # type: ignore[valid-type]
    ) -> dict[str, Any]:
        prepare = steps["prepare"](
            historic=historic,
            fingerprint=request.fingerprint,
            incoming=incoming,
            quarantine=quarantine,
            champion=champion,
            model_name=request.model,
            **_given(as_of=request.as_of, since=request.since),
        )
        found = None if request.search is None else _sweep(steps["trial"], prepare.outputs.data, request)
        train = steps["train"](
            data=prepare.outputs.data,
            model_name=request.model,
            **({} if found is None else {"search": found.outputs.best}),
        )
        evaluate = steps["evaluate"](
            data=prepare.outputs.data, model=train.outputs.model, champion=champion, model_name=request.model
        )
        register = steps["register"](
            model=train.outputs.model,
            gate=evaluate.outputs.gate,
            model_name=request.model,
            blob_url=request.blob_url,
            **_given(drift_id=request.drift_id, git_sha=request.git_sha, deployed_by=request.deployed_by),
        )
        for name, node in zip(STEPS, (prepare, train, evaluate, register), strict=True):
            node.name = node.display_name = name
        return {
            "data": prepare.outputs.data,
            "model": train.outputs.model,
            "gate": evaluate.outputs.gate,
            "registration": register.outputs.registration,
        }

    job: PipelineJob = training(**_inputs(request))
    return _described(job, request)


def _described(job: PipelineJob, request: Request) -> PipelineJob:
    """The job with its names and tags, and the identity under which it runs."""
    job.display_name = f"{request.model}: {request.drift_id or 'train'}"
    job.experiment_name = request.model
    job.tags = _given(model=request.model, drift_id=request.drift_id, git_sha=request.git_sha)
    job.settings = PipelineJobSettings(force_rerun=request.rerun)
    job.identity = ManagedIdentityConfiguration()  # the cluster's: it reads the data and registers the model
    return job


def _sweep(trial: Any, data: Any, request: Request) -> Any:
    """All trials as one node: a grid over their numbers, so that each is played once and none is drawn by the service.

    The metric is a mean loss, whichever the model's is: the smallest is best.
    """
    search = request.search
    assert search is not None
    node = trial(data=data, model_name=request.model, trial=Choice(list(range(search.trials)))).sweep(
        primary_metric=f"cv_{request.loss}",
        goal="minimize",
        sampling_algorithm="grid",
        max_total_trials=search.trials,
        max_concurrent_trials=search.parallel,
    )
    node.name = node.display_name = SEARCH
    return node


def environment() -> Environment:
    """The steps' and the endpoint's environment. Its version is the hash of what it installs, so that an image is built
    once.
    """
    return _pinned(yaml.safe_load((ROOT / "training" / "environment.yaml").read_text(encoding="utf-8")))


def spark_environment() -> Environment:
    """The environment of `profile_spark.yaml`: the same packages on the Python of serverless Spark.

    Registered by whoever uses the component (docs/scale.md), since no workflow does.
    """
    described = yaml.safe_load((ROOT / "training" / "environment.yaml").read_text(encoding="utf-8"))
    described["name"] = "driftloop-spark"
    described["description"] = f"Python {SPARK_PYTHON} with the pinned packages of requirements/training.txt"
    described["conda_file"]["dependencies"] = [f"python={SPARK_PYTHON}", "pip"]
    return _pinned(described)


def _pinned(described: dict[str, Any]) -> Environment:
    described.pop("$schema")
    described["conda_file"]["dependencies"].append({"pip": _requirements()})
    version = sha256(msgspec.json.encode(described, order="sorted")).hexdigest()[:12]
    return Environment(**described, version=version)


def _requirements() -> list[str]:
    """The pinned packages, a line each, with the hashes that pip checks."""
    text = REQUIREMENTS.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _folder(address: str | None) -> Input | None:
    return Input(type="uri_folder", path=address) if address else None


def _given(**values: Any) -> dict[str, Any]:
    """Those that are given: an optional input that is not bound must not be named at all."""
    return {name: value for name, value in values.items() if value}
