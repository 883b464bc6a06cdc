"""Blue/green: put a version into service beside the one that serves, and give the traffic back when anything is wrong.

Every step asks Azure what is there instead of remembering it. So a run that was killed anywhere can be started again. A
newer version can take over a rollout of an older one, which then stops.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

from driftloop.errors import DriftloopError
from driftloop.events import PutBack
from driftloop.times import format_time
from training.cloud.blobs import Blobs, ChangedError
from workflows import cloud, in_service
from workflows.endpoint import SLOTS, Endpoint, Slot
from workflows.in_service import Found, Pointer
from workflows.interruption import InterruptedRunError
from workflows.settings import Deploy
from workflows.smoke import Prober, Smoke

POINTER_ATTEMPTS = 5  # of writing in-service.json: deployments of one model take turns, so even two are rare


class DeployableVersion(msgspec.Struct, frozen=True):
    """A registered version, with what deployment needs of it."""

    number: int
    tags: dict[str, str]
    smoke: Smoke
    baseline_sha256: str


class Done(msgspec.Struct, frozen=True):
    """How a rollout ended: `deployed`, `already in service`, or `superseded` by a newer version."""

    ending: str
    slot: str | None
    serves: int


class _SupersededError(Exception):
    """A newer version is in progress or in service: the traffic is no longer this run's to move."""


