"""A common cause is told as one: to every address once, again when it is complete, and to nobody for each model."""

import base64
import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from driftloop.common_cause.causes import STAYS_OPEN
from driftloop.ledger.drifts import Announcement
from function_app.alerts.message import message_of
from function_app.common_cause.telling import FIRST_TOLD, LATE, announcement_of, members, next_telling, told_apart
from function_app.http.api import ProblemError
from function_app.http.common_causes import list_common_causes, release_common_cause
from function_app.queue import common_causes
from function_app.queue.handling import handle
from function_app.storage.accounts import Storage
from tests.function_app.common_cause.fleet import Fleet

SHARED = '[[defaults.alerts]]\nto = "slack"\nurl = "${SLACK}"\n'


@pytest.fixture
def fleet(fresh: Storage, tmp_path: Path) -> Fleet:
    found = Fleet(fresh, tmp_path, 10, more=SHARED)
    for number, name in enumerate(found.names[:7]):
        found.together.cause_of(found.drift(name, ("bmi", "age") if number else ("sex",), number))
    return found


def logged(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    events = [json.loads(record.getMessage()) for record in caplog.records if record.name == "driftloop"]
    return [each for each in events if each["event"] == event]


def queued(storage: Storage) -> list[dict[str, Any]]:
    messages = storage.queue("checks").peek_messages(max_messages=32)
    return [json.loads(base64.b64decode(message.content)) for message in messages]


def test_nobody_is_told_of_each_drift(fleet: Fleet) -> None:
    drift = fleet.drifts()["m001"]
    said = Announcement("found", "drift", {"model": "m001", "drift_id": drift.drift_id})
    other = Announcement("incident", "incident", {"model": "m001"})
    alone = Announcement("alone", "drift", {"model": "m001", "drift_id": "drift-of-nothing"})

    ledger = fleet.runtime.ledger
    assert told_apart((said, other, alone), ledger, fleet.together) == (other, alone)
    assert told_apart((said,), ledger, None) == (said,)


def test_a_check_tells_its_receivers_of_a_drift_alone_and_not_of_one_among_many(fleet: Fleet) -> None:
    fleet.task("m001")._settled()
    assert fleet.runtime.boxes.read("m001").waiting == ()

    fleet.drift("m009", seconds=2 * STAYS_OPEN.total_seconds())
    fleet.task("m009")._settled()
    assert [each.alert.kind for each in fleet.runtime.boxes.read("m009").waiting] == ["drift"]


def test_it_is_told_once_to_each_address_and_logged(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "driftloop")
    common_causes.tell(fleet.runtime, fleet.now + FIRST_TOLD / 2)
    assert logged(caplog, "common_cause") == [], "its drifts still come in"

    (cause,) = fleet.runtime.causes.causes()
    common_causes.tell(fleet.runtime, cause.opened_at + FIRST_TOLD)
    common_causes.tell(fleet.runtime, cause.opened_at + FIRST_TOLD)

    (event,) = logged(caplog, "common_cause")
    assert (event["models"], event["watched"], event["columns"]) == (7, 10, ["age", "bmi"])
    boxes = fleet.runtime.boxes.all()
    (waiting,) = [each for box in boxes.values() for each in box.waiting]
    assert list(boxes) == ["m000"]
    assert waiting.left == ("slack",)
    message = message_of(waiting.alert, fleet.runtime.config.model("m000").alerts[0])
    assert message.title == "Many models drift at once"
    assert message.reasons[0].startswith("7 of 10 models drift since 20")
    assert "common: column age (6 models), column bmi (6 models)" in message.reasons[0]
    assert message.reasons[1] == "no retrain starts until a person releases them: see the runbook"
    assert "m000" not in " ".join(message.lines), "it is about no single model"


def test_it_is_told_again_when_more_have_joined_and_nothing_more_can(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "driftloop")
    (cause,) = fleet.runtime.causes.causes()
    common_causes.tell(fleet.runtime, cause.opened_at + FIRST_TOLD)
    fleet.together.cause_of(fleet.drift("m008", seconds=3600))
    common_causes.tell(fleet.runtime, cause.until)
    common_causes.tell(fleet.runtime, cause.until + LATE)
    common_causes.tell(fleet.runtime, cause.until + timedelta(days=1))

    assert [event["models"] for event in logged(caplog, "common_cause")] == [7, 8]
    assert len({event["event_id"] for event in logged(caplog, "common_cause")}) == 2
    assert fleet.runtime.causes.causes()[0].complete


def test_when_nothing_joined_it_is_not_told_again(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "driftloop")
    (cause,) = fleet.runtime.causes.causes()
    common_causes.tell(fleet.runtime, cause.opened_at + FIRST_TOLD)
    common_causes.tell(fleet.runtime, cause.until + LATE)

    assert len(logged(caplog, "common_cause")) == 1
    assert next_telling(fleet.runtime.causes.causes()[0]) is None


def test_a_process_that_dies_before_it_notes_tells_the_same_again(fleet: Fleet) -> None:
    (cause,) = fleet.runtime.causes.causes()
    found = members(fleet.runtime.causes, cause)
    first, second = (announcement_of(cause, found, "hold") for _ in range(2))
    assert first == second
    for _ in range(2):
        fleet.runtime.delivery(fleet.runtime.config.model("m000")).tell(
            (msgspec.structs.replace(first, fields={"model": "m000", **first.fields}),)
        )
    assert len(fleet.runtime.boxes.read("m000").waiting) == 1


@pytest.mark.parametrize(
    ("action", "is_released", "says"),
    [
        ("hold", False, "no retrain starts until a person releases them: see the runbook"),
        ("hold", True, "their retrains go on one after the other"),
        ("pace", False, "their retrains go on one after the other"),
        ("send", False, "their retrains go on"),
        ("send", True, "their retrains go on"),
    ],
)
def test_it_says_what_becomes_of_the_retrains(fleet: Fleet, action: str, is_released: bool, says: str) -> None:
    (cause,) = fleet.runtime.causes.causes()
    cause = msgspec.structs.replace(cause, released_at=fleet.now if is_released else None)

    assert announcement_of(cause, members(fleet.runtime.causes, cause), action).fields["reasons"][1] == says


def test_who_opens_a_cause_asks_for_the_message_that_tells(fleet: Fleet, fresh: Storage) -> None:
    common_causes.ask_to_tell(fleet.runtime)
    common_causes.ask_to_tell(fleet.runtime)
    properties = fresh.queue("checks").get_queue_properties()

    assert properties.approximate_message_count == 1, "it waits until the first number is worth telling"
    handle(fleet.runtime, b'{"model": "", "kind": "common-cause"}')
    assert fleet.runtime.causes.causes()[0].told == 7


class Request:
    def __init__(self, **parts: str) -> None:
        self.route_params = parts


def test_the_api_lists_causes_and_releases_one(fleet: Fleet, fresh: Storage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "driftloop")
    (listed,) = json.loads(list_common_causes(fleet.runtime, Request()).get_body())["causes"]  # type: ignore[arg-type]
    assert (listed["bound"], listed["models"], listed["released_at"]) == (5, fleet.names[:7], None)

    for _ in range(2):  # whoever asks twice gets the same answer
        answer = release_common_cause(fleet.runtime, Request(cause_id=listed["cause_id"]))  # type: ignore[arg-type]
        assert answer.status_code == 202
        assert json.loads(answer.get_body()) == {"cause_id": listed["cause_id"], "models": fleet.names[:7]}

    asked = [message for message in queued(fresh) if message.get("kind") == "follow-up"]
    assert sorted({message["model"] for message in asked}) == fleet.names[:7]
    assert fleet.runtime.causes.causes()[0].released_at is not None
    assert logged(caplog, "common_cause_released")[0]["models"] == 7


@pytest.mark.parametrize("name", ["cause-000000000000", "", "x/y", "a" * 50])
def test_an_unknown_cause_is_not_found(fleet: Fleet, name: str) -> None:
    with pytest.raises(ProblemError, match="no common cause with this id"):
        release_common_cause(fleet.runtime, Request(cause_id=name))  # type: ignore[arg-type]
