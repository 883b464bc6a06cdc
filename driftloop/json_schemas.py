"""JSON Schemas of the files that people and other programs write and read.

`make schemas` writes them to docs/schemas/. An editor that knows them completes and checks `driftloop.toml` and
`schema.toml` while they are written.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from driftloop.config.common_cause import CommonCausePolicy
from driftloop.config.models import Model
from driftloop.config.settings import CheckSettings
from driftloop.data.schema import Schema
from driftloop.events import Alert, DriftDetected, InService, ModelRegistered, Outcome, PutBack
from driftloop.report.document import CheckDocument

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLES: dict[str, tuple[str, Any]] = {
    "check-settings": ("The small TOML file of `driftloop check --config FILE`", CheckSettings),
    "schema": ("schema.toml: the columns of a table", Schema),
    "drift-detected": ("The client payload of the event drift-detected", DriftDetected),
    "model-registered": ("The client payload of the event model-registered", ModelRegistered),
    "alert": ("The data of an alert that is sent as a CloudEvent", Alert),
    "in-service": ("baselines/<model>/in-service.json", InService),
    "check": ("What `driftloop check --json` prints, and reports/<model>/<check_id>.json", CheckDocument),
    "put-back": ("baselines/<model>/put-back.json", PutBack),
    "outcome": ("outcomes/<drift_id>.json", Outcome),
}


SECTION = re.compile(r"\n\s*\n\s*(?:Examples|Attributes|State|Answers)\n\s*-+\n")
"""Where the sections of a docstring begin: an editor shows what stands before them."""


def json_schemas() -> dict[str, dict[str, Any]]:
    """Every published schema by its file's name without `.json`."""
    schemas = {name: described_schema(title, kind) for name, (title, kind) in TITLES.items()}
    return {"driftloop": _configuration()} | schemas


def text_of(schema: dict[str, Any]) -> str:
    """A schema as its file holds it."""
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def field_descriptions(kind: type[msgspec.Struct]) -> dict[str, str]:
    """What the source says of each field of a Struct, inherited ones too: the text below its line, as one paragraph.

    Examples
    --------
    >>> from driftloop.config.policy import Policy
    >>> field_descriptions(Policy)["min_rows"]
    'A smaller window says too little: verdict `insufficient`.'
    """
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if issubclass(each, msgspec.Struct) and each is not msgspec.Struct:
            found |= _own_descriptions(each)
    return found


def _own_descriptions(kind: type[msgspec.Struct]) -> dict[str, str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for line, below in pairwise(definition.body):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and isinstance(below, ast.Expr):
            said = below.value.value if isinstance(below.value, ast.Constant) else None
            if isinstance(said, str):
                found[line.target.id] = " ".join(said.split())
    return found


def structs_of(kind: Any) -> dict[str, type[msgspec.Struct]]:
    """Every Struct that a type is made of, by the name that it has in a JSON Schema."""
    found: dict[str, type[msgspec.Struct]] = {}

    def walk(part: Any) -> None:
        if isinstance(part, msgspec.inspect.StructType):
            if part.cls.__name__ in found:
                return
            found[part.cls.__name__] = part.cls
        if isinstance(part, msgspec.inspect.Type | msgspec.inspect.Field):
            for name in part.__struct_fields__:
                walk(getattr(part, name))
        elif isinstance(part, tuple):
            for each in part:
                walk(each)

    walk(msgspec.inspect.type_info(kind))
    return found


def _with_fields(parts: dict[str, Any], kind: Any) -> None:
    """Put what the source says of each field into the parts of a schema."""
    for name, struct in structs_of(kind).items():
        said = field_descriptions(struct)
        for field, description in parts.get(name, {}).get("properties", {}).items():
            if field in said:
                # Beside a reference a description is allowed from JSON Schema 2019-09 on.
                description["description"] = said[field]


def described_schema(title: str, kind: Any) -> dict[str, Any]:
    """The JSON Schema of a type, with what the source says of each Struct and field."""
    schema = msgspec.json.schema(kind)
    parts = schema.get("$defs", {})
    for part in parts.values():
        _flow(part)
    _with_fields(parts, kind)
    return {"$schema": DIALECT, "title": title, **schema}


def _flow(part: dict[str, Any]) -> None:
    """A docstring as one paragraph, without its examples: an editor breaks lines itself."""
    if "description" in part:
        part["description"] = " ".join(SECTION.split(part["description"])[0].split())


def _configuration() -> dict[str, Any]:
    """`driftloop.toml`: every model's table may leave to `[defaults]` what it does not say itself, its name apart."""
    (reference, together), parts = msgspec.json.schema_components(
        [Model, CommonCausePolicy], ref_template="#/$defs/{name}"
    )
    name = reference["$ref"].rpartition("/")[2]
    model = parts[name]
    for part in parts.values():
        _flow(part)
        if "target" in part.get("properties", {}):
            part["required"] = []  # a dispatch table may be shared between [defaults] and the model
    for kind in (Model, CommonCausePolicy):
        _with_fields(parts, kind)
    fields = {field: kind for field, kind in model["properties"].items() if field != "name"}
    return {
        "$schema": DIALECT,
        "title": "driftloop.toml: which models are watched, and what a drift of theirs starts",
        "type": "object",
        "properties": {
            "defaults": {
                "title": "What all models share",
                "type": "object",
                "properties": fields,
                "additionalProperties": False,
            },
            "common_cause": together,
            "model": {"type": "array", "items": reference, "minItems": 1},
        },
        "required": ["model"],
        "additionalProperties": False,
        "$defs": parts,
    }


def main() -> None:
    """Write every schema into the folder that is named."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m driftloop.json_schemas FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in json_schemas().items():
        (folder / f"{name}.json").write_text(text_of(schema), encoding="utf-8")


if __name__ == "__main__":
    main()
