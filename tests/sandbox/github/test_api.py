from datetime import UTC, datetime, timedelta

import pytest
import requests

from sandbox.github import GitHubStandIn
from sandbox.waiting import HANG_SECONDS
from tests.sandbox.github.client import Client

DISPATCHES = "/repos/-/dispatches"


def test_a_dispatch_is_accepted_without_a_body_also_when_nobody_listens(quick: GitHubStandIn) -> None:
    client = Client(quick)
    for event_type, runs in (("drift-detected", 1), ("nobody-listens", 1)):
        answer = client.dispatch(event_type, {"drift_id": "d"})
        assert (answer.status_code, answer.content) == (204, b"")
        assert len(quick.runs) == runs


@pytest.mark.parametrize(
    ("event_type", "payload", "message"),
    [
        ("x" * 101, {}, "Only 100 characters are allowed; 101 were supplied."),
        ("", {}, "At least 1 character"),
        (5, {}, "is not a string"),
        ("x", [], "is not an object"),
        ("x", {str(n): n for n in range(11)}, "No more than 10 properties are allowed; 11 were supplied."),
        ("x", {"a": "y" * 65_530}, "too large"),
    ],
)
def test_a_body_beyond_the_limits_is_422_and_starts_nothing(
    quick: GitHubStandIn, event_type: object, payload: object, message: str
) -> None:
    answer = Client(quick).dispatch(event_type, payload)
    assert answer.status_code == 422
    assert message in answer.json()["message"]
    assert answer.json()["documentation_url"].startswith("https://docs.github.com/rest")
    assert quick.runs == []


def test_the_limits_themselves_are_allowed(quick: GitHubStandIn) -> None:
    client = Client(quick)
    assert client.dispatch("x" * 100, {str(n): n for n in range(10)}).status_code == 204
    assert client.dispatch("x", {"a": "y" * (65_535 - len('{"a":""}'))}).status_code == 204
    assert client.dispatch("x").status_code == 204


def test_a_body_without_a_type_with_a_foreign_key_or_that_is_no_json_is_refused(quick: GitHubStandIn) -> None:
    client = Client(quick)
    assert "wasn't supplied" in client.send("POST", DISPATCHES, {"client_payload": {}}).json()["message"]
    assert "permitted key" in client.send("POST", DISPATCHES, {"event_type": "x", "y": 1}).json()["message"]
    assert client.send("POST", DISPATCHES, ["x"]).status_code == 400
    raw = requests.post(
        f"{quick.url}/repos/proseware/driftloop/dispatches",
        data=b"{",
        headers={"Authorization": f"Bearer {quick.token}"},
        timeout=HANG_SECONDS,
    )
    assert (raw.status_code, raw.json()["message"]) == (400, "Problems parsing JSON")


def test_every_answer_tells_how_much_of_the_rate_limit_is_left(quick: GitHubStandIn) -> None:
    headers = Client(quick).dispatch("x").headers
    assert int(headers["x-ratelimit-remaining"]) == int(headers["x-ratelimit-limit"]) - 1
    assert headers["x-github-request-id"]


def test_a_client_without_a_name_or_with_an_unknown_api_version_is_refused(quick: GitHubStandIn) -> None:
    client = Client(quick)
    assert client.send("POST", DISPATCHES, {"event_type": "x"}, **{"User-Agent": ""}).status_code == 403
    version = {"X-GitHub-Api-Version": "1999-01-01"}
    assert client.send("POST", DISPATCHES, {"event_type": "x"}, **version).status_code == 400
    assert client.send("POST", DISPATCHES, {"event_type": "x"}, **{"X-GitHub-Api-Version": "2022-11-28"}).ok


