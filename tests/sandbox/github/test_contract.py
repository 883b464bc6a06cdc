"""The stand-in's answers against GitHub's own OpenAPI description, where that is present beside the clone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sandbox.github import GitHubStandIn
from tests.sandbox.github.client import Client

DESCRIPTION = Path(__file__).parents[4] / "shared" / "contracts" / "github-dispatch.openapi.json"

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="GitHub's OpenAPI description is not here")


def json_schema(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(node, list):
        return [json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: json_schema(value) for key, value in node.items()}
    if found.pop("nullable", False):
        return {"anyOf": [found, {"type": "null"}]}
    return found


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    found: dict[str, Any] = json_schema(json.loads(DESCRIPTION.read_text()))
    return found


def check(description: dict[str, Any], schema: dict[str, Any], document: Any) -> None:
    validator = jsonschema.Draft7Validator({**schema, "components": description["components"]})
    problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    assert problems == []


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str]]:
    return ((method, path) for path, methods in description["paths"].items() for method in methods)


def test_every_described_operation_is_played(quick: GitHubStandIn, description: dict[str, Any]) -> None:
    for method, path in operations(description):
        filled = path.format(owner="proseware", repo="driftloop", workflow_id="deploy.yml")
        answer = Client(quick).send(method.upper(), filled, {})
        assert answer.json().get("message") != "Not Found", (method, path)


def test_a_run_in_the_list_has_every_field_that_github_promises(
    github: GitHubStandIn, description: dict[str, Any]
) -> None:
    Client(github).dispatch("drift-detected", {"drift_id": "d"})
    schema = description["paths"]["/repos/{owner}/{repo}/actions/runs"]["get"]["responses"]["200"]
    schema = schema["content"]["application/json"]["schema"]
    check(description, schema, Client(github).send("GET", "/repos/-/actions/runs").json())
    github.wait_idle()
    listed = Client(github).send("GET", "/repos/-/actions/runs").json()
    assert listed["workflow_runs"][0]["conclusion"] == "success"
    check(description, schema, listed)


def test_refusals_have_the_described_form(quick: GitHubStandIn, description: dict[str, Any]) -> None:
    responses = description["components"]["responses"]
    refused = Client(quick).dispatch("x" * 101)
    check(description, responses["validation_failed"]["content"]["application/json"]["schema"], refused.json())
    hidden = Client(quick).send("POST", "/repos/proseware/none/dispatches", {"event_type": "x"})
    check(description, responses["not_found"]["content"]["application/json"]["schema"], hidden.json())


def test_the_limits_are_those_of_the_description(description: dict[str, Any]) -> None:
    body = description["paths"]["/repos/{owner}/{repo}/dispatches"]["post"]["requestBody"]
    properties = body["content"]["application/json"]["schema"]["properties"]
    assert (properties["event_type"]["minLength"], properties["event_type"]["maxLength"]) == (1, 100)
    assert properties["client_payload"]["maxProperties"] == 10


def test_run_details_have_the_described_form(quick: GitHubStandIn, description: dict[str, Any]) -> None:
    body = {"ref": "main", "inputs": {"version": "1"}, "return_run_details": True}
    answer = Client(quick).send("POST", "/repos/-/actions/workflows/deploy.yml/dispatches", body)
    check(description, description["components"]["schemas"]["workflow-dispatch-response"], answer.json())
