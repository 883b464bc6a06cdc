"""From a check on real storage to three services: each event once for each receiver, whatever fails."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from starlette.responses import PlainTextResponse, Response

from driftloop.config.receivers import Receiver
from driftloop.events import Alert, InService, PutBack
from driftloop.ledger.drifts import Announcement
from driftloop.times import format_time
from function_app.alerts.box import LEASE, LONGEST_WAIT
from function_app.alerts.box_rows import BoxRows
from function_app.alerts.delivery import TOO_SLOW, Delivery
from function_app.alerts.posting import Answer
from function_app.checks.checking import ModelCheck
from tests.function_app.alerts.conftest import Posts

BLANK = b"id,at,bmi,sex\n" + b"".join(b"x%d,2026-01-01T00:00:00Z,,1\n" % number for number in range(200))


@pytest.fixture
def delivery(clinic: Any, posts: Posts) -> Delivery:
    clinic.configure(alerts=posts.all())
    return Delivery(clinic.model, BoxRows(clinic.storage.tables), lambda: clinic.now)


def task(clinic: Any, delivery: Delivery) -> ModelCheck:
    return ModelCheck(
        clinic.model, clinic.storage, clinic.ledger, clinic.target, lambda: clinic.now, lambda _: None, delivery.tell
    )


def counts(posts: Posts) -> list[int]:
    return [len(getattr(posts.services, name).taken) for name in ("teams", "slack", "webhook")]


def said(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(record.message) for record in caplog.records if record.message.startswith("{")]
    return [line for line in lines if line["event"] == event]


def broken(clinic: Any) -> None:
    clinic.deploy()
    clinic.land(BLANK, "blank.csv")


def test_an_incident_reaches_all_three_once_with_its_sentence_and_its_report(
    clinic: Any, delivery: Delivery, posts: Posts
) -> None:
    broken(clinic)
    check, _ = task(clinic, delivery).check()
    assert check.verdict == "incident"

    assert delivery.deliver() is None
    task(clinic, delivery).check()
    assert delivery.deliver() is None

    assert counts(posts) == [1, 1, 1]
    (event,) = posts.services.webhook.taken
    assert event["type"] == "driftloop.alert.incident"
    assert (event["data"]["check_id"], event["data"]["files"]) == (check.check_id, list(check.quarantined))
    assert event["data"]["reasons"][0] == check.reasons[0]
    assert event["data"].get("report") == check.report


def test_a_drift_and_its_end_are_told_with_one_id_each(clinic: Any, delivery: Delivery, posts: Posts) -> None:
    clinic.deploy()
    clinic.land(clinic.rows(300, shift=1.0))
    task(clinic, delivery).check()
    clinic.outcome(clinic.drift().drift_id, "rejected")
    task(clinic, delivery).check()
    delivery.deliver()

    events = posts.services.webhook.taken
    drift = clinic.drift().drift_id
    assert [(each["id"], each["data"]["kind"]) for each in events] == [
        (f"found-{drift}", "drift"),
        (f"closed-{drift}", "rejection"),
    ]
    assert events[0]["data"]["report"].startswith("reports/")
    assert events[0]["data"]["p"] < 0.01


def test_one_receiver_that_fails_holds_up_neither_the_check_nor_the_others(
    clinic: Any, delivery: Delivery, posts: Posts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    broken(clinic)
    posts.services.slack.answers = [PlainTextResponse("no_service", 404)] * 2
    task(clinic, delivery).check()

    again = delivery.deliver()

    assert counts(posts) == [1, 0, 1]
    assert again == clinic.now + timedelta(minutes=1)
    (line,) = said(caplog, "alert_delayed")
    assert (line["receiver"], line["error"]) == (
        "slack",
        "127.0.0.1 answered 404, no_service: no webhook has this address any more: make a new one",
    )
    assert delivery.deliver() == again, "it rests"
    clinic.now += timedelta(minutes=1)
    delivery.deliver()
    clinic.now += timedelta(minutes=2)
    assert delivery.deliver() is None
    assert counts(posts) == [1, 1, 1]


def test_a_message_that_is_refused_does_not_hold_up_the_next(clinic: Any, delivery: Delivery, posts: Posts) -> None:
    delivery.tell([incident(clinic, "one"), incident(clinic, "two")])
    posts.services.slack.answers = [PlainTextResponse("invalid_blocks", 400)]
    delivery.deliver()
    assert counts(posts) == [2, 1, 2]


def incident(clinic: Any, event_id: str) -> Announcement:
    return Announcement(event_id, "incident", {"model": clinic.name, "reasons": ["bmi is blank"]})


def test_a_pause_that_a_service_asks_for_is_kept(clinic: Any, delivery: Delivery, posts: Posts) -> None:
    delivery.tell([incident(clinic, "one")])
    posts.services.teams.answers = [Response(status_code=429, headers={"Retry-After": "7200"})]
    again = delivery.deliver()
    assert again is not None
    assert abs(again - clinic.now - timedelta(hours=2)) < timedelta(minutes=1)
    clinic.now += timedelta(hours=1)
    delivery.deliver()
    assert posts.services.teams.asked == 1


@pytest.mark.parametrize("dies_in", ["write", "send"])
def test_a_process_that_dies_loses_nothing(
    clinic: Any, delivery: Delivery, posts: Posts, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    """In `write` right after the alerts were sent; in `send` before. The next process sends after the lease."""
    broken(clinic)
    task(clinic, delivery).check()
    writes: list[int] = []

    def dies(*_: object) -> Any:
        raise KeyboardInterrupt

    def second_write(rows: BoxRows, box: Any) -> Any:
        writes.append(1)
        return dies() if len(writes) > 1 else write(rows, box)

    write = BoxRows.write
    dead = sending_by(delivery, dies) if dies_in == "send" else delivery
    with monkeypatch.context() as patched:
        if dies_in == "write":
            patched.setattr(BoxRows, "write", second_write)
        with pytest.raises(KeyboardInterrupt):
            dead.deliver()

    assert delivery.deliver() == clinic.now + LEASE
    clinic.now += LEASE
    assert delivery.deliver() is None
    assert counts(posts) == ([2, 2, 2] if dies_in == "write" else [1, 1, 1])
    ids = {event["id"] for event in posts.services.webhook.taken}
    assert len(ids) == 1, "a repetition has the same id"


def sending_by(delivery: Delivery, send: Callable[..., Any]) -> Delivery:
    return Delivery(delivery.model, delivery.rows, delivery.clock, send)


def test_a_check_that_dies_before_the_outbox_is_empty_leads_to_one_alert(
    clinic: Any, delivery: Delivery, posts: Posts
) -> None:
    broken(clinic)

    def dies(said: tuple[Announcement, ...]) -> None:
        delivery.tell(said)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ModelCheck(clinic.model, clinic.storage, clinic.ledger, clinic.target, lambda: clinic.now, tell=dies).check()
    delivery.deliver()
    task(clinic, delivery).check()
    delivery.deliver()
    assert counts(posts) == [1, 1, 1]


def test_ten_processes_at_once_send_an_alert_once(clinic: Any, delivery: Delivery, posts: Posts) -> None:
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: delivery.tell([incident(clinic, "one")]), range(10)))
        list(pool.map(lambda _: delivery.deliver(), range(10)))
    assert counts(posts) == [1, 1, 1]


def test_a_receiver_that_fails_for_a_day_is_named_and_what_is_old_is_given_up(
    clinic: Any, delivery: Delivery, posts: Posts, caplog: pytest.LogCaptureFixture
) -> None:
    delivery.tell([incident(clinic, "one")])
    posts.services.slack.answers = [Response(status_code=500)] * 4
    delivery.deliver()
    clinic.now += timedelta(days=1)
    delivery.deliver()
    (line,) = said(caplog, "alert_failed")
    assert (line["model"], line["receiver"], line["error"]) == (clinic.name, "slack", "127.0.0.1 answered 500")
    assert delivery.rows.read(clinic.name).trouble["slack"].lasts(clinic.now)
    clinic.now += timedelta(hours=2)
    delivery.deliver()
    assert len(said(caplog, "alert_failed")) == 1, "once a day"
    clinic.now += LONGEST_WAIT
    assert delivery.deliver() is None
    (line,) = said(caplog, "alert_dropped")
    assert (line["event_id"], line["receivers"]) == ("one", ["slack"])
    assert "slack" in delivery.rows.all()[clinic.name].trouble, "what fails is still known"


def test_a_receiver_that_never_ends_its_answer_holds_up_nobody(clinic: Any, delivery: Delivery) -> None:
    released, sent = threading.Event(), list[str]()

    def send(_: Alert, receiver: Receiver, __: datetime) -> Answer:
        if receiver.name == "slack":
            released.wait()
        sent.append(receiver.name)
        return Answer()

    hanging = Delivery(delivery.model, delivery.rows, delivery.clock, send, patience=1)
    hanging.tell([incident(clinic, "one")])
    try:
        hanging.deliver()
        assert sorted(sent) == ["teams", "webhook"]
        assert [each.left for each in delivery.rows.read(clinic.name).waiting] == [("slack",)]
        assert delivery.rows.read(clinic.name).trouble["slack"].error == TOO_SLOW
    finally:
        released.set()


def test_a_version_that_is_rolled_back_or_deployed_by_hand_is_told_once(
    clinic: Any, delivery: Delivery, posts: Posts
) -> None:
    pointer = clinic.deploy("1")
    task(clinic, delivery).check()
    point(clinic, msgspec.structs.replace(pointer, version="2", deployed_at="2026-11-26T08:00:00Z", previous="1"))
    task(clinic, delivery).check()
    task(clinic, delivery).check()
    point(clinic, msgspec.structs.replace(pointer, deployed_at="2026-11-26T09:00:00Z", rolled_back="2"))
    task(clinic, delivery).check()
    delivery.deliver()
    told = [
        (each["data"]["kind"], each["data"]["version"], each["data"]["previous"])
        for each in posts.services.webhook.taken
    ]
    assert told == [("promotion", "2", "1"), ("rollback", "1", "2")]


def test_a_deployment_that_failed_is_told_once_and_an_old_one_is_not(
    clinic: Any, delivery: Delivery, posts: Posts
) -> None:
    clinic.deploy("1")
    note = PutBack(clinic.name, "2", "1", format_time(clinic.now - timedelta(days=4)), "https://github.example/runs/7")
    for at in (clinic.now - timedelta(days=4), clinic.now, clinic.now):
        left = msgspec.json.encode(msgspec.structs.replace(note, at=format_time(at)))
        clinic.storage.container("baselines").upload_blob(f"{clinic.name}/put-back.json", left, overwrite=True)
        task(clinic, delivery).check()
    clinic.storage.container("baselines").upload_blob(f"{clinic.name}/put-back.json", b"{", overwrite=True)
    task(clinic, delivery).check()
    delivery.deliver()
    (event,) = posts.services.webhook.taken
    assert (event["data"]["kind"], event["data"]["version"], event["data"]["previous"]) == ("rollback", "1", "2")
    assert event["data"]["reasons"] == ["the deployment of version 2 failed and was undone"]
    assert event["data"]["link"] == "https://github.example/runs/7"


def point(clinic: Any, pointer: InService) -> None:
    baselines = clinic.storage.container("baselines")
    baselines.upload_blob(f"{clinic.name}/in-service.json", msgspec.json.encode(pointer), overwrite=True)


def test_without_receivers_nothing_is_kept(clinic: Any) -> None:
    delivery = Delivery(clinic.model, BoxRows(clinic.storage.tables), lambda: clinic.now)
    delivery.tell([incident(clinic, "one")])
    assert delivery.rows.read(clinic.name).waiting == ()
    assert delivery.deliver() is None
