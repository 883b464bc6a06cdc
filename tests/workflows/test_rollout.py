"""Blue/green against an endpoint in memory: every ending, and every place at which a run can be killed."""

from collections.abc import Callable

import msgspec
import pytest

from driftloop.errors import DriftloopError
from driftloop.events import read_put_back
from training.cloud.blobs import Blob, ChangedError
from workflows import in_service, rollout, settings
from workflows.endpoint import Slot
from workflows.in_service import Pointer
from workflows.interruption import InterruptedRunError
from workflows.rollout import DeployableVersion, Done, Rollout
from workflows.smoke import Answer, Smoke, SmokeError

HASH = "0" * 64


class Killed(BaseException):
    """The machine is gone: nothing of the run's own gets to clean up."""


class World:
    """An endpoint, its storage account and its clients; any call can be the last one before the lights go out."""

    def __init__(self) -> None:
        self.slots_: dict[str, tuple[int, str]] = {}
        self.traffic: dict[str, int] = {}
        self.exists = False
        self.blob: Blob | None = None
        self.calls: list[str] = []
        self.kill_at: int | None = None
        self.fail: Callable[[str], Exception | None] = lambda call: None
        self.before: Callable[[str], None] = lambda call: None
        self.bad_versions: set[int] = set()
        self.unavailable = 0
        self.notes: dict[str, bytes] = {}

    def called(self, what: str) -> None:
        if self.kill_at is not None and len(self.calls) >= self.kill_at:
            raise Killed(what)
        self.calls.append(what)
        self.before(what)
        if (error := self.fail(what)) is not None:
            raise error
        self._observe()

    def _observe(self) -> None:
        """The promise of the whole: what serves never changes to nothing, or to a version that was not proven."""
        assert sum(self.traffic.values()) in {0, 100}
        for name, share in self.traffic.items():
            if share:
                version, state = self.slots_[name]
                assert state == "Succeeded"
                assert version not in self.bad_versions or share <= 10

    @property
    def serving(self) -> int | None:
        shares = {name: share for name, share in self.traffic.items() if share == 100}
        return self.slots_[next(iter(shares))][0] if shares else None

    @property
    def pointer(self) -> Pointer | None:
        return in_service.read(self, "m").pointer  # type: ignore[arg-type]

    # what Blobs offers
    def read(self, container: str, path: str) -> Blob | None:
        return self.blob

    def replace(self, container: str, path: str, content: bytes, known: Blob | None) -> None:
        self.called("publish")
        if (known.etag if known else None) != (self.blob.etag if self.blob else None):
            raise ChangedError("changed")
        self.blob = Blob(content, f"etag-{len(self.calls)}")

    def write(self, container: str, path: str, content: bytes) -> None:
        if (error := self.fail("note")) is not None:
            raise error
        self.notes[f"{container}/{path}"] = content

    # what Endpoint offers
    name = "m"

    def ensure(self) -> bool:
        self.called("ensure")
        created, self.exists = not self.exists, True
        return created

    def slots(self) -> dict[str, Slot]:
        return {
            name: Slot(name, version, state, self.traffic.get(name, 0))
            for name, (version, state) in self.slots_.items()
        }

    def create(self, slot: str, version: int, tags: dict[str, str]) -> None:
        assert slot not in self.slots_
        self.slots_[slot] = (version, "Failed")  # what a creation that does not finish leaves behind
        self.called(f"create {slot} {version}")
        self.slots_[slot] = (version, "Succeeded")

    def await_slot(self, slot: str) -> str:
        return self.slots_[slot][1] if slot in self.slots_ else ""

    def delete(self, slot: str) -> None:
        self.called(f"delete {slot}")
        assert not self.traffic.get(slot), "Azure refuses to delete a deployment that has traffic"
        self.slots_.pop(slot, None)
        self.traffic.pop(slot, None)

    def route(self, shares: dict[str, int]) -> None:
        if {name: share for name, share in self.traffic.items() if share} == shares:
            return
        self.called(f"route {shares}")
        self.traffic = dict(shares)

    def mirror(self, slot: str, percent: int) -> None:
        self.called(f"mirror {slot} {percent}")

    def scoring(self, credential: object) -> tuple[str, Callable[[], dict[str, str]]]:
        return "https://scoring", dict

    def last_lines(self, slot: str) -> list[str]:
        return ["ImportError: no module named x"]


class Prober:
    """Answers as the deployments in the world would."""

    world: World

    def __init__(self, address: str, headers: object, smoke: Smoke, version: int) -> None:
        self.version = version

    def until_ready(self, slot: str, seconds: float) -> Answer:
        self.world.called("smoke")
        if self.version in self.world.bad_versions:
            raise SmokeError("the smoke test was not answered within 1 s (status 503)")
        return Answer(slot, 0.01)

    def watch(self, slot: str, seconds: float, times: int = 10) -> float:
        self.world.called("watch")
        return 0.01

    def until_serving(self, slot: str, seconds: float) -> None:
        self.world.called("serving")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(rollout, "Prober", type("ProberHere", (Prober,), {"world": made}))
    return made