def test_runs_are_listed_newest_first_and_filtered(quick: GitHubStandIn) -> None:
    client = Client(quick)
    for n in range(3):
        client.dispatch("drift-detected", {"drift_id": f"drift-{n}"})
    quick.push(paths=["training/train.sh"])
    quick.wait_idle()

    def titles(query: str) -> list[str]:
        answer = client.send("GET", f"/repos/-/actions/runs?{query}")
        assert answer.status_code == 200, answer.text
        return [run["display_title"] for run in answer.json()["workflow_runs"]]

    assert titles("") == ["train main", "train drift-2", "train drift-1", "train drift-0"]
    assert titles("event=push") == ["train main"]
    assert titles("event=repository_dispatch&status=success&per_page=1") == ["train drift-2"]
    assert titles("per_page=2&page=2") == ["train drift-1", "train drift-0"]
    assert titles("status=failure") == []
    assert titles("branch=dev") == []
    assert titles(f"head_sha={quick.runs[0].happened.sha}")[-1] == "train drift-0"
    now = datetime.now(UTC)
    earlier, later = ((now + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (-1, 1))
    for recent in (f">={earlier}", f"<{later}", f"{earlier}..{later}", f"{earlier}..*", f"{now:%Y-%m-%d}"):
        assert len(titles(f"created={recent}")) == 4, recent
    assert titles(f"created=>{later}") == []
    page = client.send("GET", "/repos/-/actions/runs?per_page=3")
    assert page.json()["total_count"] == 4
    assert 'page=2>; rel="next"' in page.headers["link"]
    assert client.send("GET", "/repos/-/actions/runs?created=yesterday").status_code == 422


def test_a_new_run_is_listed_late_when_told_so(quick: GitHubStandIn) -> None:
    quick.api.run_lag = 60
    Client(quick).dispatch("drift-detected")
    assert Client(quick).send("GET", "/repos/-/actions/runs").json()["total_count"] == 0
    quick.api.run_lag = 0
    assert Client(quick).send("GET", "/repos/-/actions/runs").json()["total_count"] == 1


def test_a_workflow_is_run_by_hand_with_inputs_that_fit_its_file(quick: GitHubStandIn) -> None:
    client = Client(quick)

    def run(workflow: str, body: dict[str, object], **headers: str) -> requests.Response:
        return client.send("POST", f"/repos/-/actions/workflows/{workflow}/dispatches", body, **headers)

    assert run("deploy.yml", {"ref": "main", "inputs": {"version": "3"}}).status_code == 204
    assert quick.runs[0].happened.inputs == {"version": "3", "strategy": "canary"}
    details = run("deploy.yml", {"ref": "main", "inputs": {"version": "4"}, "return_run_details": True})
    assert (details.status_code, details.json()["workflow_run_id"]) == (200, quick.runs[1].id)
    for workflow, body, status, message in (
        ("none.yml", {"ref": "main"}, 404, "Not Found"),
        ("train.yml", {"ref": "main"}, 422, "does not have 'workflow_dispatch' trigger"),
        ("deploy.yml", {"ref": "nowhere", "inputs": {"version": "3"}}, 422, "No ref found"),
        ("deploy.yml", {"inputs": {"version": "3"}}, 422, '"ref" wasn\'t supplied'),
        ("deploy.yml", {"ref": "main"}, 422, "Required input 'version' not provided"),
        ("deploy.yml", {"ref": "main", "inputs": {"version": "3", "x": "1"}}, 422, 'Unexpected inputs provided: ["x"]'),
        ("deploy.yml", {"ref": "main", "inputs": {"version": "3", "strategy": "x"}}, 422, "allowed values"),
    ):
        answer = run(workflow, body)
        assert (answer.status_code, message in answer.json()["message"]) == (status, True), (
            workflow,
            body,
            answer.text,
        )
    assert len(quick.runs) == 2


def test_a_run_and_its_jobs_can_be_read_and_an_ended_run_neither_cancelled_nor_lost(quick: GitHubStandIn) -> None:
    client = Client(quick)
    client.dispatch("drift-detected", {"drift_id": "d"})
    quick.wait_idle()
    (run,) = quick.runs
    shown = client.send("GET", f"/repos/-/actions/runs/{run.id}").json()
    assert (shown["id"], shown["status"], shown["conclusion"]) == (run.id, "completed", "success")
    assert client.send("GET", f"/repos/-/actions/runs/{run.id}/jobs").json() == {"total_count": 0, "jobs": []}
    assert client.send("POST", f"/repos/-/actions/runs/{run.id}/cancel").status_code == 409
    assert client.send("GET", "/repos/-/actions/runs/1").status_code == 404
    assert client.send("POST", f"/repos/-/actions/runs/{run.id}/rerun").status_code == 201
    quick.wait_idle()
    assert (run.attempt, run.conclusion) == (2, "success")


def test_a_broken_workflow_file_fails_every_push_and_is_deaf_to_dispatches(quick: GitHubStandIn) -> None:
    source = quick.repository.branches["main"].folder.parents[2] / "tree" / ".github" / "workflows" / "train.yml"
    source.write_text("on: [push\n")
    (run,) = quick.push()
    assert (run.conclusion, "not YAML" in run.notes[0]) == ("startup_failure", True)
    Client(quick).dispatch("drift-detected")
    assert len(quick.runs) == 1
