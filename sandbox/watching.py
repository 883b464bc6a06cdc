"""`driftloop.toml` of one demo world: the model's own entry, or one of its own making, and the stand-in of GitHub."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.play import Play

CONFIG = "driftloop.toml"
KEPT = ("labels_required", "cooldown_hours", "max_attempts", "policy")
"""What of an entry the laptop takes over: its paths, layouts and schedules are about the owner's own feed."""


def entry_of(root: Path, model: str) -> dict[str, Any]:
    """What the repository's `driftloop.toml` says of a model, as far as the laptop takes it over; empty where it does
    not name the model.
    """
    file = root / CONFIG
    document = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    found = next((table for table in document.get("model", []) if table.get("name") == model), None)
    if found is None:
        return {}
    defaults = document.get("defaults", {})
    whole = {**defaults, **found, "policy": {**defaults.get("policy", {}), **found.get("policy", {})}}
    return {name: whole[name] for name in KEPT if name in whole}


def configuration(play: Play) -> str:
    """The file that the function app reads in this world."""
    model = {**play.entry, "name": play.model, "labels_required": play.labels_required}
    dispatch = {"target": "github", "repository": "${DRIFTLOOP_REPOSITORY}", "api_url": "${GITHUB_API_URL}"}
    policy = model.pop("policy", {})
    parts = [*_lines(dispatch, "[defaults.dispatch]"), *_lines(model, "[[model]]"), *_lines(policy, "[model.policy]")]
    return "\n".join(parts) + "\n"


def _lines(table: Mapping[str, Any], heading: str) -> list[str]:
    """A table of plain values. JSON's texts, numbers, truth values and lists are TOML's, too."""
    return [heading, *(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in table.items())]
