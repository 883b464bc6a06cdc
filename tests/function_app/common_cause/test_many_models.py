"""500 models drift on one day, against Azurite and a GitHub that keeps its rate limits."""

import itertools
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from driftloop.common_cause.causes import WAITS_FOR_RELEASE
from driftloop.ledger.drifts import DriftState
from function_app.common_cause.telling import FIRST_TOLD, members
from function_app.queue import common_causes
from function_app.storage.accounts import Storage
from sandbox.github import GitHubStandIn, Instant
from tests.function_app.common_cause.fleet import WORKERS, Fleet

ROOT = Path(__file__).resolve().parents[3]
MODELS = 500
BOUND = 16  # of 500 models with daily checks: 6.4 are expected on a day, and 16 come by chance on one in a thousand


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubStandIn]:
    with GitHubStandIn(ROOT, folder=tmp_path / "github", runner=Instant("success")) as running:
        yield running


def fleet_of(models: int, storage: Storage, folder: Path, github: GitHubStandIn, more: str = "") -> Fleet:
    dispatch = f'target = "github"\nrepository = "proseware/driftloop"\napi_url = "{github.url}"'
    fleet = Fleet(storage, folder, models, dispatch=dispatch, more=more)
    fleet.environ["DRIFTLOOP_GITHUB_TOKEN"] = github.token

    def clock() -> float:
        return fleet.now.timestamp()

    github.limits.switch_on(clock)
    return fleet


def dispatched(github: GitHubStandIn) -> Counter[str]:
    """How many runs each model's drift has started."""
    return Counter(run.display_title.split()[-1] for run in github.runs if run.event == "repository_dispatch")


@pytest.mark.slow
def test_five_hundred_models_are_told_as_one_held_released_and_sent_one_after_the_other(
    fresh: Storage, tmp_path: Path, github: GitHubStandIn
) -> None:
    shared = '[[defaults.alerts]]\nto = "slack"\nurl = "${SLACK}"\n'
    fleet = fleet_of(MODELS, fresh, tmp_path, github, shared)
    with ThreadPoolExecutor(WORKERS) as pool:
        numbered = list(enumerate(fleet.names))
        list(pool.map(lambda each: fleet.drift(each[1], ("bmi",) if each[0] % 10 else ("age",), each[0]), numbered))
    fleet.now += timedelta(minutes=10)

    fleet.look(fleet.names)  # every model's check

    early = len(github.runs)
    assert early <= BOUND - 1
    (cause,) = fleet.runtime.causes.causes()
    assert cause.bound == BOUND
    assert len(members(fleet.runtime.causes, cause)) == MODELS
    drifts = fleet.drifts()
    # The runs of the early ones end at once, without an outcome: they wait for their second try.
    held = [model for model, drift in drifts.items() if drift.state is DriftState.HELD and not drift.attempts]
    assert len(held) == MODELS - early
    assert all(drifts[model].history[-1].note.startswith(WAITS_FOR_RELEASE) for model in held)

    common_causes.tell(fleet.runtime, cause.opened_at + FIRST_TOLD)
    alerts = [each.alert for box in fleet.runtime.boxes.all().values() for each in box.waiting]
    (alert,) = [each for each in alerts if each.kind == "common_cause"]
    assert len([each for each in alerts if each.kind == "drift"]) <= BOUND - 1, "found before the bound was reached"
    assert alert.reasons[0].startswith(f"{MODELS} of {MODELS} models drift since ")
    assert alert.reasons[0].endswith("6.4 are expected on a day; common: column bmi (450 models)")

    released = common_causes.release(fleet.runtime, cause.cause_id)
    assert released is not None
    assert released[1] == fleet.names
    fleet.look(held)  # each takes its turn, the first goes on
    looked_at = {model: drift for model, drift in fleet.drifts().items() if model in held and not drift.attempts}
    turns = {model: drift.not_before for model, drift in looked_at.items() if drift.not_before is not None}
    order = sorted(turns.values())
    assert len(order) in (len(held) - 1, len(held)), "the first goes on, or its turn was lost with storage's answer"
    apart = {later - earlier for earlier, later in itertools.pairwise([fleet.now, *order])}
    assert min(apart) == timedelta(minutes=3), "20 retrains an hour"
    # An answer of storage that is lost may cost a turn; it never gives one to two drifts.
    assert order[-1] <= fleet.now + (len(held) + 5) * timedelta(minutes=3)

    for model in sorted(turns, key=lambda each: turns[each]):
        fleet.now = turns[model]
        fleet.task(model).follow_up()

    assert len(github.runs) == MODELS
    assert set(dispatched(github).values()) == {1}, "one run for each drift, none twice"
    assert github.limits.refused == 0
    assert not [drift for drift in fleet.drifts().values() if drift.state is DriftState.HELD and not drift.attempts]


@pytest.mark.slow
def test_where_each_is_sent_by_itself_github_refuses_some_and_none_is_lost_or_sent_twice(
    fresh: Storage, tmp_path: Path, github: GitHubStandIn
) -> None:
    fleet = fleet_of(100, fresh, tmp_path, github, '[common_cause]\naction = "send"\n')
    for name in fleet.names:
        fleet.drift(name)

    fleet.look(fleet.names)
    assert len(github.runs) <= 80, "GitHub takes 80 requests a minute that create content"
    assert github.limits.refused > 0
    fleet.now = datetime.now(UTC)  # GitHub's answers say by its own clock when it takes more
    for _ in range(6):
        fleet.now += timedelta(minutes=4)
        waiting = [model for model, drift in fleet.drifts().items() if not drift.run_id and not drift.attempts]
        fleet.look(waiting)

    assert len(github.runs) == 100
    assert set(dispatched(github).values()) == {1}
