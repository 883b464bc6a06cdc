"""`python -m workflows.train`: train a challenger on Azure Machine Learning, and say how it ended.

Exit code 0 for promoted and for rejected, which is an answer; 1 for failed. Run again, it resumes: the same drift, or
the same workflow
run, finds its job, running or completed, and never registers twice. A second run for the same try of a drift ends at
once, with exit code 0 and no outcome. Cancelled, it cancels the job.
"""

import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.errors import ConfigError, DriftloopError
from training.cloud.blobs import Blobs, fingerprint
from workflows import cloud, fence, in_service, job, settings
from workflows.interruption import InterruptedRunError, interruptible
from workflows.outcome import Ending, Result, publish, report
from workflows.reporting import Report, plain

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

HISTORIC = "historic.parquet"


class Trainer:
    """One run: settings, where it reports, and the clients that it works with."""

    def __init__(self, asked: settings.Train, to: Report) -> None:
        signed_in = cloud.sign_in()
        self.asked, self.to = asked, to
        self.blobs = Blobs(asked.azure.blob_url, signed_in)
        self._signed_in = signed_in
        self._client: MLClient | None = None
        self.job: str | None = None
        self.studio: str | None = None

    @property
    def client(self) -> "MLClient":
        """The workspace, imported and signed in to when it is first needed."""
        if self._client is None:
            self._client = cloud.ml_client(self.asked.azure, self._signed_in)
        return self._client

    def run(self) -> Result:
        """Submit or resume, wait, and read what was decided. Raises DriftloopError when the job did not complete."""
        name, found = job.attempt(self.client, self._base())
        if found is None:
            found = self._submit(name)
            self.to.line(f"submitted {name}")
        else:
            self.to.line(f"resuming {name}: {job.status_of(found)}")
        self.job, self.studio = name, _studio(found)
        if self.studio:
            self.to.line(self.studio)
        elapsed, status = job.stopwatch(), ""
        for progress in job.follow(self.client, name, self.asked.poll_seconds):
            status = progress.status
            steps = "  ".join(f"{step} {state.lower()}" for step, state in progress.steps.items())
            self.to.line(f"{elapsed():>8}  {status.lower():<10} {steps}")
        if status != "Completed":
            raise DriftloopError(self._why(name, status))
        return self._decided(name)

    def _base(self) -> str:
        """What this run's job is called: by its drift or its workflow run, so that a repeated run finds it."""
        if self.asked.drift_id:
            return self.asked.drift_id
        run = self.asked.run or f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
        # one run of a workflow may train several models
        return f"train-{settings.as_word(self.asked.model, 60)}-{(self.asked.git_sha or 'manual')[:12]}-{run}"

    def _submit(self, name: str) -> Any:
        from training import models, pipeline, snapshot

        asked = self.asked
        how = models.find(asked.model).settings()
        cluster = how.compute.cluster or asked.compute.name
        if how.compute.cluster:
            job.require_compute(self.client, cluster, asked.model)
        elif job.ensure_compute(self.client, asked.compute):
            self.to.line(f"created the cluster {cluster}")
        incoming, quarantine = (self.blobs.versions(kind, f"{asked.model}/") for kind in ("incoming", "quarantine"))
        historic = self.blobs.versions("training-data", f"{asked.model}/{HISTORIC}")
        if not historic:
            raise ConfigError(f"training-data/{asked.model}/{HISTORIC} is missing: put the first model's records there")
        request = pipeline.Request(
            model=asked.model,
            compute=cluster,
            environment=job.ensure_environment(self.client),
            blob_url=asked.azure.blob_url,
            historic=self.blobs.address("training-data", f"{asked.model}/{HISTORIC}"),
            fingerprint=fingerprint([historic, incoming, quarantine]),
            incoming=self.blobs.address("incoming", f"{asked.model}/") if incoming else None,
            quarantine=self.blobs.address("quarantine", f"{asked.model}/") if quarantine else None,
            champion=self._champion(),
            as_of=asked.as_of,
            since=asked.since,
            deployed_by="run",
            drift_id=asked.drift_id,
            git_sha=asked.git_sha,
            search=how.search,
            loss=how.loss,
        )
        with tempfile.TemporaryDirectory(prefix="driftloop-") as folder:
            built = pipeline.build(request, snapshot.write(Path(folder), asked.model))
            built.name = self.job = name
            with job.quiet():
                return self._create(built)

    def _create(self, built: Any) -> Any:
        """Submit; where another run for the same drift was faster, its job is this run's too."""
        from azure.core.exceptions import HttpResponseError

        try:
            return self.client.jobs.create_or_update(built)
        except HttpResponseError:
            if (found := job.get(self.client, built.name)) is None:
                raise
            return found

    def _champion(self) -> str | None:
        """The model in service; before the first deployment, the newest that is registered."""
        from azure.core.exceptions import ResourceNotFoundError

        pointer = in_service.read(self.blobs, self.asked.model).pointer
        if pointer is not None:
            return f"azureml:{self.asked.model}:{pointer.version}"
        try:
            versions = [int(str(model.version)) for model in self.client.models.list(name=self.asked.model)]
        except ResourceNotFoundError:
            return None  # nothing was ever registered under this name: there is no champion
        return f"azureml:{self.asked.model}:{max(versions)}" if versions else None

    def _decided(self, name: str) -> Result:
        blob = self.blobs.read("outcomes", f"jobs/{name}.json")
        if blob is None:
            raise DriftloopError(
                f"job {name} completed, but left no outcomes/jobs/{name}.json: look at its register step"
            )
        handover = msgspec.json.decode(blob.content)
        registration = handover["registration"]
        ending: Ending = "promoted" if registration["promoted"] else "rejected"
        return Result(ending, registration["version"], name, handover["gate"], self.studio)

    def _why(self, name: str, status: str) -> str:
        """What failed, with the last lines of its log above the one line."""
        children = job.children(self.client, name)
        failed = next((step for step, child in children.items() if job.status_of(child) == "Failed"), None)
        if failed is None:
            said = job.error(self.client, name) or self.studio or "look at it in Azure ML studio"
            return f"job {name} ended as {status.lower()}: {said}"
        lines = job.last_lines(self.client, str(children[failed].name))
        for line in lines:
            self.to.line(f"  {failed} | {line}")
        return f"step {failed} of job {name} failed: {lines[-1] if lines else 'its log could not be read'}"

    def abandon(self) -> None:
        """Stop the job of a run that was cancelled."""
        if self.job is not None:
            refused = job.cancel(self.client, self.job)
            self.to.line(f"cancelling {self.job}" if refused is None else f"{self.job} runs on: {refused}")


