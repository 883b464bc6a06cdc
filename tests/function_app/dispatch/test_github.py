"""Dispatching to GitHub: over HTTP to the stand-in, with GitHub's answers on good and bad days."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
import requests

from driftloop.config.models import GitHubTarget
from driftloop.errors import DispatchError
from driftloop.events import ModelRegistered
from function_app.dispatch.github import GitHubDispatcher
from function_app.dispatch.github_tokens import FixedToken
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError
from sandbox.github import RUNS, GitHubStandIn
from tests.function_app.dispatch.sending import EVENT, START, dispatcher

DESCRIPTION = json.loads(Path(__file__).with_name("github_requests.json").read_text())


def test_a_dispatch_starts_a_run_that_is_found_by_the_drift_s_id(github: GitHubStandIn) -> None:
    target = dispatcher(github)
    before = len(github.runs)

    assert not target.dry
    assert target.send(EVENT) is None, "GitHub's 204 names no run"

    github.wait_idle()
    run = target.find(EVENT.drift_id, START)
    assert run is not None
    assert len(github.runs) == before + 1
    assert target.run(run.run_id) == run
    assert (run.completed, run.conclusion) == (True, "success")
    assert target.find(EVENT.drift_id, START, [run.run_id]) is None


def test_an_id_is_found_as_a_whole_word_only(github: GitHubStandIn) -> None:
    dispatcher(github).send(ModelRegistered("m", "12", "e"))
    github.wait_idle()

    assert dispatcher(github).find("m 1", START) is None, "the right end of a word"
    assert dispatcher(github).find("m 12", START) is not None


def test_an_id_that_ends_another_one_is_not_taken_for_it(github: GitHubStandIn) -> None:
    dispatcher(github).send(ModelRegistered("team", "7", "e"))
    github.wait_idle()

    assert dispatcher(github).find("am 7", START) is None, "the left end of a word: model `am` is not model `team`"
    assert dispatcher(github).find("team 7", START) is not None


def test_requests_are_as_github_describes_them(github: GitHubStandIn) -> None:
    target = dispatcher(github)
    target.send(EVENT)
    target.find(EVENT.drift_id, START)

    (_, _, body), *_ = [request for request in github.api.requests if request[1].split("?")[0].endswith("/dispatches")]
    jsonschema.validate(json.loads(body), DESCRIPTION["createDispatchEvent"])
    known = {parameter["name"] for parameter in DESCRIPTION["listWorkflowRuns"]}
    listing = next(request for request in github.api.requests if "/actions/runs" in request[1])
    assert set(parse_qs(urlsplit(listing[1]).query)) <= known
    assert len(json.dumps(EVENT.payload())) < 65_535
    assert len(EVENT.payload()) <= 10


@pytest.mark.parametrize(
    ("status", "what_to_mend"),
    [
        (401, "the token is not valid"),
        (403, "give it 'contents: write'"),
        (404, "no such repository, or the token cannot see it"),
        (422, "this version of Driftloop does not fit"),
        *((status, "the repository has moved to another host") for status in (301, 302, 307, 308)),
        (418, "does not document"),
    ],
)
def test_a_refusal_says_what_to_mend(github: GitHubStandIn, status: int, what_to_mend: str) -> None:
    github.faults.answer(status)

    with pytest.raises(DispatchRefusedError, match=what_to_mend) as caught:
        dispatcher(github).send(EVENT)

    assert not caught.value.wait
    assert caught.value.retry_at is None


def test_the_primary_rate_limit_says_until_when(github: GitHubStandIn) -> None:
    github.faults.rate_limit(reset_in=600)

    before = datetime.now(UTC).replace(microsecond=0)
    with pytest.raises(DispatchRefusedError, match="limits requests") as caught:
        dispatcher(github).send(EVENT)

    assert caught.value.retry_at is not None
    assert before <= caught.value.retry_at - timedelta(minutes=10) <= datetime.now(UTC)


@pytest.mark.parametrize("status", [403, 429])
def test_the_secondary_rate_limit_says_how_long(github: GitHubStandIn, status: int) -> None:
    github.faults.secondary_limit(status=status, retry_after=90)

    before = datetime.now(UTC)
    with pytest.raises(DispatchRefusedError) as caught:
        dispatcher(github).send(EVENT)

    assert caught.value.wait
    assert caught.value.retry_at is not None
    told = caught.value.retry_at - timedelta(seconds=90)
    # counted from the answer's Date header, which the server writes anew once a second
    assert before - timedelta(minutes=1) < told <= datetime.now(UTC)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_when_github_fails_the_event_may_have_been_taken(github: GitHubStandIn, status: int) -> None:
    github.faults.answer(status)

    with pytest.raises(DispatchUncertainError):
        dispatcher(github).send(EVENT)
    assert len(github.faults.played) >= 1


def test_a_search_that_fails_is_an_error_and_not_an_absent_run(github: GitHubStandIn) -> None:
    github.faults.answer(403, request=RUNS)

    with pytest.raises(DispatchError, match="actions: read"):
        dispatcher(github).find(EVENT.drift_id, START)


def test_a_run_that_was_deleted_is_none(github: GitHubStandIn) -> None:
    assert dispatcher(github).run("999999999") is None


def test_a_run_of_a_repository_that_the_token_cannot_see_was_not_deleted(github: GitHubStandIn) -> None:
    """GitHub answers 404 to both. A run that is taken for deleted is a failed one, and is started again."""
    github.faults.answer(404, 2, request=RUNS)

    with pytest.raises(DispatchRefusedError, match="the token cannot see it"):
        dispatcher(github).run("999999999")


@pytest.mark.parametrize(
    "headers",
    [
        {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "9" * 30},
        {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "99999999999"},
        {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "soon"},
        {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "-1"},
        {"retry_after": "9" * 5000},
        {"retry_after": "99999999"},
        {"retry_after": "Wed, 21 Oct"},
        {"date": "no date at all"},
        {"date": "Mon, 01 Jan 0001 00:00:00 GMT"},
        {"date": "Fri, 31 Dec 9999 23:59:59 GMT", "retry_after": "60"},
        {"date": "Thu, 26 Nov 2026 14:00:00 -0000", "retry_after": "60"},
    ],
)
def test_whatever_the_headers_say_a_limit_is_a_refusal_that_ends_within_a_day(
    github: GitHubStandIn, headers: dict[str, str]
) -> None:
    github.faults.answer(429, **headers)

    with pytest.raises(DispatchRefusedError) as caught:
        dispatcher(github).send(EVENT)

    assert caught.value.wait
    assert caught.value.retry_at is not None
    assert timedelta(seconds=-5) <= caught.value.retry_at - datetime.now(UTC) <= timedelta(days=1, seconds=5)


class Listing:
    """Runs by page, newest first, in place of `request`; keeps what was asked for."""

    def __init__(self, runs: int, found_at: int | None = None) -> None:
        titles = [f"train: {EVENT.drift_id}" if place == found_at else "another" for place in range(runs)]
        self.runs = [
            {"id": place, "html_url": "https://github.example/r", "display_title": title}
            for place, title in enumerate(titles)
        ]
        self.asked: list[dict[str, str]] = []

    def __call__(self, _session: object, _method: str, _url: str, **options: Any) -> requests.Response:
        query = options["params"]
        self.asked.append(query)
        size, page = int(query["per_page"]), int(query["page"])
        answer = requests.Response()
        answer.status_code = 200
        answer._content = json.dumps({"workflow_runs": self.runs[size * (page - 1) : size * page]}).encode()
        return answer


@pytest.mark.parametrize(
    ("runs", "found_at", "pages", "found"),
    [
        (99, None, 1, False),
        (100, None, 2, False),
        (499, 498, 5, True),
        (501, 499, 5, True),
        (501, 500, 5, False),
        (501, 0, 1, True),
    ],
)
def test_a_search_reads_pages_of_a_hundred_until_one_is_short_and_five_at_most(
    monkeypatch: pytest.MonkeyPatch, runs: int, found_at: int | None, pages: int, found: bool
) -> None:
    listing = Listing(runs, found_at)
    monkeypatch.setattr("function_app.dispatch.github.request", listing)
    target = GitHubDispatcher(GitHubTarget("o/r"), FixedToken("x"))

    assert (target.find(EVENT.drift_id, START) is not None) is found
    assert [query["page"] for query in listing.asked] == [str(page) for page in range(1, pages + 1)]
    assert {query["per_page"] for query in listing.asked} == {"100"}


def test_a_search_begins_ten_minutes_before_the_drift_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = Listing(0)
    monkeypatch.setattr("function_app.dispatch.github.request", listing)
    GitHubDispatcher(GitHubTarget("o/r"), FixedToken("x")).find("d", datetime(2026, 11, 23, 6, 10, 30, 999, tzinfo=UTC))

    assert listing.asked[0]["created"] == ">=2026-11-23T06:00:30Z"
    assert listing.asked[0]["event"] == "repository_dispatch"


@pytest.mark.parametrize(
    ("status", "headers", "message", "minutes"),
    [
        (403, {}, "You have exceeded a secondary rate limit.", 1),
        (429, {}, "", 1),
        (403, {"x-ratelimit-remaining": "0"}, "", 1),
        (403, {"retry-after": "120"}, "", 2),
        (403, {"x-ratelimit-remaining": "1"}, "Resource not accessible", None),
    ],
)
def test_a_limit_that_names_no_time_is_waited_for_a_minute_and_a_missing_permission_is_none(
    monkeypatch: pytest.MonkeyPatch, status: int, headers: dict[str, str], message: str, minutes: int | None
) -> None:
    answer = requests.Response()
    answer.status_code = status
    answer.headers.update({**headers, "date": "Mon, 23 Nov 2026 06:00:00 GMT"})
    answer._content = json.dumps({"message": message}).encode()
    monkeypatch.setattr("function_app.dispatch.github.request", lambda *_, **__: answer)
    monkeypatch.setattr("function_app.dispatch.rate_limits.BELIEVED", timedelta(days=100_000))

    with pytest.raises(DispatchRefusedError) as caught:
        GitHubDispatcher(GitHubTarget("o/r"), FixedToken("x")).send(EVENT)

    assert caught.value.wait is (minutes is not None)
    server = datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert caught.value.retry_at == (None if minutes is None else server + timedelta(minutes=minutes))
