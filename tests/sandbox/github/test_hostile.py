"""Whatever comes in, the stand-in answers in GitHub's words and does not break."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.github import GitHubStandIn
from sandbox.github.expressions import ExpressionError, evaluate, interpolate
from sandbox.github.patterns import selects
from sandbox.github.startup import startup_problems
from sandbox.github.workflow_files import Event, WorkflowFileError, parse
from tests.sandbox.github.client import Client

PIECES = ["github", ".", "event", "[", "]", "(", ")", "'a'", "''", "1", "-2.5", "0x1f", "||", "&&", "==", "!", "<", ","]
PIECES += [
    "contains",
    "format",
    "fromJSON",
    "toJSON",
    "join",
    "'{0}'",
    "'{'",
    "'{\"a\":1}'",
    "null",
    "true",
    " ",
    "*",
    "$",
]
CONTEXTS = {"github": {"event": {"list": [1, "x", None], "a": {"b": True}}}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=12),
    max_leaves=20,
)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=30))
@settings(max_examples=100)
def test_an_expression_has_a_value_or_is_refused(text: str) -> None:
    try:
        answer = json.dumps(evaluate(text, CONTEXTS))
        assert interpolate("a ${{ " + text + " }} b", CONTEXTS).startswith("a ")
    except ExpressionError as refusal:
        answer = str(refusal)
    assert answer, "neither a value nor a reason"


@given(st.text(alphabet="ab*?+[]!\\/.-", max_size=12), st.text(alphabet="ab/.-", max_size=12))
@settings(max_examples=100)
def test_a_pattern_selects_or_does_not(glob: str, text: str) -> None:
    assert selects([glob], text) in (True, False)


KEYS = ["on", "jobs", "permissions", "concurrency", "run-name", "runs-on", "steps", "with", "needs", "if", "outputs"]
KEYS += ["timeout-minutes", "uses", "push", "repository_dispatch", "schedule", "group", "queue", "cancel-in-progress"]


@given(JSON, st.sampled_from(KEYS))
@settings(max_examples=100)
def test_a_workflow_file_is_read_or_refused(document: Any, key: str) -> None:
    job = {"runs-on": "ubuntu-latest", "steps": [{"run": "x"}]}
    whole = {"on": "push", "jobs": {"j": job}}
    for shape in (
        document,
        whole | {key: document},
        whole | {"jobs": {"j": job | {key: document}}},
        whole | {"on": {key: document}},
    ):
        try:
            found = parse("w.yml", json.dumps(shape))
            heard = found.listens(Event("push", {}, "main", "0", ("a",)))
            problems = list(startup_problems(found, {}))
            assert heard in (True, False)
        except WorkflowFileError as refusal:
            problems = [str(refusal)]
        assert all(problems), "a refusal without a reason"


@pytest.mark.parametrize(
    "path", ["/repos/-/dispatches", "/repos/-/issues", "/repos/-/actions/workflows/deploy.yml/dispatches"]
)
def test_a_body_of_any_shape_is_taken_or_refused(quick: GitHubStandIn, path: str) -> None:
    client = Client(quick)

    @given(JSON, st.sampled_from(["event_type", "client_payload", "ref", "inputs", "title", "labels"]))
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    def check(document: Any, key: str) -> None:
        defaults = {"event_type": "x", "ref": "main", "title": "t"}
        wanted = {k: v for k, v in defaults.items() if (k in ("event_type",)) == path.endswith("-/dispatches")}
        for body in (document, wanted | {key: document}):
            answer = client.send("POST", path, body)
            assert answer.status_code in (200, 201, 204, 400, 404, 422), (body, answer.text)

    check()
