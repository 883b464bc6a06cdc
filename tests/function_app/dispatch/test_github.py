"""Dispatching to GitHub: over HTTP to the stand-in, with GitHub's answers on good and bad days."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest

from driftloop.config.models import GitHubTarget
from driftloop.errors import ConfigError, DispatchError
from driftloop.events import DriftDetected, ModelRegistered
from function_app.dispatch.github import GitHubDispatcher
from function_app.dispatch.github_tokens import AppToken, FixedToken, token_source
from function_app.dispatch.http_session import MOST_REDIRECTS, session
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError
from sandbox.github import DISPATCH, RUNS, GitHubStandIn, Instant
from sandbox.ports import free_ports

ROOT = Path(__file__).resolve().parents[3]
DESCRIPTION = json.loads(Path(__file__).with_name("github_requests.json").read_text())
EVENT = DriftDetected(
    "drift-0123456789ab", "chk-0123456789ab", "m", "3", "drift", "2026-11-22T00:00:00Z", "2026-11-20T00:00:00Z"
)
START = datetime.now(UTC) - timedelta(minutes=1)


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubStandIn]:
    with GitHubStandIn(ROOT, folder=tmp_path_factory.mktemp("github"), runner=Instant("success")) as running:
        yield running


@pytest.fixture
def github(standin: GitHubStandIn) -> Iterator[GitHubStandIn]:
    standin.faults.clear()
    standin.api.requests.clear()
    yield standin
    standin.faults.clear()
    standin.wait_idle()


def dispatcher(github: GitHubStandIn, token: str | None = None) -> GitHubDispatcher:
    return GitHubDispatcher(GitHubTarget("proseware/driftloop", github.url), FixedToken(token or github.token))


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


@pytest.mark.parametrize("accept", [True, False])
def test_a_cut_connection_is_a_doubt_and_is_not_repeated_blindly(github: GitHubStandIn, accept: bool) -> None:
    before = len(github.runs)
    github.faults.cut(accept=accept)

    with pytest.raises(DispatchUncertainError):
        dispatcher(github).send(EVENT)

    github.wait_idle()
    assert len(github.runs) - before == int(accept)


def test_a_host_that_does_not_listen_cannot_have_taken_it() -> None:
    (port,) = free_ports(1)
    target = GitHubDispatcher(GitHubTarget("proseware/driftloop", f"http://127.0.0.1:{port}"), FixedToken("t"))

    with pytest.raises(DispatchRefusedError, match="cannot be reached") as caught:
        target.send(EVENT)
    assert caught.value.wait


def test_reading_is_repeated_when_github_fails_for_a_moment(github: GitHubStandIn) -> None:
    dispatcher(github).send(EVENT)
    github.wait_idle()
    github.faults.answer(503, 2, request=RUNS)

    assert dispatcher(github).find(EVENT.drift_id, START) is not None


def test_a_search_that_fails_is_an_error_and_not_an_absent_run(github: GitHubStandIn) -> None:
    github.faults.answer(403, request=RUNS)

    with pytest.raises(DispatchError, match="actions: read"):
        dispatcher(github).find(EVENT.drift_id, START)


def test_a_run_that_was_deleted_is_none(github: GitHubStandIn) -> None:
    assert dispatcher(github).run("999999999") is None


def test_an_app_signs_in_with_short_lived_tokens_for_one_repository(github: GitHubStandIn) -> None:
    tokens = AppToken(GitHubTarget("proseware/driftloop", github.url), str(github.tokens.app_id), github.tokens.app_key)
    target = GitHubDispatcher(GitHubTarget("proseware/driftloop", github.url), tokens)

    target.send(EVENT)
    target.find(EVENT.drift_id, START)

    asked = [json.loads(body) for method, path, body in github.api.requests if path.endswith("/access_tokens")]
    assert asked == [{"repositories": ["driftloop"], "permissions": {"contents": "write", "actions": "read"}}], (
        "one token serves both requests, and may do no more than they need"
    )


def test_a_revoked_installation_token_is_renewed_once(github: GitHubStandIn) -> None:
    tokens = AppToken(GitHubTarget("proseware/driftloop", github.url), str(github.tokens.app_id), github.tokens.app_key)
    target = GitHubDispatcher(GitHubTarget("proseware/driftloop", github.url), tokens)
    target.send(EVENT)
    github.tokens.revoke_installation_tokens()

    target.send(EVENT)

    assert sum(path.endswith("/access_tokens") for _, path, _ in github.api.requests) == 2


def test_a_rotated_app_key_says_so(github: GitHubStandIn) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    other = (
        rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    )
    tokens = AppToken(GitHubTarget("proseware/driftloop", github.url), str(github.tokens.app_id), other)

    with pytest.raises(DispatchRefusedError, match="the app's id or key is wrong"):
        GitHubDispatcher(GitHubTarget("proseware/driftloop", github.url), tokens).send(EVENT)


def test_a_key_that_is_no_key_is_not_quoted(github: GitHubStandIn) -> None:
    tokens = AppToken(GitHubTarget("proseware/driftloop", github.url), "1", "s3cret-that-is-no-key")

    with pytest.raises(DispatchRefusedError, match="not a private key") as caught:
        tokens.token()
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "no way to sign in"),
        ({"DRIFTLOOP_GITHUB_APP_ID": "1"}, "no way to sign in"),
        ({"DRIFTLOOP_GITHUB_TOKEN": "@Microsoft.KeyVault(SecretUri=https://v/secrets/t)"}, "Key Vault Secrets User"),
    ],
)
def test_missing_or_unresolved_credentials_are_one_clear_line(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        token_source(GitHubTarget("o/r"), settings)


@pytest.mark.parametrize("status", [307, 308])
def test_a_repository_that_was_renamed_is_followed_on_the_same_host(github: GitHubStandIn, status: int) -> None:
    before = len(github.runs)
    github.faults.answer(status, location=f"{github.url}/repos/proseware/driftloop/dispatches")

    assert dispatcher(github).send(EVENT) is None

    github.wait_idle()
    assert len(github.runs) == before + 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_reading_follows_every_kind_of_redirect(github: GitHubStandIn, status: int) -> None:
    dispatcher(github).send(EVENT)
    github.wait_idle()
    query = "event=repository_dispatch&per_page=100&page=1"
    github.faults.answer(status, request=RUNS, location=f"/repos/proseware/driftloop/actions/runs?{query}")

    assert dispatcher(github).find(EVENT.drift_id, START) is not None


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (307, "http://127.0.0.1:1/"),
        (308, "https://api.evil.example/repos/o/r/dispatches"),
        (307, ""),
        (301, "/repos/proseware/driftloop/dispatches"),
    ],
)
def test_a_token_does_not_travel_to_another_host_and_a_post_is_not_turned_into_a_read(
    github: GitHubStandIn, status: int, location: str
) -> None:
    github.faults.answer(status, location=location)

    with pytest.raises(DispatchRefusedError, match="has moved") as caught:
        dispatcher(github).send(EVENT)
    assert caught.value.retry_at is None


def test_a_circle_of_redirects_ends(github: GitHubStandIn) -> None:
    before = len(github.faults.played)
    github.faults.answer(307, 10, location=f"{github.url}/repos/proseware/other/dispatches")

    with pytest.raises(DispatchRefusedError, match="has moved"):
        dispatcher(github).send(EVENT)
    assert len(github.faults.played) - before == MOST_REDIRECTS


def test_a_location_that_is_no_address_is_a_doubt(github: GitHubStandIn) -> None:
    github.faults.answer(307, location="http://[no address")

    with pytest.raises(DispatchUncertainError, match="did not answer"):
        dispatcher(github).send(EVENT)


def test_the_lease_is_looked_at_before_each_request_of_a_redirect(github: GitHubStandIn) -> None:
    before, asked = len(github.runs), iter([True, False])
    github.faults.answer(307, location=f"{github.url}/repos/proseware/driftloop/dispatches")

    with pytest.raises(DispatchRefusedError, match="lease"):
        dispatcher(github).send(EVENT, lambda: next(asked))

    github.wait_idle()
    assert len(github.runs) == before


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


def test_no_secret_reaches_a_log_or_an_error(github: GitHubStandIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    errors = []
    for status in (401, 403, 404, 422, 429, 500):
        github.faults.answer(status)
        with pytest.raises(DispatchError) as caught:
            dispatcher(github).send(EVENT)
        errors.append(str(caught.value))
    tokens = AppToken(GitHubTarget("proseware/driftloop", github.url), str(github.tokens.app_id), github.tokens.app_key)
    value = tokens.token()

    seen = caplog.text + "".join(errors) + repr(tokens) + repr(FixedToken(github.token))
    for secret in (github.token, value, github.tokens.app_key.splitlines()[1]):
        assert secret not in seen


def test_writes_are_never_repeated_by_the_session() -> None:
    retries = session({}).get_adapter("https://api.github.com").max_retries  # type: ignore[attr-defined]

    assert retries.allowed_methods == {"GET"}
    assert DISPATCH.startswith("POST")
