"""What is sent over HTTP, to services that refuse what the real ones refuse."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from driftloop.config.receivers import Receiver
from driftloop.events import AlertKind
from function_app.alerts.message import message_of
from function_app.alerts.posting import post
from function_app.alerts.slack import LONGEST_SECTION
from function_app.alerts.teams import LIMIT, teams_body
from sandbox.waiting import HANG_SECONDS
from tests.function_app.alerts.conftest import HOSTILE, Posts, an_alert

SERVICES = ("teams", "slack", "webhook")


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("kind", get_args(AlertKind))
def test_every_kind_is_taken_by_every_service_in_both_languages(posts: Posts, kind: str, language: str) -> None:
    more = {"version": "4", "previous": "3", "p": 0.0004, "files": ("a.csv",) * 5, "files_set_aside": 900}
    for receiver in posts.all(language=language, link="https://monitor.example/{report}?model={model}"):
        assert post(an_alert(kind, **more), receiver, datetime.now(UTC)).error is None, receiver
    for name in SERVICES:
        (taken,) = getattr(posts.services, name).taken
        text = json.dumps(taken, ensure_ascii=False)
        assert "https://monitor.example/reports/m/chk-1.html?model=m" in text
        # The engine's sentence is in the reader's language where people read it; a program gets the event as it is.
        shown = (
            "no change beyond chance" if language == "en" or name == "webhook" else "偶然の範囲を超える変化はありません"
        )
        assert shown in text


def test_a_hostile_column_is_text_and_nothing_else(posts: Posts) -> None:
    for receiver in posts.all():
        assert post(an_alert(), receiver, datetime.now(UTC)).error is None
    (card,) = posts.services.teams.taken
    kinds = {each["type"] for each in card["attachments"][0]["content"]["body"]}
    assert kinds == {"RichTextBlock"}, "runs know no Markdown"
    (blocks,) = posts.services.slack.taken
    (section,) = [each["text"] for each in blocks["blocks"] if "change beyond" in json.dumps(each)]
    assert "&lt;!channel&gt; &amp; [click]" in section["text"]
    assert section["verbatim"] is True
    assert "\u202e" not in json.dumps([card, blocks], ensure_ascii=False)
    (event,) = posts.services.webhook.taken
    assert event["data"]["reasons"][1] == HOSTILE, "a program gets what the event holds"


def test_the_longest_alert_is_cut_to_what_each_service_takes(posts: Posts) -> None:
    reasons = tuple("<&>漢" * 200 for _ in range(5))
    alert = an_alert(
        reasons=reasons, files=tuple("漢" * 900 for _ in range(20)), files_set_aside=10**6, version="9" * 64
    )
    for receiver in posts.all(link="https://monitor.example/" + "x" * 5000):
        assert post(alert, receiver, datetime.now(UTC)).error is None, receiver
    assert len(teams_body(message_of(alert, posts.receiver("teams")))) <= LIMIT
    (blocks,) = posts.services.slack.taken
    assert max(len(each["text"]["text"]) for each in blocks["blocks"] if each["type"] == "section") <= LONGEST_SECTION


def test_the_stand_ins_refuse_what_is_wrong(posts: Posts) -> None:
    """A service that takes everything would prove nothing."""
    import requests

    def answer(name: str, body: bytes, **headers: str) -> int:
        headers.setdefault("Content-Type", "application/json")
        return requests.post(
            f"{posts.url}/{name}/very-secret", data=body, headers=headers, timeout=HANG_SECONDS
        ).status_code

    assert answer("teams", b'{"text": "hello"}') == 400
    assert answer("teams", teams_body(message_of(an_alert(), posts.receiver("teams"))) + b" " * 30_000) == 413
    header = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}
    assert answer("slack", json.dumps({"text": "x", "blocks": [header]}).encode()) == 400
    mention = {"type": "section", "text": {"type": "mrkdwn", "text": "<!channel>"}}
    assert answer("slack", json.dumps({"blocks": [mention]}).encode()) == 400
    assert answer("slack", b"{}") == 400
    assert answer("webhook", b"{}") == 401


def test_a_signature_is_of_this_body_this_secret_and_this_time(posts: Posts) -> None:
    assert post(an_alert(), posts.receiver("webhook"), datetime.now(UTC)).error is None
    other = "whsec_" + "A" * 44
    assert "401, " not in (post(an_alert(), posts.receiver("webhook", secret=other), datetime.now(UTC)).error or "")
    assert "401" in (post(an_alert(), posts.receiver("webhook", secret=other), datetime.now(UTC)).error or "")
    assert "401" in (post(an_alert(), posts.receiver("webhook"), datetime.now(UTC) - timedelta(minutes=10)).error or "")


@pytest.mark.parametrize(
    ("status", "word", "message"), [(400, "invalid_blocks", True), (404, "no_service", False), (410, "", False)]
)
def test_what_a_service_says_is_told_and_its_address_is_not(
    posts: Posts, status: int, word: str, message: bool
) -> None:
    posts.services.slack.answers = [PlainTextResponse(word, status)]
    answer = post(an_alert(), posts.receiver("slack"), datetime.now(UTC))
    assert f"127.0.0.1 answered {status}{', ' + word if word else ''}" in (answer.error or "")
    assert answer.message is message
    assert "very-secret" not in (answer.error or "")


def test_an_answer_that_quotes_something_is_not_repeated(posts: Posts) -> None:
    posts.services.teams.answers = [PlainTextResponse("Mrs Hidden Patient " * 10_000, 500)]
    assert post(an_alert(), posts.receiver("teams"), datetime.now(UTC)).error == "127.0.0.1 answered 500"


def test_a_page_in_place_of_slack_is_no_success(posts: Posts) -> None:
    posts.services.slack.answers = [PlainTextResponse("<html>sign in</html>", 200)]
    assert post(an_alert(), posts.receiver("slack"), datetime.now(UTC)).error == "127.0.0.1 answered 200"


def test_a_redirect_is_not_followed(posts: Posts) -> None:
    posts.services.webhook.answers = [
        RedirectResponse(f"{posts.url}/elsewhere/very-secret", code) for code in (307, 302)
    ]
    for _ in range(2):
        assert "a redirect is not followed" in (
            post(an_alert(), posts.receiver("webhook"), datetime.now(UTC)).error or ""
        )
    assert posts.services.elsewhere.asked == 0


def test_a_short_pause_is_waited_for_and_a_long_one_is_handed_back(posts: Posts) -> None:
    slack = posts.services.slack
    slack.answers = [PlainTextResponse("rate_limited", 429, {"Retry-After": "1"}), Response(status_code=503)]
    assert post(an_alert(), posts.receiver("slack"), datetime.now(UTC)).error is None
    assert slack.asked == 3
    slack.answers = [PlainTextResponse("rate_limited", 429, {"Retry-After": "600"})]
    answer = post(an_alert(), posts.receiver("slack"), datetime.now(UTC))
    assert slack.asked == 4, "it is not asked again before"
    assert answer.retry_at is not None
    assert timedelta(minutes=9) < answer.retry_at - datetime.now(UTC) < timedelta(minutes=30)


def test_nobody_there_and_nobody_answering_are_told_without_an_address(unused_port: int, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    receiver = Receiver("slack", f"http://127.0.0.1:{unused_port}/services/very-secret", "slack")
    answer = post(an_alert(), receiver, datetime.now(UTC))
    assert answer.error == "it cannot be reached: check the address, the network and DNS"
    assert "very-secret" not in caplog.text, "urllib3 logs the path of what it tries again"


def test_no_log_at_any_level_holds_an_address_or_a_secret(posts: Posts, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    posts.services.slack.answers = [Response(status_code=503)]
    for receiver in posts.all():
        post(an_alert(), receiver, datetime.now(UTC))
    lines = [record.getMessage() for record in caplog.records if record.name != "uvicorn.access"]  # the service's own
    assert not [line for line in lines if "very-secret" in line or "whsec" in line]


def test_an_address_that_the_parser_would_refuse_is_never_called() -> None:
    answer = post(an_alert(), Receiver("slack", "https://10.0.0.1/very-secret", "slack"), datetime.now(UTC))
    assert answer.error == "its address is not one that it may have: correct driftloop.toml"


def test_no_span_of_a_library_holds_an_address(posts: Posts, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Azure Monitor distribution instruments requests: its spans hold the whole address."""
    from opentelemetry.instrumentation.requests import RequestsInstrumentor
    from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    libraries = (RequestsInstrumentor(), URLLib3Instrumentor())
    for library in libraries:
        library.instrument(tracer_provider=provider)
    try:
        monkeypatch.setenv("PYTHON_ENABLE_OPENTELEMETRY", "true")
        import requests

        requests.post(f"{posts.url}/elsewhere/very-secret", timeout=HANG_SECONDS)
        assert "very-secret" in "".join(span.to_json() for span in spans.get_finished_spans()), "what is kept out"
        spans.clear()
        for receiver in posts.all():
            assert post(an_alert(), receiver, datetime.now(UTC)).error is None
        assert spans.get_finished_spans() == ()
    finally:
        for library in libraries:
            library.uninstrument()


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])