def main() -> int:
    """Run with the environment's settings; the exit code."""
    to = Report()
    try:
        asked = settings.train(os.environ)
        trainer = Trainer(asked, to)
    except DriftloopError as error:
        to.error(str(error))
        return 1
    with interruptible():
        if (stopped := _fenced(trainer)) is not None:
            return stopped
        result = _guarded(trainer)
        return _tell(trainer, result)


def _fenced(trainer: Trainer) -> int | None:
    """The exit code of a run that must not train, because another does or because that cannot be told; else None.

    No outcome is written: it would be the other run's.
    """
    from azure.core.exceptions import AzureError

    asked, to = trainer.asked, trainer.to
    try:
        other = fence.other_run(trainer.blobs, asked, to.run_url)
    except (AzureError, DriftloopError) as error:
        to.error(f"whether another run answers this drift cannot be told ({_reason(error)}): run this again")
        return 1
    if other is None:
        return None
    said = f"run {other.run} answers {asked.drift_id} already ({other.run_url or 'no address known'}): nothing to do"
    to.output(promoted="false", model_version="", job_name="")
    to.summary(f"## {plain(asked.model)}: answered already\n\n{plain(said)}")
    to.line(said)
    return 0


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, DriftloopError) else cloud.reason(error)


def _guarded(trainer: Trainer) -> Result:
    """The run's result; whatever goes wrong is a failed result with one clear line."""
    from azure.core.exceptions import AzureError

    try:
        return trainer.run()
    except InterruptedRunError as error:
        trainer.abandon()
        return Result("failed", job=trainer.job, studio=trainer.studio, error=str(error))
    except DriftloopError as error:
        return Result("failed", job=trainer.job, studio=trainer.studio, error=str(error))
    except AzureError as error:
        return Result("failed", job=trainer.job, studio=trainer.studio, error=f"Azure: {cloud.reason(error)}")
    except Exception as error:  # noqa: BLE001  whatever happened, the function app must hear of it; the log has it all
        trainer.to.lines(traceback.format_exc())
        return Result("failed", job=trainer.job, studio=trainer.studio, error=f"a fault of this program: {error!r}")


def _studio(found: Any) -> str | None:
    """Where a person looks at the job."""
    service = (found.services or {}).get("Studio")
    return None if service is None else str(service.endpoint)


def _tell(trainer: Trainer, result: Result) -> int:
    """Hand the result to the function app and to the system that runs this."""
    from azure.core.exceptions import AzureError

    asked, to = trainer.asked, trainer.to
    report(to, asked.model, asked.drift_id, result)
    if result.error:
        to.error(result.error)
    if asked.drift_id:
        try:
            publish(trainer.blobs, asked.drift_id, asked.model, result, to.run_url)
        except AzureError as error:
            to.error(f"outcomes/{asked.drift_id}.json was not written ({cloud.reason(error)}): run this again")
            return 1
    if result.ending != "failed":
        version = f" version {result.version}" if result.version else ""
        to.line(f"{asked.model}: {result.ending}{version}")
    return 1 if result.ending == "failed" else 0


if __name__ == "__main__":
    sys.exit(main())