class Rollout:
    """One rollout of one version. `forced` puts an older version back into service."""

    def __init__(
        self,
        endpoint: Endpoint,
        blobs: Blobs,
        asked: Deploy,
        say: Callable[[str], None],
        credential: Any,
        *,
        run_url: str | None = None,
    ) -> None:
        self._endpoint, self._blobs, self._asked, self._say = endpoint, blobs, asked, say
        self._credential, self._run_url = credential, run_url

    def run(self, version: DeployableVersion, *, forced: bool = False) -> Done:
        """Bring the version into service.

        Parameters
        ----------
        version : DeployableVersion
            What is to serve.
        forced : bool
            Also where it was put back before, or is older than the one in service.

        Returns
        -------
        Done
            How it ended, and in which slot.

        Raises
        ------
        DriftloopError
            It does not serve; the old version has all traffic again.
        """
        found = in_service.read(self._blobs, self._asked.model)
        try:
            self._stand_aside(version, found, {}, forced)
            if self._endpoint.ensure():
                self._say(f"created endpoint {self._endpoint.name}")
            slots = self._endpoint.slots()
            self._stand_aside(version, found, slots, forced)
        except _SupersededError as error:
            self._say(str(error))
            return Done("superseded", None, found.version)
        live = _live(slots, found)
        if live is not None and live.version == version.number and live.share == 100:
            if found.version == version.number:
                self._tidy(live.name)
                return Done("already in service", live.name, version.number)
            self._publish(version, live.name, found, forced)
            self._tidy(live.name)
            return Done("deployed", live.name, version.number)
        target = next(name for name in SLOTS if live is None or name != live.name)
        try:
            self._shift(version, target, live, found, forced)
            self._publish(version, target, found, forced)
        except _SupersededError as error:
            self._say(str(error))
            return Done("superseded", None, found.version)
        except BaseException as error:
            self._put_back_after(error, target, live, version)
            raise
        self._tidy(target)
        return Done("deployed", target, version.number)

    def put_back(self) -> int | None:
        """Give all traffic back to the version in service if another has a part of it; the version, or None if none
        had.
        """
        found = in_service.read(self._blobs, self._asked.model)
        slots = self._endpoint.slots()
        live = next((slot for slot in slots.values() if found.version and slot.version == found.version), None)
        others = [slot for slot in slots.values() if live is None or slot.name != live.name]
        if live is None or not others:
            return None
        self._endpoint.route({live.name: 100})
        for slot in others:
            self._endpoint.delete(slot.name)
        return live.version

    def _shift(self, version: DeployableVersion, target: str, live: Slot | None, found: Found, forced: bool) -> None:
        with self._told(f"{target} runs version {version.number}"):
            self._prepare(version, target, live)
        address, headers = self._endpoint.scoring(self._credential)
        prober = Prober(address, headers, version.smoke, version.number)
        with self._told("smoke test"):
            prober.until_ready(target, self._asked.ready_seconds)
            slowest = prober.watch(target, 0.0, times=5)
        self._say(f"{'':>7}   slowest answer {slowest * 1000:.0f} ms")
        if live is not None:
            if self._asked.mirror_percent:
                with self._told(f"mirror {self._asked.mirror_percent} %"):
                    self._check_mine(version, target, found, forced)
                    # A run that was killed in its canary left the slot a share; Azure copies to a slot without one.
                    self._endpoint.route({live.name: 100})
                    self._endpoint.mirror(target, self._asked.mirror_percent)
                    prober.watch(target, self._asked.canary_seconds)
            share = self._asked.canary_percent
            with self._told(f"canary {share} %"):
                self._check_mine(version, target, found, forced)
                self._endpoint.route({live.name: 100 - share, target: share})
                prober.watch(target, self._asked.canary_seconds)
        with self._told("all traffic"):
            self._check_mine(version, target, found, forced)
            self._endpoint.route({target: 100})
            prober.until_serving(target, self._asked.ready_seconds)

    def _prepare(self, version: DeployableVersion, target: str, live: Slot | None) -> None:
        """The target slot with the version in it and no traffic, whatever a run before left there."""
        slot = self._endpoint.slots().get(target)
        state = self._endpoint.await_slot(target) if slot is not None else ""
        if slot is not None and (slot.version != version.number or state == "Failed"):
            self._endpoint.route({} if live is None else {live.name: 100})
            self._endpoint.delete(target)
            state = ""
        if not state:
            tags = {name: value for name, value in version.tags.items() if name in {"drift_id", "job"}}
            self._endpoint.create(target, version.number, tags)

    def _tidy(self, serving: str) -> None:
        """Remove the slot beside the one that serves; one that stays serves nobody, and the next rollout removes it."""
        for name in self._endpoint.slots():
            if name != serving:
                try:
                    self._endpoint.delete(name)
                except DriftloopError as error:
                    self._say(f"{name} could not be removed and costs on: {error}")
                else:
                    self._say(f"removed {name}")

    def _publish(self, version: DeployableVersion, slot: str, found: Found, forced: bool) -> None:
        for _ in range(POINTER_ATTEMPTS):
            if found.version > version.number and not forced:
                raise DriftloopError(
                    f"version {found.version} came into service meanwhile: run again to check the endpoint"
                )
            before = found.pointer.version if found.pointer is not None else None
            pointer = Pointer(
                model=self._asked.model,
                version=str(version.number),
                baseline_sha256=version.baseline_sha256,
                job=version.tags.get("job"),
                drift_id=version.tags.get("drift_id"),
                deployment=slot,
                deployed_at=format_time(datetime.now(UTC)),
                endpoint=self._endpoint.name,
                previous=None if forced else before,
                rolled_back=before if forced else None,
            )
            try:
                in_service.write(self._blobs, pointer, found)
            except ChangedError:
                found = in_service.read(self._blobs, self._asked.model)
            else:
                return
        raise DriftloopError("in-service.json keeps changing: is another deployment under way? Run again")

    def _stand_aside(self, version: DeployableVersion, found: Found, slots: dict[str, Slot], forced: bool) -> None:
        """Raises _SupersededError when this version is no longer wanted."""
        if forced:
            return
        newest = max([found.version, *(slot.version for slot in slots.values() if slot.state != "Failed")])
        if newest > version.number:
            raise _SupersededError(f"version {newest} is newer than {version.number}: nothing to do")
        barred = int((found.pointer.rolled_back if found.pointer is not None else None) or 0)
        if found.version < version.number <= barred:
            raise _SupersededError(f"version {version.number} was rolled back by hand: --force deploys it again")

    def _check_mine(self, version: DeployableVersion, target: str, found: Found, forced: bool) -> None:
        """Before traffic is moved: is the slot still this run's, and no newer version in progress?"""
        slots = self._endpoint.slots()
        self._stand_aside(version, found, slots, forced)
        if target not in slots or slots[target].version != version.number:
            raise _SupersededError(f"{target} no longer runs version {version.number}: another run has taken it")

    def _put_back_after(self, error: BaseException, target: str, live: Slot | None, version: DeployableVersion) -> None:
        """All traffic to the version that served. Raises DriftloopError that has both errors when that fails too."""
        try:
            self._put_back(target, live, version, in_haste=isinstance(error, InterruptedRunError))
        except Exception as second:
            raise DriftloopError(
                f"{error}; and the traffic could not be put back ({cloud.reason(second)}): "
                f"run `python -m workflows.deploy rollback --model {self._asked.model}`"
            ) from second
        self._note_put_back(live, version)

    def _note_put_back(self, live: Slot | None, version: DeployableVersion) -> None:
        """For those who are told of it; without the note they only learn of it from the run."""
        serves = None if live is None else str(live.version)
        now = format_time(datetime.now(UTC))
        note = PutBack(self._asked.model, str(version.number), serves, now, self._run_url)
        try:
            in_service.note_put_back(self._blobs, note)
        except Exception as error:  # noqa: BLE001  the traffic is back, and the rollout's own error is what is raised
            self._say(f"that it was rolled back could not be noted ({cloud.reason(error)})")

    def _put_back(self, target: str, live: Slot | None, version: DeployableVersion, *, in_haste: bool) -> None:
        """In haste (a cancelled run is killed within seconds) a slot that has no traffic may stay."""
        mine = self._endpoint.slots().get(target)
        if mine is None or mine.version != version.number:
            return
        self._say(f"rolling back: {f'{live.name} has all traffic' if live is not None else 'nothing serves'}")
        if mine.share or mine.mirrored:
            self._endpoint.route({} if live is None else {live.name: 100})
        if in_haste:
            return
        for line in self._endpoint.last_lines(target) if mine.state == "Failed" else []:
            self._say(f"  {target} | {line}")
        self._endpoint.delete(target)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self._say(f"{time.monotonic() - begun:6.1f} s  {what}")


def _live(slots: dict[str, Slot], found: Found) -> Slot | None:
    """The slot that serves: the one that has most of the traffic, or else runs the version in service."""
    serving = [slot for slot in slots.values() if slot.share or (found.version and slot.version == found.version)]
    return max(serving, key=lambda slot: (slot.version == found.version, slot.share), default=None)
