"""Writes configuration.md: every setting of every file that people write, from the types that read them.

`make schemas` runs it. Descriptions are the texts below the fields in the source.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from driftloop.json_schemas import described_schema, json_schemas
from training.settings import Settings

INTRODUCTION = """# Configuration

Every setting, as the code reads it. `make schemas` writes this page; JSON Schemas for editors lie in `docs/schemas/`.
Unknown entries are refused with the nearest known name. `${NAME}` stands for an environment variable, `${NAME:-text}`
has a default, `{model}` in a pattern is the model's name.
"""
FILES = {
    "driftloop": (
        "driftloop.toml",
        "Which models are watched. `[defaults]` holds what all of them share, each `[[model]]` the rest.",
    ),
    "schema": ("models/&lt;name&gt;/schema.toml", "What the columns are."),
    "model": ("models/&lt;name&gt;/model.toml", "How the model is trained and judged."),
    "check-settings": ("driftloop check --config FILE", "A small file for the command line."),
}


def configuration_page() -> str:
    """The page as Markdown."""
    parts, seen = [INTRODUCTION], set[str]()
    schemas = json_schemas() | {"model": described_schema("model.toml", Settings)}
    for name, (title, said) in FILES.items():
        parts.append(f"## {title}\n\n{said}\n")
        schema = schemas[name]
        definitions = schema.get("$defs", {})
        if "$ref" in schema:
            names = [schema["$ref"].rpartition("/")[2]]
            names += [each for each in definitions if each not in names]
        else:
            names = list(definitions)
        for each in names:
            if each not in seen and "properties" in definitions[each]:
                seen.add(each)
                parts.append(_table(each, definitions[each]))
    return "\n".join(parts)


def _table(name: str, part: dict[str, Any]) -> str:
    required = set(part.get("required", ()))
    lines = [f"### {name}\n", part.get("description", ""), "", "| entry | type | default | |", "|---|---|---|---|"]
    for field, kind in part["properties"].items():
        default = "required" if field in required else _value(kind.get("default", ""))
        lines.append(f"| `{field}` | {_kind(kind)} | {default} | {_cell(kind.get('description', ''))} |")
    return "\n".join(lines) + "\n"


def _kind(kind: dict[str, Any]) -> str:
    if "$ref" in kind:
        target = kind["$ref"].rpartition("/")[2]
        return f"[{target}](#{target.lower()})"
    if "anyOf" in kind:
        return " or ".join(_kind(each) for each in kind["anyOf"] if each.get("type") != "null")
    if "enum" in kind:
        return " or ".join(f"`{each}`" for each in kind["enum"])
    if kind.get("type") == "array":
        return "list of " + _kind(kind["items"]) if kind.get("items") else "list"
    return {"string": "text", "boolean": "true or false", "integer": "whole number", "object": "table"}.get(
        str(kind.get("type")), str(kind.get("type", "any"))
    )


def _value(value: Any) -> str:
    if value is None or value == "" or isinstance(value, dict | list):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(configuration_page(), encoding="utf-8")
