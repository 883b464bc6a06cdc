"""One drift among those of all models: counted before it is sent, held with the others, and sent when its turn is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from driftloop.ledger.drifts import DriftState
from driftloop.ledger.ledger import CheckRecord
from function_app.common_cause.telling import members, released
from function_app.common_cause.together import columns_of
from function_app.storage.accounts import Storage
from tests.function_app.common_cause.fleet import Fleet
from tests.function_app.conftest import RecordingTarget

NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture
def fleet(fresh: Storage, tmp_path: Path) -> Fleet:
    return Fleet(fresh, tmp_path, 10)


def test_fewer_drifts_than_the_bound_stand_alone(fleet: Fleet) -> None:
    drifts = [fleet.drift(name) for name in fleet.names[:4]]

    assert [fleet.together.cause_of(drift) for drift in drifts] == [None] * 4
    assert [fleet.together.hold(drift) for drift in drifts] == [None] * 4
    assert [fleet.together.turn(drift) for drift in drifts] == [None] * 4


def test_with_the_drift_that_reaches_the_bound_all_are_held(fleet: Fleet) -> None:
    drifts = [fleet.drift(name, seconds=number) for number, name in enumerate(fleet.names[:5])]
    before = [fleet.together.hold(drift) for drift in drifts]
    after = [fleet.together.hold(drift) for drift in drifts]
    (cause,) = fleet.runtime.causes.causes()

    newest = drifts[4].history[0].at
    assert (cause.bound, cause.watched, cause.since) == (5, 10, newest - timedelta(days=1))
    assert cause.until == newest + timedelta(hours=12)
    assert cause.expected == pytest.approx(10 * (0.95 / 520 + 4 / 365))
    assert before[:4] == [None] * 4
    assert (
        set(after)
        == {before[4]}
        == {f"held: many models drift at once: {cause.cause_id} waits for a person to release it (docs/runbook.md)"}
    )
    assert fleet.together.opened.get_nowait() == msgspec.structs.replace(cause, etag="")


def test_whatever_the_order_at_most_one_fewer_than_the_bound_passes(fleet: Fleet) -> None:
    drifts = [fleet.drift(name, seconds=number) for number, name in enumerate(fleet.names)]
    with ThreadPoolExecutor(5) as pool:
        held = list(pool.map(fleet.together.hold, reversed(drifts)))

    assert held.count(None) <= 4
    assert len(fleet.runtime.causes.causes()) == 1, "however many see the bound at the same moment"
    assert all(fleet.together.hold(drift) for drift in drifts)
    (cause,) = fleet.runtime.causes.causes()
    assert [each.model for each in members(fleet.runtime.causes, cause)] == fleet.names


def test_drifts_of_days_that_follow_are_not_counted_together(fleet: Fleet) -> None:
    drifts = [fleet.drift(name, seconds=24 * 3600 * number) for number, name in enumerate(fleet.names)]

    assert [fleet.together.hold(drift) for drift in drifts] == [None] * 10


def test_another_days_many_are_a_cause_of_their_own(fleet: Fleet) -> None:
    first = [fleet.drift(name, seconds=number) for number, name in enumerate(fleet.names[:5])]
    second = [fleet.drift(name, seconds=20 * 3600 + number) for number, name in enumerate(fleet.names[5:])]
    causes = [cause for drift in first + second if (cause := fleet.together.cause_of(drift)) is not None]

    assert [cause.number for cause in causes] == [1, 2]
    assert [fleet.together.cause_of(drift).number for drift in first + second] == [1] * 5 + [2] * 5  # type: ignore[union-attr]


def test_what_is_released_takes_turns(fleet: Fleet) -> None:
    drifts = [fleet.drift(name) for name in fleet.names[:6]]
    for drift in drifts:
        fleet.together.hold(drift)
    (cause,) = fleet.runtime.causes.causes()
    assert released(fleet.runtime.causes, "cause-of-nothing", fleet.now) is None
    released(fleet.runtime.causes, cause.cause_id, fleet.now)
    again = released(fleet.runtime.causes, cause.cause_id, fleet.now + timedelta(days=1))

    assert again is not None
    assert again.released_at == fleet.now, "the first word counts"
    assert [fleet.together.hold(drift) for drift in drifts] == [None] * 6
    assert [fleet.together.turn(drift) for drift in drifts] == [
        fleet.now + number * timedelta(minutes=3) for number in range(6)
    ]


@pytest.mark.parametrize(("action", "turns"), [("pace", True), ("send", False)])
def test_where_it_is_so_configured_nothing_waits_for_a_person(
    fresh: Storage, tmp_path: Path, action: str, turns: bool
) -> None:
    fleet = Fleet(fresh, tmp_path, 10, more=f'[common_cause]\naction = "{action}"\n')
    drifts = [fleet.drift(name) for name in fleet.names[:6]]

    assert [fleet.together.hold(drift) for drift in drifts] == [None] * 6
    assert len(fleet.runtime.causes.causes()) == 1, "it is told whatever becomes of it"
    assert [fleet.together.turn(drift) is not None for drift in drifts] == [turns] * 6


def test_a_look_waits_for_the_turn_and_not_longer(fresh: Storage, tmp_path: Path, target: RecordingTarget) -> None:
    fleet = Fleet(fresh, tmp_path, 10, more='[common_cause]\naction = "pace"\n')
    drifts = [fleet.drift(name) for name in fleet.names[:6]]
    for drift in drifts:
        fleet.together.cause_of(drift)
    fleet.together.turn(drifts[0])

    task = fleet.task(drifts[1].model)
    task.dispatcher = target
    again = task.follow_up()

    held = fleet.drifts()[drifts[1].model]
    assert held.state is DriftState.HELD
    assert held.not_before == again == fleet.now + timedelta(minutes=3)
    assert held.history[-1].note == "waits for its turn: many models drift at once"
    assert len(held.history) == 2
    assert target.sent == []
    fleet.now += timedelta(minutes=3)
    task.follow_up()
    assert [event.drift_id for event in target.sent] == [held.drift_id]  # type: ignore[union-attr]


def test_the_columns_of_a_check_are_those_that_moved_the_surest_first() -> None:
    rows = [{"name": f"c{number:02}", "drift": number % 2 == 0, "p_value": 1 / (number + 1)} for number in range(30)]
    rows.append({"name": "lost", "drift": True, "p_value": None})
    check = CheckRecord(check_id="c", model="m", at=NOW, verdict="drift", summary={"features": rows})

    assert columns_of(check) == tuple(f"c{number:02}" for number in range(28, 8, -2))
    assert columns_of(msgspec.structs.replace(check, summary={})) == ()
