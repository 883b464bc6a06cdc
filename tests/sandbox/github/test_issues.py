from sandbox.github import GitHubStandIn
from tests.sandbox.github.client import Client


def test_an_issue_is_opened_found_by_its_label_commented_and_closed(quick: GitHubStandIn) -> None:
    client = Client(quick)
    opened = client.send("POST", "/repos/-/issues", {"title": "Overdue", "body": "since noon", "labels": ["heartbeat"]})
    assert (opened.status_code, opened.json()["state"]) == (201, "open")
    number = opened.json()["number"]
    client.send("POST", "/repos/-/issues", {"title": "Another"})
    found = client.send("GET", "/repos/-/issues?labels=heartbeat").json()
    assert [issue["number"] for issue in found] == [number]
    assert client.send("POST", f"/repos/-/issues/{number}/comments", {"body": "well again"}).status_code == 201
    closed = client.send("PATCH", f"/repos/-/issues/{number}", {"state": "closed", "state_reason": "completed"}).json()
    assert (closed["state"], closed["comments"], bool(closed["closed_at"])) == ("closed", 1, True)
    assert client.send("GET", "/repos/-/issues?labels=heartbeat").json() == []
    assert len(client.send("GET", "/repos/-/issues?state=all").json()) == 2


def test_what_is_wrong_with_an_issue_is_said(quick: GitHubStandIn) -> None:
    client = Client(quick)
    assert client.send("POST", "/repos/-/issues", {}).status_code == 422
    assert client.send("PATCH", "/repos/-/issues/7", {"state": "closed"}).status_code == 404
    client.send("POST", "/repos/-/issues", {"title": "One"})
    assert client.send("PATCH", "/repos/-/issues/1", {"state": "asleep"}).status_code == 422
    reader = Client(quick, quick.tokens.issue({"issues": "read"}))
    assert reader.send("GET", "/repos/-/issues").status_code == 200
    assert reader.send("POST", "/repos/-/issues", {"title": "Two"}).status_code == 403
