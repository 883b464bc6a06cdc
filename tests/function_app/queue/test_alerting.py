"""When alerts are sent: after a check, by a message of their own, and of what is overdue at once."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.responses import Response

from driftloop.errors import LedgerError
from driftloop.ledger.drifts import Announcement
from function_app.http.health import health_of
from function_app.queue import alerting, handling, timer
from function_app.queue.alerting import ask_for_alerts, send_alerts, tell_overdue
from function_app.queue.handling import handle
from function_app.queue.sending import Message, QueueError
from function_app.runtime import Runtime
from function_app.storage.accounts import Storage
from tests.function_app.alerts.conftest import SECRET, Posts, posts

__all__ = ["posts"]
Asked = list[tuple[str, str, timedelta]]


@pytest.fixture
def runtime(storage: Storage, model_name: str, posts: Posts, tmp_path: Path) -> Runtime:
    config = tmp_path / "driftloop.toml"
    config.write_text(
        '[[defaults.alerts]]\nto = "slack"\nurl = "${SLACK}"\n'
        '[[defaults.alerts]]\nto = "webhook"\nurl = "${HOOK}"\nsecret = "${SECRET}"\n'
        f'[[model]]\nname = "{model_name}"\nschedule = "0 0 0 * * *"\n'
    )
    addresses = {"SLACK": f"{posts.url}/slack/very-secret", "HOOK": f"{posts.url}/webhook/very-secret"}
    return Runtime({"DRIFTLOOP_CONFIG": str(config), "SECRET": SECRET, **addresses}, storage)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    found: Asked = []

    def ask(_: object, messages: list[Message], delay: timedelta = timedelta(0), **__: object) -> None:
        found.extend((message.model, message.kind, delay) for message in messages)

    for module in (handling, timer, alerting):
        monkeypatch.setattr(module, "ask", ask)
    return found


def tell(runtime: Runtime, event_id: str = "one") -> None:
    (model,) = runtime.config.models
    runtime.delivery(model).tell(
        [Announcement(event_id, "incident", {"model": model.name, "reasons": ["bmi is blank"]})]
    )


def taken(posts: Posts) -> list[str]:
    return [event["id"] for event in posts.services.webhook.taken]


def test_a_check_asks_for_a_message_that_sends_and_does_not_send_itself(
    runtime: Runtime, asked: Asked, posts: Posts
) -> None:
    (model,) = runtime.config.models
    tell(runtime)
    handle(runtime, msgspec.json.encode(Message(model.name)))
    assert asked == [(model.name, "alerts", timedelta(0))]
    assert taken(posts) == []
    handle(runtime, msgspec.json.encode(Message(model.name, "alerts")))
    assert taken(posts) == ["one"]
    assert len(asked) == 1, "nothing is left"


def test_what_a_receiver_did_not_take_is_asked_for_once(runtime: Runtime, asked: Asked, posts: Posts) -> None:
    (model,) = runtime.config.models
    tell(runtime)
    posts.services.slack.answers = [Response(status_code=404)]
    send_alerts(runtime, model)
    ((_, kind, delay),) = asked
    assert kind == "alerts"
    assert timedelta(seconds=50) < delay <= timedelta(minutes=1)
    for _ in range(3):
        ask_for_alerts(runtime, model)
    assert len(asked) == 1, "a message for that time is on its way"


def test_a_check_that_fails_still_lets_alerts_out(
    runtime: Runtime, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    (model,) = runtime.config.models
    tell(runtime)

    def fails(*_: object) -> Any:
        raise LedgerError("table storage does not answer")

    monkeypatch.setattr(Runtime, "check", lambda *_: type("Task", (), {"check": fails, "follow_up": fails})())
    with pytest.raises(LedgerError):
        handle(runtime, msgspec.json.encode(Message(model.name)))
    assert [kind for _, kind, _ in asked] == ["alerts"]


def test_storage_that_fails_over_an_alert_fails_no_check(
    runtime: Runtime, asked: Asked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    (model,) = runtime.config.models

    def fails(*_: object) -> Any:
        raise LedgerError("row cannot be read")

    monkeypatch.setattr(type(runtime.boxes), "read", fails)
    ask_for_alerts(runtime, model)
    lines = [json.loads(record.message) for record in caplog.records if "alert_delayed" in record.message]
    assert [(line["model"], line["error"]) for line in lines] == [(model.name, "row cannot be read")]
    assert asked == []


def test_an_overdue_model_is_told_of_once_even_where_no_queue_takes_anything(
    runtime: Runtime, posts: Posts, monkeypatch: pytest.MonkeyPatch
) -> None:
    (model,) = runtime.config.models

    def fails(*_: object, **__: object) -> None:
        raise QueueError("queue checks did not take the messages")

    monkeypatch.setattr(timer, "ask", fails)
    monkeypatch.setattr(alerting, "ask", fails)
    now = datetime.now(UTC)
    runtime.ledger.state(model.name, now - timedelta(days=2))
    for _ in range(2):
        with pytest.raises(QueueError):
            timer.start_checks(runtime, now.replace(hour=1))
    states = {state.model: state for state in runtime.ledger.overviews(model.name)}
    tell_overdue(runtime, states, now + timedelta(days=3))
    (event,) = posts.services.webhook.taken
    assert event["data"]["kind"] == "overdue"
    assert "no check has ended since" in event["data"]["reasons"][0]


def test_health_names_a_receiver_that_fails_for_a_day(runtime: Runtime, asked: Asked, posts: Posts) -> None:
    (model,) = runtime.config.models
    tell(runtime)
    posts.services.slack.answers = [Response(status_code=410)]
    send_alerts(runtime, model)
    now, boxes = datetime.now(UTC), runtime.boxes.all()
    assert health_of([model], runtime.ledger, None, now, boxes).answer().models[0].failing_receivers == []
    later = health_of([model], runtime.ledger, None, now + timedelta(days=1), boxes).answer()
    (failing,) = later.models[0].failing_receivers
    assert (failing.receiver, failing.error) == ("slack", "127.0.0.1 answered 410: the webhook is gone: make a new one")
