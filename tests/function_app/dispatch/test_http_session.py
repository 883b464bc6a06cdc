"""One HTTP session: what is repeated, what is a doubt, and which redirects are followed."""

from pathlib import Path

import pytest
import requests

from driftloop.config.models import GitHubTarget
from function_app.dispatch.github import GitHubDispatcher
from function_app.dispatch.github_tokens import FixedToken
from function_app.dispatch.http_session import MOST_REDIRECTS, TIMEOUT, session
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError
from function_app.retraining import steps
from sandbox.github import DISPATCH, RUNS, GitHubStandIn
from sandbox.ports import free_ports
from tests.function_app.dispatch.sending import EVENT, START, dispatcher


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


def test_a_host_whose_certificate_nobody_trusts_is_told_with_what_to_set(github: GitHubStandIn) -> None:
    plain = github.url.replace("http://", "https://")  # it answers, and no handshake comes about
    target = GitHubDispatcher(GitHubTarget("proseware/driftloop", plain), FixedToken("t"))

    with pytest.raises(DispatchRefusedError, match="certificate is not trusted: set REQUESTS_CA_BUNDLE") as caught:
        target.send(EVENT)
    assert not caught.value.wait


def test_reading_is_repeated_when_github_fails_for_a_moment(github: GitHubStandIn) -> None:
    dispatcher(github).send(EVENT)
    github.wait_idle()
    github.faults.answer(503, 2, request=RUNS)

    assert dispatcher(github).find(EVENT.drift_id, START) is not None


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


def test_a_netrc_file_does_not_replace_the_token(
    github: GitHubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A developer's home folder may hold a password for the host; a function's may, too."""
    path = tmp_path / "netrc"
    path.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(path))
    made = session({"Authorization": "Bearer token"})
    assert made.prepare_request(requests.Request("GET", github.url)).headers["Authorization"] == "Bearer token"

    assert dispatcher(github).send(EVENT) is None
    github.wait_idle()


def test_writes_are_never_repeated_by_the_session() -> None:
    retries = session({}).get_adapter("https://api.github.com").max_retries  # type: ignore[attr-defined]

    assert retries.allowed_methods == {"GET"}
    assert DISPATCH.startswith("POST")


def test_a_read_is_repeated_three_times_whatever_fails_and_waits_for_no_header() -> None:
    """GitHub's own pauses are minutes; a check must not stand still for them."""
    for scheme in ("https://", "http://"):
        retries = session({}).get_adapter(f"{scheme}api.github.com").max_retries  # type: ignore[attr-defined]
        assert (retries.total, retries.connect, retries.read, retries.status) == (3, 3, 3, 3)
        assert set(retries.status_forcelist) == {500, 502, 503, 504}
        assert (retries.respect_retry_after_header, retries.raise_on_status) == (False, False)
        assert retries.get_backoff_time() == 0, "the first is repeated at once"


def test_a_read_that_fails_for_good_is_a_doubt_after_four_requests(
    github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib3.util.retry.Retry.sleep", lambda *_: None)
    before = len(github.faults.played)
    github.faults.answer(503, 9, request=RUNS)
    with pytest.raises(DispatchUncertainError):
        dispatcher(github).find(EVENT.drift_id, START)
    assert len(github.faults.played) - before == 4


def test_a_request_that_begins_before_a_lease_s_last_moment_ends_within_the_lease() -> None:
    """Or a second sender could take the claim while the first one's request is on its way."""
    assert sum(TIMEOUT) < steps.LAST_MOMENT.total_seconds() < steps.LEASE.total_seconds()
    assert max(steps.CONFIRM_PAUSES) < steps.SENT_LOOK.total_seconds() < steps.CONFIRM_LIMIT.total_seconds()
