"""The published JSON Schemas are what the code reads and writes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from driftloop.config.models import parse
from driftloop.errors import ConfigError
from driftloop.events import DriftDetected
from driftloop.json_schemas import json_schemas, text_of

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "schemas"


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def test_what_is_published_is_what_the_code_gives() -> None:
    made = {f"{name}.json": text_of(each) for name, each in json_schemas().items()}
    published = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert published == made, "run `make schemas`"


@pytest.mark.parametrize("name", sorted(json_schemas()))
def test_each_is_a_valid_schema_that_refuses_an_unknown_entry(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    if name in ("driftloop", "schema", "check-settings"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"colour": 1}, schema(name))


def problems(document: object, name: str) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(schema(name)).iter_errors(document)]


def test_the_repository_s_own_files_fit() -> None:
    assert problems(tomllib.loads((ROOT / "driftloop.toml").read_text()), "driftloop") == []
    found = list((ROOT / "models").glob("*/schema.toml"))
    assert found
    assert {str(path): problems(tomllib.loads(path.read_text()), "schema") for path in found} == {
        str(path): [] for path in found
    }


def test_an_event_that_the_code_makes_fits_and_one_that_lacks_a_field_does_not() -> None:
    event = DriftDetected("drift-1", "chk-1", "m", "1", "drift", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
    body = msgspec.to_builtins(event)
    assert problems(body, "drift-detected") == []
    for name in ("drift_id", "model", "as_of"):
        assert problems({key: value for key, value in body.items() if key != name}, "drift-detected") != [], name


@pytest.mark.parametrize(
    ("document", "fits"),
    [
        ({"model": [{"name": "m"}]}, True),
        ({"defaults": {"dispatch": {"target": "github", "repository": "o/r"}},
          "model": [{"name": "m", "dispatch": {"api_url": "https://ghes.example"}}]}, True),
        ({"model": [{"name": "m", "policy": {"alpha": 0.1}}]}, True),
        ({"model": []}, False),
        ({"model": [{"nam": "m"}]}, False),
        ({"model": [{"name": "m", "policy": {"alhpa": 0.1}}]}, False),
        ({"model": [{"name": "m", "layout": "folders"}]}, False),
        ({"model": [{"name": "m", "labels_required": "many"}]}, False),
        ({"models": [{"name": "m"}]}, False),
    ],
)  # fmt: skip
def test_an_editor_says_the_same_as_the_parser(document: dict[str, Any], fits: bool) -> None:
    validator = jsonschema.Draft202012Validator(schema("driftloop"))
    assert validator.is_valid(document) is fits
    if fits:
        parse(document, environ={})
    else:
        with pytest.raises(ConfigError):
            parse(document, environ={})
