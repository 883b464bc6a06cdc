"""A managed online endpoint and its two slots, blue and green: what is there, and each change of it, waited for."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from driftloop.errors import DriftloopError
from workflows import cloud, job, settings
from workflows.settings import Deploy

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

SLOTS = ("blue", "green")
BUSY = {"Creating", "Updating", "Deleting", "Scaling", "Provisioning"}
SETTLE_SECONDS = 1_800  # a new deployment takes 10 minutes with a new image; three times that is no longer a wait
ATTEMPTS = 5  # of a change that meets another one; each waits until that has ended
VERSION_TAG, MODEL_TAG = "model_version", "model"
T = TypeVar("T")


class Slot(msgspec.Struct, frozen=True):
    """A deployment: the model version that it runs (0: not one of ours), its state, its share of the traffic, and of
    the copied traffic.
    """

    name: str
    version: int
    state: str
    share: int
    mirrored: int = 0


class Endpoint:
    """The endpoint that the settings name. Every change waits until Azure has settled, and is tried again on a
    conflict.
    """

    def __init__(self, client: "MLClient", asked: Deploy, pause: float = 5.0) -> None:
        self._client, self._asked, self._pause = client, asked, pause
        self.name = asked.endpoint

    def ensure(self) -> bool:
        """Create the endpoint when it is missing, and send its settings again when its last update failed; answers
        whether it was created. Raises DriftloopError where another one serves the model already, or
        this one another model.
        """
        found = self._get()
        if found is None:
            self._refuse_a_second()
            from azure.ai.ml.entities import ManagedOnlineEndpoint

            mode = "aad_token" if self._asked.token_auth else "key"
            self._put(ManagedOnlineEndpoint(name=self.name, auth_mode=mode, tags={MODEL_TAG: self._asked.model}))
            return True
        found = self._settled()
        serves = (found.tags or {}).get(MODEL_TAG, self._asked.model)
        if serves != self._asked.model:
            raise DriftloopError(
                f"endpoint {self.name} serves {serves}: give each model an endpoint of its own (DRIFTLOOP_ENDPOINT)"
            )
        if _state(found) == "Failed":
            self._put(found)
        return False

    def _refuse_a_second(self) -> None:
        """Before names had a suffix an endpoint was called like its model. Whoever asks that one would get an old
        version for ever, if a second one were made beside it.
        """
        plain = self._asked.model
        if self.name != plain and settings.ENDPOINT.fullmatch(plain) and self._get(plain) is not None:
            raise DriftloopError(
                f"endpoint {plain} serves this model already: set DRIFTLOOP_ENDPOINT to {plain}, or delete it"
            )

    def slots(self) -> dict[str, Slot]:
        """The deployments by name; none when there is no endpoint."""
        endpoint = self._get()
        if endpoint is None:
            return {}
        shares, mirrored = endpoint.traffic or {}, endpoint.mirror_traffic or {}
        return {
            str(found.name): Slot(
                str(found.name),
                int((found.tags or {}).get(VERSION_TAG, 0)),
                _state(found),
                int(shares.get(found.name, 0)),
                int(mirrored.get(found.name, 0)),
            )
            for found in self._client.online_deployments.list(endpoint_name=self.name)
        }

    def create(self, slot: str, version: int, tags: dict[str, str]) -> None:
        """A deployment of the version, with no traffic.

        Parameters
        ----------
        slot : str
            `blue` or `green`.
        version : int
            Of the registered model.
        tags : dict[str, str]
            Of the deployment.

        Raises
        ------
        DriftloopError
            Azure could not make it; it says why.
        """
        from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment, OnlineRequestSettings

        from training import snapshot

        with tempfile.TemporaryDirectory(prefix="driftloop-") as folder:
            deployment = ManagedOnlineDeployment(
                name=slot,
                endpoint_name=self.name,
                model=f"azureml:{self._asked.model}:{version}",
                environment=job.ensure_environment(self._client),
                code_configuration=CodeConfiguration(
                    code=str(snapshot.write(Path(folder), self._asked.model)),
                    scoring_script="training/serving/score.py",
                ),
                environment_variables=self._variables(version),
                instance_type=self._asked.instance_type,
                instance_count=self._asked.instance_count,
                request_settings=OnlineRequestSettings(request_timeout_ms=10_000),
                data_collector=self._collector(),
                tags={**tags, VERSION_TAG: str(version)},
            )
            self._change(lambda: self._client.online_deployments.begin_create_or_update(deployment).result())

    def await_slot(self, slot: str) -> str:
        """The deployment's state once Azure has finished with it; empty when it is gone."""
        found = self._wait(lambda: self.slots().get(slot), lambda found: found is None or found.state not in BUSY)
        return "" if found is None else str(found.state)

    def delete(self, slot: str) -> None:
        """Remove the deployment; nothing when it is gone."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            self._change(lambda: self._client.online_deployments.begin_delete(slot, self.name).result())
        except ResourceNotFoundError:
            return  # it is gone, which is what was asked for

    def route(self, shares: dict[str, int]) -> None:
        """Share out the traffic in percent, and end the copying of it.

        Parameters
        ----------
        shares : dict[str, int]
            Percent by slot; slots that are not named get none.
        """
        endpoint = self._settled()
        mirrored = any((endpoint.mirror_traffic or {}).values())
        if not mirrored and {name: share for name, share in (endpoint.traffic or {}).items() if share} == shares:
            return
        endpoint.traffic, endpoint.mirror_traffic = shares, {}
        self._put(endpoint)

    def mirror(self, slot: str, percent: int) -> None:
        """Send the slot a copy of a part of the traffic.

        Parameters
        ----------
        slot : str
            Which slot gets the copies.
        percent : int
            0 ends it.
        """
        endpoint = self._settled()
        endpoint.mirror_traffic = {slot: percent} if percent else {}
        self._put(endpoint)

    def scoring(self, credential: Any) -> tuple[str, Callable[[], dict[str, str]]]:
        """The scoring address, and a function that gives the headers of a request: a key, or a token that is never
        stale.
        """
        endpoint = self._settled()
        if self._asked.token_auth:
            return str(endpoint.scoring_uri), lambda: _bearer(
                credential.get_token("https://ml.azure.com/.default").token
            )
        keys: Any = self._client.online_endpoints.get_keys(self.name)
        return str(endpoint.scoring_uri), lambda: _bearer(keys.primary_key)

    def last_lines(self, slot: str) -> list[str]:
        """The last lines of the container's log; none when there is no log to be had."""
        from azure.core.exceptions import AzureError

        try:
            text = self._client.online_deployments.get_logs(slot, self.name, lines=50)
        except AzureError:
            return []  # the caller raises what the log would explain
        return [line for line in str(text).splitlines() if line.strip()][-job.LOG_LINES :]

    def _variables(self, version: int) -> dict[str, str]:
        collect = {"DRIFTLOOP_COLLECT_DATA": "true"} if self._asked.collect_data else {}
        return {"DRIFTLOOP_MODEL_VERSION": str(version), **collect}

    def _collector(self) -> Any:
        if not self._asked.collect_data:
            return None
        from azure.ai.ml.entities import DataCollector, DeploymentCollection

        return DataCollector(
            {name: DeploymentCollection(enabled="true") for name in ("model_inputs", "model_outputs")},
            rolling_rate="hour",
            sampling_rate=1.0,
        )

    def _get(self, name: str | None = None) -> Any:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._client.online_endpoints.get(name or self.name)
        except ResourceNotFoundError:
            return None

    def _settled(self) -> Any:
        """The endpoint once no change of it is under way."""
        return self._wait(self._get, lambda found: found is not None and _state(found) not in BUSY)

    def _put(self, endpoint: Any) -> None:
        self._change(lambda: self._client.online_endpoints.begin_create_or_update(endpoint).result())

    def _wait(self, look: Callable[[], Any], done: Callable[[Any], bool]) -> Any:
        deadline = time.monotonic() + SETTLE_SECONDS
        while not done(found := look()):
            if time.monotonic() > deadline:
                raise DriftloopError(f"endpoint {self.name} has been changing for {SETTLE_SECONDS // 60} minutes")
            time.sleep(self._pause)
        return found

    def _change(self, change: Callable[[], T]) -> T:
        """Azure answers 409 while another change is under way: wait for that and try again."""
        from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

        for attempt in range(ATTEMPTS):
            try:
                with job.quiet():
                    return change()
            except ResourceNotFoundError:
                raise
            except HttpResponseError as error:
                if error.status_code != 409 or attempt == ATTEMPTS - 1:
                    raise DriftloopError(_advice(cloud.reason(error))) from error
                time.sleep(self._pause)
                self._settled()
            except AzureError as error:
                raise DriftloopError(_advice(cloud.reason(error))) from error
        raise AssertionError("unreachable")


def _state(found: Any) -> str:
    """The provisioning state as Azure writes it: the SDK gives a member of an enumeration, or a text it does not
    know.
    """
    state = found.provisioning_state
    return str(getattr(state, "value", state))


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _advice(said: str) -> str:
    """What Azure said, and what to do about it where that is known."""
    lower, ended = said.lower(), f"{said.rstrip('.')}."
    if "quota" in lower:
        return (
            f"{ended} Ask for more quota, delete an unused deployment, or set DRIFTLOOP_INSTANCE_TYPE; then run again"
        )
    if "image" in lower and "build" in lower:
        return (
            f"{ended} The packages of requirements/training.txt could not be installed in the image: see its build log"
        )
    return said
