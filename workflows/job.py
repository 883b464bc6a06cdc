"""One pipeline job: its compute and environment, submitting it once, following it, stopping it."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.errors import ConfigError, DriftloopError
from workflows.cloud import reason
from workflows.settings import Compute

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import PipelineJob

ENDED = {"Completed", "Failed", "Canceled", "NotResponding"}
OUTAGES = 20  # polls in a row that may go wrong, 5 minutes of them, before the run gives up waiting
LOG_LINES = 15  # of a failed step: a traceback's end, and still one screen


class Progress(msgspec.Struct, frozen=True):
    """A job's status and its steps', by name, in the order in which they started."""

    status: str
    steps: dict[str, str]


def ensure_compute(client: "MLClient", compute: Compute) -> bool:
    """Create the cluster when it is missing: no node while nothing runs.

    Parameters
    ----------
    compute : Compute
        Its name, size, nodes and identity.

    Returns
    -------
    bool
        Whether it was created.
    """
    from azure.ai.ml.entities import AmlCompute, IdentityConfiguration, ManagedIdentityConfiguration
    from azure.core.exceptions import ResourceNotFoundError

    try:
        client.compute.get(compute.name)
    except ResourceNotFoundError:
        identity = (
            IdentityConfiguration(
                type="user_assigned",
                user_assigned_identities=[ManagedIdentityConfiguration(resource_id=compute.identity)],
            )
            if compute.identity
            else IdentityConfiguration(type="system_assigned")
        )
        wanted = AmlCompute(
            name=compute.name,
            size=compute.size,
            min_instances=0,
            max_instances=compute.max_nodes,
            idle_time_before_scale_down=120,
            tier="low_priority" if compute.low_priority else "dedicated",
            identity=identity,
        )
        client.compute.begin_create_or_update(wanted).result()
        return True
    return False


def require_compute(client: "MLClient", name: str, model: str) -> None:
    """Raises ConfigError where the cluster that a model's settings name is not there: of which machines it should be,
    nobody has said.
    """
    from azure.core.exceptions import ResourceNotFoundError

    try:
        client.compute.get(name)
    except ResourceNotFoundError:
        raise ConfigError(
            f"models/{model}/model.toml [compute] names a cluster {name!r} that the workspace does not have: make it "
            "(docs/training.md), or take the entry out"
        ) from None


def ensure_environment(client: "MLClient") -> str:
    """Register the environment unless this very version is there, so that its image is built once; its address."""
    from azure.core.exceptions import ResourceNotFoundError

    from training import pipeline

    environment = pipeline.environment()
    try:
        client.environments.get(str(environment.name), str(environment.version))
    except ResourceNotFoundError:
        client.environments.create_or_update(environment)
    return f"azureml:{environment.name}:{environment.version}"


def attempt(client: "MLClient", base: str) -> tuple[str, "PipelineJob | None"]:
    """The name of the job to run and, where an earlier run got that far, the job: running or completed.

    Names follow from what the job is for, so that a repeated run finds it: `base`, then `base-2` when that failed, and
    so on.

    Parameters
    ----------
    base : str
        The drift, or the commit and its run.

    Returns
    -------
    tuple[str, PipelineJob | None]
        The name, and the job where there is one that has not failed.
    """
    name, number = base, 1
    while (found := get(client, name)) is not None and status_of(found) in ENDED - {"Completed"}:
        number += 1
        name = f"{base}-{number}"
    return name, found


def get(client: "MLClient", name: str) -> "PipelineJob | None":
    """The job, or None."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        found: Any = client.jobs.get(name)
    except ResourceNotFoundError:
        return None
    return found  # type: ignore[no-any-return]


def status_of(found: Any) -> str:
    """A job's status as the text that Azure sent; the SDK makes an enumeration of some."""
    return str(getattr(found.status, "value", found.status))


def follow(client: "MLClient", name: str, seconds: float) -> Iterator[Progress]:
    """The job's progress whenever it has changed, until it has ended. A short outage is waited out.

    Parameters
    ----------
    name : str
        Of the job.
    seconds : float
        Between polls, at the longest.

    Raises
    ------
    DriftloopError
        Azure cannot be asked for a long time; the job then runs on.
    """
    from azure.core.exceptions import AzureError, ClientAuthenticationError

    last, outages = None, 0
    pause = min(1.0, seconds)  # a failing step ends soon, a cluster starts slowly
    while True:
        try:
            status = status_of(client.jobs.get(name))
            now = Progress(status, steps(client, name))
            outages = 0
        except ClientAuthenticationError:
            raise
        except AzureError as error:
            outages += 1
            if outages > OUTAGES:
                raise DriftloopError(
                    f"job {name} cannot be followed ({reason(error)}); it runs on: run this again to resume"
                ) from error
        else:
            if now != last:
                yield now
                last = now
            if status in ENDED:
                return
        time.sleep(pause)
        pause = min(pause * 1.5, seconds)


def steps(client: "MLClient", name: str) -> dict[str, str]:
    """Status of each step that has started, by the step's name."""
    return {step: status_of(child) for step, child in children(client, name).items()}


def children(client: "MLClient", name: str) -> dict[str, Any]:
    """The pipeline's step jobs by the step's name."""
    found = [child for child in client.jobs.list(parent_job_name=name) if child is not None]
    found.sort(key=lambda child: str(getattr(getattr(child, "creation_context", None), "created_at", "")))
    return {str(child.display_name or child.name): child for child in found}


def cancel(client: "MLClient", name: str) -> str | None:
    """Ask Azure to stop the job; answers why it could not be asked."""
    from azure.core.exceptions import AzureError

    try:
        client.jobs.begin_cancel(name)
    except AzureError as error:
        return reason(error)
    return None


def last_lines(client: "MLClient", name: str, count: int = LOG_LINES) -> list[str]:
    """The last lines of a step's log; none when there is no log to be had, which must not hide the failure itself."""
    import requests
    from azure.core.exceptions import AzureError

    try:
        # The SDK's public calls print a log or download all files; only its run history knows where the log is.
        details = client.jobs._runs_operations.get_run_details(name)
        logs = dict(details.log_files or {})
        chosen = next((log for log in ("user_logs/std_log.txt", *sorted(logs, reverse=True)) if log in logs), None)
        if chosen is None:
            return []
        response = requests.get(logs[chosen], timeout=30)
        response.raise_for_status()
    except (AzureError, requests.RequestException, AttributeError):
        return []
    return [line for line in response.text.splitlines() if line.strip()][-count:]


def error(client: "MLClient", name: str) -> str | None:
    """What Azure gives as the reason for which the job failed."""
    from azure.core.exceptions import AzureError

    try:
        found = client.jobs._runs_operations.get_run_details(name).error
    except (AzureError, AttributeError):
        return None
    root = getattr(found, "error", None)
    return None if root is None or not root.message else " ".join(str(root.message).split())[:500]


@contextmanager
def quiet() -> Iterator[None]:
    """Without the bars and dots that the SDK draws while it uploads and waits; its errors are raised, not printed."""
    with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
        yield


def stopwatch() -> Callable[[], str]:
    """Answers how long ago it was made, as `0:42`."""
    begun = datetime.now(UTC)
    return lambda: str(datetime.now(UTC) - begun).split(".")[0].removeprefix("0:")
