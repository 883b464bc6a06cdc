"""Messages: sent at once, what fails is sent again, and what asked for them travels along."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from azure.core.exceptions import ServiceRequestError

from function_app.queue.handling import traceparent_of
from function_app.queue.sending import LONGEST_DELAY, ROUNDS, Message, QueueError, ask
from function_app.telemetry.spans import span

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Queue:
    """Takes messages, but refuses those of some models so many times."""

    def __init__(self, **refusals: int) -> None:
        self.refusals, self.sent = refusals, []

    def send_message(self, content: str, visibility_timeout: int) -> None:
        message = msgspec.json.decode(content, type=Message)
        if self.refusals.get(message.model, 0) > 0:
            self.refusals[message.model] -= 1
            raise ServiceRequestError("the queue does not answer")
        self.sent.append((message, visibility_timeout))

    @property
    def models(self) -> list[str]:
        return sorted(message.model for message, _ in self.sent)


def runtime_of(queue: Queue) -> Any:
    return SimpleNamespace(storage=SimpleNamespace(queue=lambda name: queue))


def test_a_tick_of_which_some_sends_fail_is_completed_and_nothing_is_sent_twice() -> None:
    queue, pauses = Queue(b=1, d=ROUNDS - 1), []

    ask(runtime_of(queue), [Message(name) for name in "abcdef"], sleep=pauses.append)

    assert queue.models == list("abcdef")
    assert pauses == [2.0, 4.0, 8.0]


def test_what_is_never_taken_is_an_error_that_names_the_models_and_the_others_are_sent() -> None:
    queue = Queue(b=99, c=99)

    with pytest.raises(QueueError, match=r"for 2 models \(b, c\)"):
        ask(runtime_of(queue), [Message(name) for name in "abc"], sleep=lambda _: None)

    assert queue.models == ["a"]
    assert queue.refusals == {"b": 99 - ROUNDS, "c": 99 - ROUNDS}


def test_one_message_is_repeated_too_and_none_is_nothing() -> None:
    queue = Queue(a=2)
    ask(runtime_of(queue), [Message("a")], sleep=lambda _: None)
    ask(runtime_of(queue), [], sleep=lambda _: None)

    assert queue.models == ["a"]


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [(timedelta(0), 0), (timedelta(seconds=0.2), 1), (timedelta(minutes=1), 60), (timedelta(days=30), 518_400)],
)
def test_a_delay_is_in_whole_seconds_and_at_most_what_a_queue_can_hide(delay: timedelta, seconds: int) -> None:
    queue = Queue()
    ask(runtime_of(queue), [Message("a")], delay)

    assert [hidden for _, hidden in queue.sent] == [seconds]
    assert timedelta(days=6) == LONGEST_DELAY


def test_the_span_that_asks_travels_in_the_message() -> None:
    queue = Queue()
    context: Any = SimpleNamespace(trace_context=SimpleNamespace(trace_parent=PARENT, trace_state=""))
    with span("driftloop.start_checks", context):
        ask(runtime_of(queue), [Message("a"), Message("b")])
    ask(runtime_of(queue), [Message("c")])

    assert sorted((message.model, message.traceparent) for message, _ in queue.sent) == [
        ("a", PARENT),
        ("b", PARENT),
        ("c", None),
    ]


def test_a_check_that_asks_again_passes_on_what_it_was_asked_by() -> None:
    queue = Queue()
    own: Any = SimpleNamespace(trace_context=SimpleNamespace(trace_parent=PARENT.replace("0af", "fff"), trace_state=""))
    with span("driftloop.check", own, asked_by=PARENT):
        ask(runtime_of(queue), [Message("a", "follow-up")])

    assert queue.sent[0][0].traceparent == PARENT


@pytest.mark.parametrize("text", ["", "00-xyz", PARENT + "\n", PARENT.upper(), "a" * 5000])
def test_what_is_no_traceparent_is_not_passed_on(text: str) -> None:
    queue = Queue()
    context: Any = SimpleNamespace(trace_context=SimpleNamespace(trace_parent=text, trace_state=""))
    with span("driftloop.start_checks", context):
        ask(runtime_of(queue), [Message("a")])

    assert queue.sent[0][0].traceparent is None


def test_a_message_without_news_is_as_short_as_before_and_one_of_an_older_version_is_read() -> None:
    assert msgspec.json.encode(Message("a")) == b'{"model":"a"}'
    assert traceparent_of(b'{"model": "a", "kind": "check"}') is None
    assert traceparent_of(msgspec.json.encode(Message("a", traceparent=PARENT))) == PARENT
    assert traceparent_of(b"rubbish") is None
