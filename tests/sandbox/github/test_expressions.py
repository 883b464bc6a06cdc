from typing import Any

import pytest

from sandbox.github.expressions import ExpressionError, evaluate, interpolate

CONTEXTS: dict[str, Any] = {
    "github": {
        "ref": "refs/heads/main",
        "event": {"client_payload": {"drift_id": "drift-1", "n": 3}, "list": ["a", "b"]},
    },
    "inputs": {},
    "vars": {"MODEL": "m"},
    "needs": {"train": {"outputs": {"promoted": "true"}}},
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("github.event.client_payload.drift_id || inputs.drift_id || 'none'", "drift-1"),
        ("inputs.drift_id || vars.MODEL", "m"),
        ("github.event.missing.deeper", None),
        ("github['event'].list[1]", "b"),
        ("needs.train.outputs.promoted == 'TRUE'", True),
        ("needs.train.outputs.promoted != 'true'", False),
        ("github.event.client_payload.n >= 3 && 'yes' || 'no'", "yes"),
        ("!inputs.x && true", True),
        ("'it''s'", "it's"),
        ("1 == '1'", True),
        ("null == 0", True),
        ("'a' < 'B'", True),
        ("contains(github.ref, 'MAIN')", True),
        ("contains(github.event.list, 'b')", True),
        ("startsWith(github.ref, 'refs/heads/') && endsWith(github.ref, 'main')", True),
        ("format('{0}-{1} {{x}}', vars.MODEL, 2)", "m-2 {x}"),
        ("join(github.event.list, '+')", "a+b"),
        ("fromJSON('{\"a\": [1]}').a[0]", 1),
        ("0x10 == 16", True),
        ("(false || true) && !false", True),
    ],
)
def test_an_expression_has_the_value_that_github_gives_it(expression: str, value: Any) -> None:
    assert evaluate(expression, CONTEXTS) == value


def test_text_around_expressions_stays_and_a_lone_expression_keeps_its_type() -> None:
    assert (
        interpolate("train ${{ github.event.client_payload.drift_id }} of ${{vars.MODEL}}", CONTEXTS)
        == "train drift-1 of m"
    )
    assert interpolate("${{ github.event.client_payload.n == 3 }}", CONTEXTS) is True
    assert interpolate("[${{ inputs.none }}|${{ true }}]", CONTEXTS) == "[|true]"
    assert interpolate(False, CONTEXTS) is False


@pytest.mark.parametrize("expression", ["secrets.TOKEN", "nosuch('x')", "1 +", "a b", "'open", "(1", "1 2", ""])
def test_what_github_would_refuse_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(expression, CONTEXTS)
