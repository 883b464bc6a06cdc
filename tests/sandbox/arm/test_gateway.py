"""What every request passes: a token, the right names, planned faults; and all of it is recorded."""

from pathlib import Path

import pytest
import requests

from sandbox.arm import AzureStandIn
from sandbox.identity import Identity
from sandbox.waiting import HANG_SECONDS


def ask(azure: AzureStandIn, path: str, token: str | None = None, method: str = "GET") -> requests.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    bundle = str(azure.azurite.certificate.authority)
    query = {} if "?" in path else {"api-version": "2024-01-01-preview"}
    return requests.request(
        method, azure.url + path, headers=headers, params=query, verify=bundle, timeout=HANG_SECONDS
    )


def test_without_a_token_of_this_tenant_nothing_is_answered(azure: AzureStandIn) -> None:
    foreign = Identity().token(azure.url)[0]
    for token in (None, foreign):
        answer = ask(azure, azure.scope.workspace_id, token)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "AuthenticationFailed"
        assert "Bearer" in answer.headers["www-authenticate"]
    assert ask(azure, azure.scope.workspace_id, azure.identity.token(azure.url)[0]).status_code == 200


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("subscription", "SubscriptionNotFound"),
        ("group", "ResourceGroupNotFound"),
        ("workspace", "ResourceNotFound"),
    ],
)
def test_another_subscription_group_or_workspace_is_not_found(azure: AzureStandIn, part: str, code: str) -> None:
    own = getattr(azure.scope, part)
    path = azure.scope.workspace_id.replace(f"/{own}", "/another", 1)
    answer = ask(azure, path, azure.identity.token(azure.url)[0])
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


def test_names_are_compared_without_regard_to_case(azure: AzureStandIn) -> None:
    path = azure.scope.workspace_id.replace(azure.scope.group, azure.scope.group.upper())
    assert ask(azure, path, azure.identity.token(azure.url)[0]).status_code == 200


def test_a_request_without_api_version_is_refused(azure: AzureStandIn) -> None:
    answer = ask(azure, f"{azure.scope.workspace_id}?", azure.identity.token(azure.url)[0])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "MissingApiVersionParameter")


def test_what_is_not_played_is_refused_by_name_and_recorded(azure: AzureStandIn) -> None:
    path = f"{azure.scope.workspace_id}/batchEndpoints/b"
    answer = ask(azure, path, azure.identity.token(azure.url)[0], "PUT")
    assert answer.status_code == 404
    assert "does not play PUT" in answer.json()["error"]["message"]
    assert [request.status for request in azure.recorder.find("PUT", "batchEndpoints/b")] == [404]


def test_a_planned_fault_is_played_as_often_as_planned(azure: AzureStandIn) -> None:
    azure.faults.refuse("GET", "/workspaces/[^/]+$", 429, headers={"retry-after": "1"}, times=2)
    token = azure.identity.token(azure.url)[0]
    answers = [ask(azure, azure.scope.workspace_id, token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "1"
    assert answers[0].json()["error"]["code"] == "TooManyRequests"
    assert azure.faults.pending() == 0


def test_a_body_that_is_no_json_object_is_refused(azure: AzureStandIn) -> None:
    headers = {"authorization": f"Bearer {azure.identity.token(azure.url)[0]}"}
    bundle = str(azure.azurite.certificate.authority)
    for body in (b"{", b"[1]"):
        answer = requests.put(
            f"{azure.url}{azure.scope.workspace_id}/computes/c?api-version=1",
            data=body,
            headers=headers,
            verify=bundle,
            timeout=HANG_SECONDS,
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidRequestContent")


def test_the_record_can_be_written_down(azure: AzureStandIn, tmp_path: Path) -> None:
    ask(azure, "/recorded?api-version=1")
    azure.recorder.write(tmp_path / "requests.jsonl")
    last = (tmp_path / "requests.jsonl").read_text().splitlines()[-1]
    assert last == '{"method": "GET", "path": "/recorded", "api_version": "1", "body": null, "status": 404}'
