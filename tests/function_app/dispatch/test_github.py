"""Dispatching to GitHub: over HTTP to the stand-in, with GitHub's answers on good and bad days."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest

from driftloop.errors import DispatchError
from driftloop.events import ModelRegistered
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError
from sandbox.github import RUNS, GitHubStandIn
from tests.function_app.dispatch.sending import EVENT, START, dispatcher

DESCRIPTION = json.loads(Path(__file__).with_name("github_requests.json").read_text())


def test_a_dispatch_starts_a_run_that_is_found_by_the_drift_s_id(github: GitHubStandIn) -> None:
    target = dispatcher(github)
    before = len(github.runs)

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
