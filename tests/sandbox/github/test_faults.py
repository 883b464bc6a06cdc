import time

import pytest
import requests

from sandbox.github import RUNS, GitHubStandIn
from tests.sandbox.github.client import Client


def test_a_fault_answers_as_often_as_it_was_armed_for_and_only_where(quick: GitHubStandIn) -> None:
    client = Client(quick)
    quick.faults.answer(500, times=2)
    quick.faults.answer(404, request=RUNS)
    assert [client.dispatch("x").status_code for _ in range(3)] == [500, 500, 204]
    assert [client.send("GET", "/repos/-/actions/runs").status_code for _ in range(2)] == [404, 200]
    assert len(quick.faults.played) == 3
    quick.faults.answer(500)
    quick.faults.clear()
    assert client.dispatch("x").status_code == 204


def test_limits_say_when_to_come_back(quick: GitHubStandIn) -> None:
    client = Client(quick)
    quick.faults.secondary_limit(status=403, retry_after=2)
    quick.faults.rate_limit(status=429, reset_in=30)
    before = int(time.time())
    secondary, primary = client.dispatch("x"), client.dispatch("x")
    assert (secondary.status_code, secondary.headers["retry-after"]) == (403, "2")
    assert "secondary rate limit" in secondary.json()["message"]
    assert (primary.status_code, primary.headers["x-ratelimit-remaining"]) == (429, "0")
    assert before + 30 <= int(primary.headers["x-ratelimit-reset"]) <= time.time() + 30


@pytest.mark.parametrize("accepted", [True, False])
def test_a_cut_connection_has_no_answer_whether_or_not_the_dispatch_counted(
    quick: GitHubStandIn, accepted: bool
) -> None:
    quick.faults.cut(accept=accepted)
    with pytest.raises(requests.ConnectionError):
        Client(quick).dispatch("drift-detected", {"drift_id": "d"})
    assert len(quick.runs) == accepted
    assert Client(quick).dispatch("x").status_code == 204


def test_a_delay_is_late_and_still_right(quick: GitHubStandIn) -> None:
    quick.faults.delay(0.5)
    quick.faults.delay(0.5)
    with pytest.raises(requests.ReadTimeout):
        Client(quick, patience=0.01).dispatch("x")
    assert Client(quick).dispatch("x").status_code == 204
    assert len(quick.faults.played) == 2
