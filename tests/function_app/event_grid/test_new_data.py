"""Data that lands asks for one check, however many files it is and whoever hears of them."""

import concurrent.futures
import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import msgspec
import pytest

from driftloop.config.models import Config, Model
from function_app.event_grid.new_data import BLOB_CREATED, QUIET, data_landed
from function_app.incoming.watched_paths import WatchedPaths
from function_app.queue import waiting
from function_app.queue.sending import Message, QueueError
from function_app.queue.waiting import begun
from function_app.storage.accounts import Storage


class SlowQueue:
    """Keeps what is sent, and fails as often as asked."""

    def __init__(self) -> None:
        self.sent: list[tuple[Message, int]] = []

    def send_message(self, content: str, visibility_timeout: int) -> None:
        self.sent.append((msgspec.json.decode(content, type=Message), visibility_timeout))


@pytest.fixture
def runtime(storage: Storage, model_name: str) -> Any:
    """One model whose marks are in Azurite, and a queue in memory."""
    queue = SlowQueue()
    config = Config((Model(name=model_name, records=f"incoming/{model_name}/records/*.csv"),))
    return SimpleNamespace(
        config=config,
        watched_paths=WatchedPaths(config.models),
        storage=SimpleNamespace(tables=storage.tables, queue=lambda _: queue),
        queue=queue,
    )


def landed(path: str, kind: str = BLOB_CREATED) -> func.EventGridEvent:
    return func.EventGridEvent(
        id="e",
        data={},
        topic="/t",
        subject=f"/blobServices/default/containers/incoming/blobs/{path}",
        event_type=kind,
        event_time=datetime.now(UTC),
        data_version="1",
    )


def test_twenty_files_at_once_ask_for_one_check_once_they_have_all_landed(runtime: Any, model_name: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda n: data_landed(runtime, landed(f"{model_name}/records/{n}.csv")), range(20)))

    ((message, delay),) = runtime.queue.sent
    assert (message.model, message.kind, message.waiting) == (model_name, "check", True)
    assert delay == QUIET.total_seconds()


def test_what_lands_after_the_check_has_begun_asks_for_another(runtime: Any, model_name: str) -> None:
    data_landed(runtime, landed(f"{model_name}/records/1.csv"))
    begun(runtime, runtime.queue.sent[0][0])
    data_landed(runtime, landed(f"{model_name}/records/2.csv"))

    assert len(runtime.queue.sent) == 2


def test_an_event_whose_message_was_not_taken_fails_and_the_next_one_asks_again(
    runtime: Any, model_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise QueueError("the queue does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(waiting, "ask", fails)
        with pytest.raises(QueueError):
            data_landed(runtime, landed(f"{model_name}/records/1.csv"))
    data_landed(runtime, landed(f"{model_name}/records/1.csv"))

    assert len(runtime.queue.sent) == 1


def test_a_caller_that_died_between_its_mark_and_its_message_does_not_hold_up_the_next(
    runtime: Any, model_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(waiting, "ask", dies)
        with pytest.raises(KeyboardInterrupt):
            data_landed(runtime, landed(f"{model_name}/records/1.csv"))
    pauses: list[float] = []

    assert waiting.ask_once(runtime, model_name, QUIET, sleep=pauses.append)
    assert len(runtime.queue.sent) == 1
    assert len(pauses) == waiting.LOOKS - 1, "it waits for the other caller first"


def test_who_wants_a_check_at_once_does_not_wait_for_one_that_is_delayed(runtime: Any, model_name: str) -> None:
    data_landed(runtime, landed(f"{model_name}/records/1.csv"))

    assert waiting.ask_once(runtime, model_name)
    assert not waiting.ask_once(runtime, model_name), "now one waits that is seen at once"
    assert not waiting.ask_once(runtime, model_name, QUIET)
    assert [delay for _, delay in runtime.queue.sent] == [60, 0]


@pytest.mark.parametrize(("seconds", "asks"), [(4, False), (6, True)])
def test_a_machine_whose_clock_is_a_little_behind_asks_for_no_second_check(
    runtime: Any, model_name: str, seconds: int, asks: bool
) -> None:
    now = datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert waiting.ask_once(runtime, model_name, QUIET, clock=lambda: now)

    assert waiting.ask_once(runtime, model_name, QUIET, clock=lambda: now - timedelta(seconds=seconds)) is asks
    assert len(runtime.queue.sent) == 1 + asks


def test_a_message_that_nobody_has_seen_for_an_hour_does_not_hold_up_another(runtime: Any, model_name: str) -> None:
    now = datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert waiting.ask_once(runtime, model_name, clock=lambda: now)

    assert not waiting.ask_once(runtime, model_name, clock=lambda: now + timedelta(minutes=59))
    assert waiting.ask_once(runtime, model_name, clock=lambda: now + timedelta(minutes=60))


@pytest.mark.parametrize("path", ["{}/labels/a.csv", "{}/records/deep/a.csv", "{}/records/a.parquet", "other/a.csv"])
def test_data_of_no_watched_model_asks_for_nothing(runtime: Any, model_name: str, path: str) -> None:
    assert data_landed(runtime, landed(path.format(model_name))) == []
    assert runtime.queue.sent == []


def test_other_events_are_ignored_and_said(runtime: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    assert data_landed(runtime, landed("m/records/a.csv", "Microsoft.Storage.BlobDeleted")) == []
    assert '"event": "event_ignored"' in caplog.text
