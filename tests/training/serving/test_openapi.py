"""What the documents say of a request is what is accepted, for columns of any name."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from driftloop import Column, Schema
from training.serving import openapi
from training.serving.request_format import LARGEST_BATCH, RequestError, example, rows
from training.tasks.answer import Answer

SCHEMA = Schema(
    columns=(
        Column(name="record_id", kind="categorical", role="id"),
        Column(name="body mass-index", unit="kg/m2", range=(8.0, 120.0)),
        Column(name="class", kind="categorical", categories=("a", "b"), unit="grade"),
        Column(name="open"),
        Column(name="progression", role="target"),
    )
)
GOOD = {"body mass-index": 25.0, "class": "a", "open": -1e9}


def accepted_by_document(payload: Any) -> bool:
    document = openapi.version_3(SCHEMA, Answer())
    schema = {**document["paths"]["/score"]["post"]["requestBody"]["content"]["application/json"]["schema"], **document}
    return not list(jsonschema.Draft202012Validator(schema).iter_errors(payload))


def accepted(payload: Any) -> bool:
    try:
        rows(payload, SCHEMA)
    except RequestError:
        return False
    return True


@pytest.mark.parametrize(
    ("payload", "good"),
    [
        ({"data": [GOOD]}, True),
        ({"data": [GOOD, GOOD | {"class": None, "open": None, "body mass-index": None}]}, True),
        ({"data": [GOOD | {"body mass-index": 8.0}]}, True),
        ({"data": [GOOD | {"body mass-index": 7.9}]}, False),
        ({"data": [GOOD | {"body mass-index": 120.1}]}, False),
        ({"data": [GOOD | {"body mass-index": "25"}]}, False),
        ({"data": [GOOD | {"class": "c"}]}, False),
        ({"data": [GOOD | {"extra": 1}]}, False),
        ({"data": [{"class": "a", "open": 1}]}, False),
        ({"data": []}, False),
        ({"data": [GOOD] * (LARGEST_BATCH + 1)}, False),
        ({"data": [GOOD], "more": 1}, False),
        ({"data": [GOOD], "explain": True}, True),
        ({"data": [GOOD], "explain": "yes"}, False),
        ({}, False),
        (example(SCHEMA), True),
    ],
)
def test_the_document_and_the_check_of_a_request_agree(payload: Any, good: bool) -> None:
    assert accepted(payload) is good
    assert accepted_by_document(payload) is good


def test_swagger_2_marks_what_may_be_missing_and_knows_no_null() -> None:
    document = openapi.version_2(SCHEMA, Answer())
    record = document["definitions"]["Record"]
    assert record["required"] == ["body mass-index", "class", "open"]
    assert record["additionalProperties"] is False
    assert record["properties"] == {
        "body mass-index": {
            "type": "number",
            "minimum": 8.0,
            "maximum": 120.0,
            "description": "kg/m2",
            "x-nullable": True,
        },
        "class": {"enum": ["a", "b"], "description": "grade", "x-nullable": True},
        "open": {"type": "number", "x-nullable": True},
    }
    assert "'null'" not in str(document)
    assert document["definitions"]["ServiceInput"]["example"] == example(SCHEMA)
    assert document["definitions"]["ServiceError"]["required"] == ["error", "field"]


@pytest.mark.parametrize("version", [openapi.version_2, openapi.version_3])
def test_every_reference_leads_somewhere(version: Any) -> None:
    document = version(SCHEMA, Answer())

    def references(node: Any) -> list[str]:
        if isinstance(node, dict) and "$ref" in node:
            return [node["$ref"]]
        inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        return [found for item in inside for found in references(item)]

    found = references(document)
    assert len(found) >= 4
    for reference in found:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node["type"] == "object"


ODD = ('5" disk', "back\\slash", "tab\there", "naïve", "field_0", "field_1", " ", "$ref", "null", "'")


def test_names_that_need_escapes_stand_in_both_documents_as_they_are(tmp_path: Path) -> None:
    schema = Schema(columns=(*(Column(name=name, range=(0.0, 1.0)) for name in ODD), Column(name="y", role="target")))
    answer = Answer("multiclass", "log", "y", ODD)
    openapi.write(tmp_path, schema, answer)
    second, third = (json.loads((tmp_path / name).read_bytes()) for name in ("swagger.json", "swagger3.json"))
    for found in (second["definitions"], third["components"]["schemas"]):
        assert tuple(found["Record"]["required"]) == ODD
        assert set(found["Record"]["properties"]) == set(ODD)
        assert tuple(found["Probabilities"]["required"]) == ODD
        assert set(found["Probabilities"]["properties"]) == set(ODD)
    request = third["paths"]["/score"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    judge = jsonschema.Draft202012Validator({**request, **third})
    good = dict.fromkeys(ODD, 0.5)
    assert judge.is_valid({"data": [good]})
    assert rows({"data": [good]}, schema) == [good]
    for name in ODD:
        assert not judge.is_valid({"data": [good | {name: 2.0}]})
        assert not judge.is_valid({"data": [{other: 0.5 for other in ODD if other != name}]})
