from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.conftest import SCHEMA
from training.serving.request_format import LARGEST_BATCH, RequestError, example, rows

GOOD = example(SCHEMA)["data"][0]


def refused(payload: Any) -> dict[str, Any]:
    with pytest.raises(RequestError) as caught:
        rows(payload, SCHEMA)
    return caught.value.body


def test_the_example_is_accepted() -> None:
    assert rows(example(SCHEMA), SCHEMA) == [{**GOOD, "sex": "1"}]


@pytest.mark.parametrize("sex", ["1", 1, 1.0])
def test_a_category_may_be_a_number_or_a_text(sex: object) -> None:
    assert rows({"data": [{**GOOD, "sex": sex}]}, SCHEMA)[0]["sex"] == "1"


def test_a_missing_value_is_null_and_a_missing_field_is_refused() -> None:
    assert rows({"data": [{**GOOD, "bmi": None}]}, SCHEMA)[0]["bmi"] is None
    without = {name: value for name, value in GOOD.items() if name != "bmi"}
    assert refused({"data": [GOOD, without]}) == {"error": "field 'bmi' is missing", "field": "bmi", "row": 1}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bmi", "25"),
        ("bmi", True),
        ("bmi", float("nan")),
        ("bmi", float("inf")),
        ("bmi", 900),
        ("bmi", [25]),
        ("sex", "3"),
        ("sex", None.__class__),
        ("sex", {"a": 1}),
        ("unknown", 1),
    ],
)
def test_what_does_not_fit_the_schema_is_refused_by_its_field(field: str, value: object) -> None:
    body = refused({"data": [{**GOOD, field: value}]})
    assert body["field"] == field
    assert body["row"] == 0


@pytest.mark.parametrize(
    "payload", [None, [], "x", {}, {"data": []}, {"data": "x"}, {"data": [1]}, {"data": [GOOD], "x": 1}]
)
def test_a_body_of_another_form_is_refused(payload: object) -> None:
    assert refused(payload)["field"] == "data"


def test_a_batch_has_a_limit() -> None:
    assert "smaller batches" in refused({"data": [GOOD] * (LARGEST_BATCH + 1)})["error"]


def test_a_refusal_never_repeats_the_value() -> None:
    body = refused({"data": [{**GOOD, "bmi": "Jane Doe"}]})
    assert "Jane" not in str(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


def named(payload: Any) -> str | None:
    """The field that a refusal names; None where the request is accepted. Anything else than a refusal is a crash."""
    try:
        rows(payload, SCHEMA)
    except RequestError as error:
        return str(error.body["field"])
    return None


@given(JSON)
def test_no_json_makes_it_crash(payload: Any) -> None:
    assert named(payload) is not None


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON, max_size=3))
def test_no_value_makes_it_crash(changes: dict[str, Any]) -> None:
    assert named({"data": [{**GOOD, **changes}]}) in {None, *changes}