ASKED = settings.Deploy(
    azure=settings.Azure("s", "g", "w", "https://x.blob.core.windows.net"),
    model="m",
    endpoint="endpoint",
    token_auth=False,
    instance_type="Standard_DS2_v2",
    instance_count=1,
    canary_percent=10,
    canary_seconds=0,
    mirror_percent=0,
    ready_seconds=120,
    collect_data=False,
)


def deploy(world: World, version: int, *, forced: bool = False, asked: settings.Deploy = ASKED) -> Done:
    wanted = DeployableVersion(version, {"job": f"job-{version}"}, Smoke({"data": []}, []), HASH)
    said: list[str] = []
    return Rollout(world, world, asked, said.append, None).run(wanted, forced=forced)  # type: ignore[arg-type]


def test_the_first_version_takes_all_traffic_after_its_smoke_test(world: World) -> None:
    assert deploy(world, 1) == Done("deployed", "blue", 1)
    assert world.calls == ["ensure", "create blue 1", "smoke", "watch", "route {'blue': 100}", "serving", "publish"]
    assert world.pointer is not None
    assert (world.pointer.version, world.pointer.deployment, world.pointer.job) == ("1", "blue", "job-1")


def test_a_second_version_goes_by_canary_and_the_first_is_removed_last(world: World) -> None:
    deploy(world, 1)
    world.calls.clear()
    assert deploy(world, 2) == Done("deployed", "green", 2)
    assert [call for call in world.calls if call.startswith(("route", "publish", "delete"))] == [
        "route {'blue': 90, 'green': 10}",
        "route {'green': 100}",
        "publish",
        "delete blue",
    ]
    assert world.pointer is not None
    assert world.pointer.previous == "1"


def test_a_version_in_service_is_left_alone(world: World) -> None:
    deploy(world, 1)
    world.calls.clear()
    assert deploy(world, 1) == Done("already in service", "blue", 1)
    assert world.calls == ["ensure"]


def test_a_mirror_is_switched_on_where_it_is_asked_for(world: World) -> None:
    deploy(world, 1)
    deploy(world, 2, asked=msgspec.structs.replace(ASKED, mirror_percent=20))
    assert "mirror green 20" in world.calls


def test_a_smoke_test_that_is_not_answered_leaves_all_traffic_where_it_was(world: World) -> None:
    deploy(world, 1)
    world.bad_versions = {2}
    with pytest.raises(SmokeError, match="not answered"):
        deploy(world, 2)
    assert world.serving == 1
    assert list(world.slots_) == ["blue"]
    assert world.pointer is not None
    assert world.pointer.version == "1"


@pytest.mark.parametrize(
    "step", ["create", "smoke", "watch", "route {'blue': 90", "route {'green'", "serving", "publish"]
)
def test_a_failure_at_any_step_gives_the_traffic_back(world: World, step: str) -> None:
    deploy(world, 1)
    world.fail = lambda call: (
        DriftloopError("OutOfQuota") if call.startswith(step) and "2" in "".join(world.calls) else None
    )
    world.fail = _once(step)
    with pytest.raises(DriftloopError, match="planned"):
        deploy(world, 2)
    assert world.serving == 1
    assert list(world.slots_) == ["blue"]
    world.fail = lambda call: None
    assert deploy(world, 2).ending == "deployed"
    assert world.serving == 2


def _once(step: str, error: type[DriftloopError] = DriftloopError) -> Callable[[str], Exception | None]:
    done = False

    def fail(call: str) -> Exception | None:
        nonlocal done
        if done or not call.startswith(step):
            return None
        done = True
        return error("planned")

    return fail


@pytest.mark.parametrize("step", ["create", "watch", "route {'green'", "serving"])
def test_a_cancelled_run_gives_the_traffic_back_without_waiting_for_more(world: World, step: str) -> None:
    deploy(world, 1)
    world.fail = _once(step, InterruptedRunError)
    with pytest.raises(InterruptedRunError):
        deploy(world, 2)
    assert world.serving == 1
    assert "delete green" not in world.calls
    world.fail = lambda call: None
    assert deploy(world, 2).ending == "deployed"


def test_when_the_traffic_cannot_be_put_back_both_errors_and_the_remedy_are_told(world: World) -> None:
    deploy(world, 1)
    broken = False

    def fail(call: str) -> Exception | None:
        nonlocal broken
        broken = broken or call == "serving"
        return DriftloopError("storage is down") if broken else None

    world.fail = fail
    with pytest.raises(DriftloopError, match=r"could not be put back.*rollback --model m"):
        deploy(world, 2)


