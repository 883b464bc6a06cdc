"""From a tick to messages, and from a message to a check."""

import logging
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

import msgspec
import pytest

from driftloop.config.models import Config, Model
from driftloop.errors import InputError, LedgerError
from driftloop.ledger.ledger import CheckRecord
from driftloop.ledger.overview import Overview
from function_app.queue import handling, timer
from function_app.queue.handling import handle, poisoned
from function_app.queue.sending import Message
from function_app.queue.timer import due, start_checks
from tests.driftloop.sqlite_ledger import SqliteLedger

NOW = datetime(2026, 11, 23, 6, 0, 1, tzinfo=UTC)


class FakeTask:
    """A check that gives what the test says."""

    def __init__(self) -> None:
        self.again: datetime | None = None
        self.error: Exception | None = None
        self.calls: list[str] = []
        self.verdict = "stable"

    def check(self) -> tuple[CheckRecord, datetime | None]:
        self.calls.append("check")
        if self.error:
            raise self.error
        return CheckRecord(check_id="chk-1", model="a", at=NOW, verdict=self.verdict), self.again

    def follow_up(self) -> datetime | None:
        self.calls.append("follow-up")
        return self.again


class NoTogether:
    """No common cause was opened here."""

    def __init__(self) -> None:
        self.opened: SimpleQueue[Any] = SimpleQueue()


class NoCauses:
    """There is no common cause."""

    def causes(self) -> list[Any]:
        return []


class FakeRuntime:
    """Three models, one with a schedule of its own."""

    schedule = None

    def __init__(self, path: Any) -> None:
        self.config = Config((Model(name="a"), Model(name="b", schedule="0 0 6 * * mon"), Model(name="c")))
        self.ledger = SqliteLedger(path / "ledger.db")
        self.task = FakeTask()
        self.together, self.causes = NoTogether(), NoCauses()

    def check(self, _: Model) -> FakeTask:
        return self.task


@pytest.fixture
def runtime(tmp_path: Any) -> FakeRuntime:
    return FakeRuntime(tmp_path)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, timedelta]]:
    found: list[tuple[str, str, timedelta]] = []

    def ask(_: object, messages: list[Message], delay: timedelta = timedelta(0), **__: object) -> None:
        found.extend((message.model, message.kind, delay) for message in messages)

    monkeypatch.setattr(handling, "ask", ask)
    monkeypatch.setattr(timer, "ask", ask)
    return found


def test_every_model_without_a_schedule_of_its_own_follows_the_timer(runtime: Any, sent: list[Any]) -> None:
    assert start_checks(runtime, NOW) == ["a", "b", "c"], "23 November 2026 is a Monday"
    assert start_checks(runtime, NOW - timedelta(days=1)) == ["a", "b", "c"], "b was never checked, so it is due"
    assert [message[:2] for message in sent[:3]] == [("a", "check"), ("b", "check"), ("c", "check")]


def test_a_model_with_its_own_schedule_is_due_once_a_tick() -> None:
    (model,) = Config((Model(name="b", schedule="0 0 6 * * mon"),)).models

    def checked(at: datetime) -> dict[str, Overview]:
        return {"b": Overview(model="b", checked_at=at)}

    assert due([model], checked(NOW - timedelta(hours=1)), NOW) == [model]
    assert due([model], checked(NOW), NOW + timedelta(hours=5)) == []
    assert due([model], checked(NOW), NOW + timedelta(days=6)) == []
    assert due([model], checked(NOW), NOW + timedelta(days=7)) == [model]
    assert due([model], checked(NOW - timedelta(hours=1)), NOW - timedelta(seconds=10)) == [model], (
        "clocks differ a little"
    )


def test_a_message_leads_to_a_check_or_to_a_follow_up(runtime: Any, sent: list[Any]) -> None:
    handle(runtime, b'{"model": "a"}')
    handle(runtime, b'{"model": "a", "kind": "follow-up"}')

    assert runtime.task.calls == ["check", "follow-up"]
    assert sent == []


def test_an_open_drift_is_looked_at_again_and_only_one_message_waits_for_it(runtime: Any, sent: list[Any]) -> None:
    runtime.task.again = datetime.now(UTC) + timedelta(minutes=10)
    handle(runtime, b'{"model": "a"}')
    handle(runtime, b'{"model": "a"}')

    assert len(sent) == 1
    assert sent[0][:2] == ("a", "follow-up")
    assert timedelta(minutes=9) < sent[0][2] <= timedelta(minutes=10)


def test_an_earlier_look_is_asked_for_although_a_later_one_waits(runtime: Any, sent: list[Any]) -> None:
    runtime.task.again = datetime.now(UTC) + timedelta(hours=10)
    handle(runtime, b'{"model": "a"}')
    runtime.task.again = datetime.now(UTC) + timedelta(minutes=1)
    handle(runtime, b'{"model": "a"}')

    assert len(sent) == 2


def test_a_follow_up_that_is_seen_a_moment_early_does_not_end_the_chain(runtime: Any, sent: list[Any]) -> None:
    state = runtime.ledger.state("a", NOW)
    early = datetime.now(UTC) + timedelta(seconds=2)
    runtime.ledger.commit(msgspec.structs.replace(state, follow_up_at=early))
    runtime.task.again = datetime.now(UTC) + timedelta(minutes=10)

    handle(runtime, b'{"model": "a", "kind": "follow-up"}')

    assert len(sent) == 1


def test_files_that_an_incident_left_are_checked_at_once(runtime: Any, sent: list[Any]) -> None:
    runtime.task.again, runtime.task.verdict = datetime.now(UTC) - timedelta(seconds=1), "incident"

    handle(runtime, b'{"model": "a"}')

    assert sent == [("a", "check", timedelta(0))]


def test_a_crash_is_noted_and_raised_so_that_the_queue_repeats_it(
    runtime: Any, sent: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    runtime.task.error = LedgerError("the table does not answer")

    with pytest.raises(LedgerError):
        handle(runtime, b'{"model": "a"}')

    assert runtime.ledger.state("a", NOW).last_error == "the table does not answer"
    assert '"event": "check_failed"' in caplog.text
    assert runtime.ledger.state("a", NOW).last_verdict is None, "a crash is no verdict"


def test_the_text_of_an_unexpected_error_is_not_stored(runtime: Any) -> None:
    runtime.task.error = ValueError("patient 17 has bmi 31")

    with pytest.raises(ValueError, match="patient"):
        handle(runtime, b'{"model": "a"}')

    assert runtime.ledger.state("a", NOW).last_error == "ValueError"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"model": 5}', b'{"model": "a", "kind": "delete"}', b'{"model": "a", "x": 1}', b"\xff"]
)
def test_a_message_that_is_not_ours_is_an_error(runtime: Any, body: bytes) -> None:
    with pytest.raises(InputError, match="a message is not ours"):
        handle(runtime, body)
    assert runtime.task.calls == []


def test_a_model_that_was_taken_out_is_not_checked_and_not_poison(
    runtime: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    assert handle(runtime, b'{"model": "gone"}') is None
    assert '"event": "event_ignored"' in caplog.text


@pytest.mark.parametrize(
    ("body", "model"), [(msgspec.json.encode(Message("a")), '"model": "a"'), (b"rubbish", '"reason"')]
)
def test_poison_ends_in_an_alert(body: bytes, model: str, caplog: pytest.LogCaptureFixture) -> None:
    poisoned(body)

    assert caplog.records[-1].levelno == logging.WARNING
    assert '"event": "check_poisoned"' in caplog.text
    assert model in caplog.text
