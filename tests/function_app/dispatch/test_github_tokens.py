"""Signing in to GitHub: apps, tokens, and what is never said of them."""

import json
import logging
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import format_datetime
from inspect import signature

import msgspec
import pytest
import requests

from driftloop.config.models import GitHubTarget
from driftloop.errors import ConfigError, DispatchError
from function_app.dispatch import github_tokens
from function_app.dispatch.github import GitHubDispatcher
from function_app.dispatch.github_tokens import AppToken, FixedToken, TokenSource, token_source
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError
from sandbox.github import GitHubStandIn, auth
from tests.function_app.dispatch.sending import EVENT, START, dispatcher


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


def test_a_sign_in_whose_answer_was_lost_is_tried_again_for_nothing_was_dispatched(
    github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise DispatchUncertainError("the connection broke")

    monkeypatch.setattr(github_tokens, "request", lost)
    tokens = AppToken(GitHubTarget("proseware/driftloop", github.url), str(github.tokens.app_id), github.tokens.app_key)
    with pytest.raises(DispatchRefusedError, match="the connection broke") as caught:
        tokens.token()
    assert caught.value.wait


@pytest.mark.parametrize(
    ("status", "said", "waits"),
    [
        (403, "the app lacks 'contents: write' and 'actions: read', or is suspended", False),
        (404, "the app is not installed on proseware/driftloop: install it there", False),
        (422, "the installation has fewer permissions", False),
        (418, "tried again later", False),
        (429, "GitHub limits requests for proseware/driftloop (429)", True),
        (499, "tried again later", False),
        (500, "tried again later", True),
        (503, "tried again later", True),
    ],
)
def test_a_refused_sign_in_says_what_to_mend(github: GitHubStandIn, status: int, said: str, waits: bool) -> None:
    github.faults.answer(status, times=9, request=r"POST /app/installations/\d+/access_tokens")
    tokens = AppToken(GitHubTarget("proseware/driftloop", github.url), str(github.tokens.app_id), github.tokens.app_key)
    with pytest.raises(DispatchRefusedError) as caught:
        tokens.token()
    assert said in str(caught.value)
    assert caught.value.wait is waits


@pytest.mark.parametrize("request_", [r"GET /repos/.*/installation", r"POST /app/installations/\d+/access_tokens"])
@pytest.mark.parametrize(("limit", "minutes"), [("primary", 10), ("secondary", 5), ("without a time", 1)])
def test_a_sign_in_that_github_limits_waits_and_blames_no_permission(
    github: GitHubStandIn, request_: str, limit: str, minutes: int
) -> None:
    if limit == "primary":
        github.faults.rate_limit(reset_in=600, request=request_)
    elif limit == "secondary":
        github.faults.secondary_limit(retry_after=300, request=request_)
    else:
        github.faults.answer(403, request=request_, message="You have exceeded a secondary rate limit.")
    tokens = AppToken(GitHubTarget("proseware/driftloop", github.url), str(github.tokens.app_id), github.tokens.app_key)

    before = datetime.now(UTC).replace(microsecond=0)
    with pytest.raises(DispatchRefusedError, match="limits requests for proseware/driftloop") as caught:
        tokens.token()

    assert caught.value.wait
    assert caught.value.retry_at is not None
    told = caught.value.retry_at - timedelta(minutes=minutes)
    # counted from the answer's Date header, which the server writes anew once a second
    assert before - timedelta(minutes=1) < told <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (0, "the app's id or key is wrong"),
        (50, "the app's id or key is wrong"),
        (90, r"this machine's clock is \d\d seconds ahead of GitHub's, which takes no such sign-in: set the clock"),
        (-3_600, r"this machine's clock is 3,\d\d\d seconds behind GitHub's"),
    ],
)
def test_a_sign_in_that_fails_of_a_clock_blames_no_key(ahead: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> requests.Response:
        answer = requests.Response()
        answer.status_code = 401
        answer.headers["date"] = format_datetime(datetime.now(UTC) - timedelta(seconds=ahead))
        return answer

    monkeypatch.setattr(github_tokens, "request", refused)
    monkeypatch.setattr(AppToken, "_assertion", lambda _: "signed")
    with pytest.raises(DispatchRefusedError, match=rf"GitHub gives no token \(401\): {said}"):
        AppToken(GitHubTarget("proseware/driftloop"), "1", "key").token()


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


def test_an_app_signs_from_a_minute_ago_for_nine_more(github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub refuses what is from the future, and what lasts for more than ten minutes."""
    import jwt

    monkeypatch.setattr(github_tokens.time, "time", lambda: 1_800_000_000.9)
    signed = AppToken(GitHubTarget("o/r"), "7", github.tokens.app_key)._assertion()
    claims = jwt.decode(signed, options={"verify_signature": False})
    assert claims == {"iat": 1_800_000_000 - 60, "exp": 1_800_000_000 + 540, "iss": "7"}


@pytest.mark.parametrize("source", [TokenSource, FixedToken, AppToken])
def test_a_token_need_not_be_fresh_unless_it_is_asked_for(source: type) -> None:
    assert signature(source.token).parameters["fresh"].default is False


def test_a_time_without_a_zone_is_utc_as_github_writes_it() -> None:
    ends = datetime(2026, 11, 23, 6)  # noqa: DTZ001
    for written in (ends, ends.replace(tzinfo=UTC)):
        assert github_tokens._InstallationToken("t", written).ends_at == ends.replace(tzinfo=UTC)


def test_a_host_that_gives_no_token_but_a_page_is_no_github_api(
    monkeypatch: pytest.MonkeyPatch, github: GitHubStandIn
) -> None:
    page = requests.Response()
    page.status_code = 200
    page._content = b"<html>"
    monkeypatch.setattr(github_tokens, "request", lambda *_, **__: page)
    tokens = AppToken(GitHubTarget("o/r"), "7", github.tokens.app_key)
    with pytest.raises(DispatchRefusedError, match="is api_url a GitHub API") as caught:
        tokens.token()
    assert not caught.value.wait


def test_an_app_is_taken_before_a_token_and_its_key_may_be_written_on_one_line(github: GitHubStandIn) -> None:
    target = GitHubTarget("proseware/driftloop", github.url)
    settings = {
        "DRIFTLOOP_GITHUB_APP_ID": str(github.tokens.app_id),
        "DRIFTLOOP_GITHUB_APP_KEY": github.tokens.app_key.replace("\n", "\\n"),
        "DRIFTLOOP_GITHUB_TOKEN": "never-asked",
    }
    source = token_source(target, settings)
    assert isinstance(source, AppToken)
    GitHubDispatcher(target, source).send(EVENT)
    only = token_source(target, {"DRIFTLOOP_GITHUB_TOKEN": "fixed"})
    assert isinstance(only, FixedToken)
    assert only.token() == "fixed"


@pytest.mark.parametrize(("minutes_left", "asked"), [(5.5, 1), (4.5, 2)])
def test_a_token_is_renewed_five_minutes_before_its_end_and_kept_until_then(
    github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch, minutes_left: float, asked: int
) -> None:
    monkeypatch.setattr(auth, "INSTALLATION_SECONDS", 60 * minutes_left)
    tokens = AppToken(GitHubTarget("proseware/driftloop", github.url), str(github.tokens.app_id), github.tokens.app_key)
    first = tokens.token()
    assert (tokens.token() == first) is (asked == 1)
    assert sum(path.endswith("/access_tokens") for _, path, _ in github.api.requests) == asked
    assert tokens.token(fresh=True) != first


@pytest.mark.parametrize(("left", "is_kept"), [(timedelta(minutes=5), True), (timedelta(seconds=299.999), False)])
def test_at_exactly_five_minutes_before_its_end_a_token_is_kept(
    github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch, left: timedelta, is_kept: bool
) -> None:
    tokens = AppToken(GitHubTarget("proseware/driftloop", github.url), str(github.tokens.app_id), github.tokens.app_key)
    first = tokens.token()
    current = tokens._current
    assert current is not None

    class Clock:
        @staticmethod
        def now(zone: tzinfo) -> datetime:
            return (current.ends_at - left).astimezone(zone)

    monkeypatch.setattr(github_tokens, "datetime", Clock)
    monkeypatch.setattr(tokens, "_new", lambda: msgspec.structs.replace(current, token="next"))
    assert (tokens.token() == first) is is_kept