@pytest.mark.parametrize("first", [0, 1])
def test_killed_at_any_call_and_started_again_it_ends_right(world: World, first: int) -> None:
    """`first` = 0: the first deployment of all is killed; 1: the second. World.called watches what serves."""
    for version in range(1, first + 1):
        deploy(world, version)
    state = (dict(world.slots_), dict(world.traffic), world.exists, world.blob)
    world.calls.clear()
    deploy(world, first + 1)
    for kill_at in range(len(world.calls)):
        slots, traffic, world.exists, world.blob = state
        world.slots_, world.traffic, world.calls = dict(slots), dict(traffic), []
        world.kill_at = kill_at
        with pytest.raises(Killed):
            deploy(world, first + 1)
        world.kill_at = None
        assert deploy(world, first + 1).ending in {"deployed", "already in service"}
        assert world.serving == first + 1
        assert len(world.slots_) == 1
        assert world.pointer is not None
        assert world.pointer.version == str(first + 1)


def test_an_older_version_does_not_replace_a_newer_one(world: World) -> None:
    deploy(world, 2)
    assert deploy(world, 1).ending == "superseded"
    assert world.serving == 2


def test_a_newer_version_takes_over_a_rollout_that_is_under_way(world: World) -> None:
    """Version 3's run begins while version 2 watches its canary: version 2 stands aside and moves no traffic."""
    deploy(world, 1)
    taken_over = False

    def before(call: str) -> None:
        nonlocal taken_over
        if call == "watch" and not taken_over and len(world.slots_) == 2:
            taken_over = True
            assert deploy(world, 3).ending == "deployed"

    world.before = before
    assert deploy(world, 2).ending == "superseded"
    assert world.serving == 3
    assert world.pointer is not None
    assert world.pointer.version == "3"


def test_the_pointer_of_a_newer_version_is_never_overwritten(world: World) -> None:
    deploy(world, 1)

    def before(call: str) -> None:
        if call == "publish" and world.pointer is not None and world.pointer.version == "1":
            newer = Pointer(model="m", version="5", baseline_sha256=HASH)
            world.blob = Blob(msgspec.json.encode(newer), "etag-by-another")

    world.before = before
    with pytest.raises(DriftloopError, match="version 5 came into service"):
        deploy(world, 2)
    assert world.pointer is not None
    assert world.pointer.version == "5"


def test_a_version_that_was_rolled_back_by_hand_does_not_come_back_by_itself(world: World) -> None:
    deploy(world, 1)
    deploy(world, 2)
    assert deploy(world, 1, forced=True).ending == "deployed"
    assert world.serving == 1
    assert deploy(world, 2).ending == "superseded"
    assert deploy(world, 2, forced=True).ending == "deployed"
    assert deploy(world, 3).ending == "deployed"


def test_a_deployment_that_was_cut_short_is_put_back_by_hand(world: World) -> None:
    deploy(world, 1)
    world.slots_["green"] = (2, "Succeeded")
    world.traffic = {"blue": 90, "green": 10}
    assert Rollout(world, world, ASKED, print, None).put_back() == 1  # type: ignore[arg-type]
    assert world.traffic == {"blue": 100}
    assert Rollout(world, world, ASKED, print, None).put_back() is None  # type: ignore[arg-type]


def test_a_damaged_pointer_is_an_error_and_not_the_first_deployment(world: World) -> None:
    world.blob = Blob(b"{", "etag")
    with pytest.raises(DriftloopError, match=r"in-service\.json"):
        deploy(world, 1)
    assert world.calls == []


def test_a_deployment_that_fails_is_noted_with_the_version_that_serves_again(world: World) -> None:
    deploy(world, 1)
    assert world.notes == {}
    world.fail = _once("watch")
    with pytest.raises(DriftloopError, match="planned"):
        deploy(world, 2)
    note = read_put_back(world.notes["baselines/m/put-back.json"], "put-back.json")
    assert (note.model, note.version, note.serves, note.run_url) == ("m", "2", "1", None)


def test_the_first_deployment_that_fails_leaves_nothing_that_serves(world: World) -> None:
    world.fail = _once("watch")
    with pytest.raises(DriftloopError, match="planned"):
        deploy(world, 1)
    assert read_put_back(world.notes["baselines/m/put-back.json"], "put-back.json").serves is None


def test_a_note_that_cannot_be_written_hides_no_error(world: World) -> None:
    deploy(world, 1)
    failed = _once("watch")
    world.fail = lambda call: DriftloopError("storage is down") if call == "note" else failed(call)
    with pytest.raises(DriftloopError, match="planned"):
        deploy(world, 2)
    assert world.serving == 1
