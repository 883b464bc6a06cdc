"""`python -m workflows.deploy --model M --version V`: put a registered version into service; `... rollback` goes back.
Where `models/` has one folder, `--model` may be left out.

Exit code 0 when the version takes all traffic, or already did, or a newer one does; 1 when it was rolled back.
"""

import os
import sys
import traceback
from collections.abc import Callable

import click
import msgspec

from driftloop.errors import DriftloopError
from driftloop.validation import UNREADABLE
from training.cloud.blobs import Blobs
from workflows import cloud, in_service, settings
from workflows.endpoint import Endpoint
from workflows.interruption import interruptible
from workflows.reporting import Report, plain
from workflows.rollout import DeployableVersion, Done, Rollout
from workflows.smoke import Smoke

MODEL_HELP = "Name of the model; without it the only one in models/."


class Deployer:
    """The clients of one run, and the versions that they know."""

    def __init__(self, model: str | None, to: Report) -> None:
        """Raises DriftloopError when a setting is missing or wrong, no folder has the model's name, or nobody is signed
        in.
        """
        self.asked = settings.deploy(os.environ, model)
        self.to = to
        signed_in = cloud.sign_in()
        self.blobs = Blobs(self.asked.azure.blob_url, signed_in)
        self._client = cloud.ml_client(self.asked.azure, signed_in)
        endpoint = Endpoint(self._client, self.asked)
        self.rollout = Rollout(endpoint, self.blobs, self.asked, to.line, signed_in, run_url=to.run_url)

    def deploy(self, number: str, *, forced: bool = False) -> Done:
        """Bring the version into service."""
        return self.rollout.run(self._version(_whole(number)), forced=forced)

    def roll_back(self, number: str | None) -> Done:
        """Back to the version in service if a deployment was cut short, else to the one before it, or to `number`."""
        pointer = in_service.read(self.blobs, self.asked.model).pointer
        if number is None and pointer is not None and (kept := self.rollout.put_back()) is not None:
            return Done("deployed", pointer.deployment, kept)
        wanted = number or (pointer.previous if pointer is not None else None)
        if wanted is None:
            raise DriftloopError("no earlier version is known: name one with --version")
        return self.deploy(wanted, forced=True)

    def _version(self, number: int) -> DeployableVersion:
        """Raises DriftloopError when the version is not registered, or lacks what `register` writes beside it."""
        from azure.core.exceptions import ResourceNotFoundError

        from driftloop.profile.window import Baseline

        name = f"{self.asked.model}/{number}"
        try:
            model = self._client.models.get(self.asked.model, str(number))
        except ResourceNotFoundError:
            raise DriftloopError(f"{self.asked.model} has no version {number}: see the registered versions") from None
        baseline, smoke = (self.blobs.read("baselines", f"{name}.{kind}") for kind in ("parquet", "smoke.json"))
        if baseline is None or smoke is None:
            raise DriftloopError(
                f"baselines/{name}.parquet or .smoke.json is missing: register the version by its pipeline"
            )
        return DeployableVersion(
            number=number,
            tags={key: str(value) for key, value in (model.tags or {}).items()},
            smoke=msgspec.json.decode(smoke.content, type=Smoke),
            baseline_sha256=Baseline.from_bytes(baseline.content).sha256,
        )


@click.group(invoke_without_command=True)
@click.option("--model", help=MODEL_HELP)
@click.option("--version", help="Its version.")
@click.option("--force", is_flag=True, help="Deploy although the version is older, or was rolled back.")
@click.pass_context
def main(context: click.Context, model: str | None, version: str | None, force: bool) -> None:
    """Put a registered version into service, blue/green."""
    if context.invoked_subcommand is None:
        if not version:
            raise click.UsageError("--version is needed")
        sys.exit(_run(model, version, lambda deployer: deployer.deploy(version, forced=force)))


@main.command()
@click.option("--model", help=MODEL_HELP)
@click.option("--version", help="The version to go back to; without it the one before.")
def rollback(model: str | None, version: str | None) -> None:
    """Put the version before back into service, and keep the present one from coming back by itself."""
    sys.exit(_run(model, version, lambda deployer: deployer.roll_back(version)))


def _run(name: str | None, version: str | None, action: Callable[[Deployer], Done]) -> int:
    from azure.core.exceptions import AzureError

    to, model = Report(), name or "the model"
    try:
        if version:
            _whole(version)  # before anybody is asked to sign in
        with interruptible():
            deployer = Deployer(name, to)
            model = deployer.asked.model
            done = action(deployer)
    except DriftloopError as error:
        return _failed(to, model, str(error))
    except AzureError as error:
        return _failed(to, model, f"Azure: {cloud.reason(error)}")
    except UNREADABLE as error:
        return _failed(
            to, model, f"a smoke test in the storage account is damaged ({error}): register the version again"
        )
    except Exception as error:  # noqa: BLE001  the log has the traceback, the run's page one line
        to.lines(traceback.format_exc())
        return _failed(to, model, f"a fault of this program: {error!r}")
    to.output(deployed="true" if done.ending == "deployed" else "false", deployment=done.slot or "")
    to.summary(
        f"## {plain(model)}: {done.ending}\n\nVersion {done.serves} is in service"
        + (f" as {done.slot}." if done.slot else ".")
    )
    to.line(f"{model}: {done.ending}, version {done.serves} is in service")
    return 0


def _whole(version: str) -> int:
    """Raises DriftloopError."""
    if not settings.VERSION.fullmatch(version):
        raise DriftloopError("--version must be a whole number, as Azure ML counts versions")
    return int(version)


def _failed(to: Report, model: str, why: str) -> int:
    to.output(deployed="false", deployment="")
    to.summary(f"## {plain(model)}: not deployed\n\n{plain(why)}")
    to.error(why)
    return 1


if __name__ == "__main__":
    main()
