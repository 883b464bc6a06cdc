"""Schema and policy for the command line: from `--config FILE`, or inferred from the reference file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from driftloop.config.policy import Policy
from driftloop.data.readers import read_batches
from driftloop.data.schema import Schema
from driftloop.errors import ConfigError

KNOWN = frozenset({"policy", "columns", "missing", "schema", "importances"})


def load_settings(config: str | Path | None, reference: str | Path) -> tuple[Schema, Policy]:
    """How to read and judge files like `reference`.

    The file is TOML: a table `policy` (fields of `Policy`), the schema as `schema = "FILE"` or as `[[columns]]`, a
    table `importances`. A `driftloop.toml` serves too: its `[defaults]` and first `[[model]]` are used. What is not
    said is inferred. Raises ConfigError or InputError.
    """
    document = _document(config)
    policy = _policy(document.get("policy", {}), str(config))
    if "columns" in document:
        parts = {key: document[key] for key in ("columns", "missing") if key in document}
        schema = Schema.from_object(parts, str(config))
    elif "schema" in document:
        schema = Schema.load(Path(str(config)).parent / str(document["schema"]))
    else:
        schema = Schema.infer(read_batches(reference))
    importances = document.get("importances")
    return (schema if importances is None else with_importances(schema, importances, str(config))), policy


def with_importances(schema: Schema, importances: Any, where: str) -> Schema:
    """The schema with importances from a table of name and number. Raises ConfigError, SchemaError."""
    try:
        return schema.with_importances(msgspec.convert(importances, dict[str, float]))
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: importances: {error}") from None


def load_policy(config: str | Path | None) -> Policy:
    """The policy alone, where a saved baseline brings its own schema. Raises ConfigError."""
    return _policy(_document(config).get("policy", {}), str(config))


def _document(config: str | Path | None) -> dict[str, Any]:
    if config is None:
        return {}
    document = _toml(Path(config))
    if "model" in document or "defaults" in document:
        return _first_model(document)
    if set(document) - KNOWN:
        name = sorted(set(document) - KNOWN)[0]
        raise ConfigError(f"{config}: unknown entry {name!r}; known are {', '.join(sorted(KNOWN))}")
    return document


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


def _first_model(document: dict[str, Any]) -> dict[str, Any]:
    defaults, models = document.get("defaults", {}), document.get("model", [])
    if not isinstance(defaults, dict) or not isinstance(models, list) or not all(isinstance(m, dict) for m in models):
        raise ConfigError("[defaults] must be a table and [[model]] a list of tables")
    first = models[0] if models else {}
    merged = {**defaults, **first, "policy": {**defaults.get("policy", {}), **first.get("policy", {})}}
    return {key: value for key, value in merged.items() if key in KNOWN}


def _policy(table: Any, where: str) -> Policy:
    try:
        return msgspec.convert(table, Policy)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: policy: {error}") from None
