"""Is each model of `driftloop.toml` described in a folder of its own, and each folder watched?"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

from driftloop.checkup.context import MODELS, SCHEMA, SETTINGS, OneModel, SetUp
from driftloop.checkup.findings import Finding, error, warning
from driftloop.config.models import Model
from driftloop.data.schema import Schema
from driftloop.errors import InputError


def unwatched_folders(set_up: SetUp) -> Iterator[Finding]:
    """Folders in `models/` that no entry of `driftloop.toml` names."""
    watched = {model.name for model in set_up.config.models}
    for path in sorted((set_up.root / MODELS).glob(f"*/{SETTINGS}")):
        name = path.parent.name
        if name not in watched and not name.startswith("."):
            fix = f'add [[model]] with name = "{name}" to {set_up.file.name}, or remove the folder'
            yield warning(f"{MODELS}/{name}", f"{set_up.file.name} does not name this model, so nobody watches it", fix)


def opened(set_up: SetUp, model: Model, data: Path | None) -> OneModel | Finding:
    """The model with its schema and its table; a finding where it has no schema that can be read."""
    folder = set_up.folder(model.name)
    file = set_up.root / model.schema if model.schema is not None else folder / SCHEMA
    if not file.is_file():
        fix = f"write it, or run `driftloop init DATA --name {model.name}` on its table under another name and compare"
        return error(f"model {model.name}", f"has no {file.relative_to(set_up.root)}", fix)
    try:
        schema = Schema.load(file)
    except InputError as found:
        return error(f"model {model.name}", str(found), f"correct {file.name}")
    task, named = _said(folder)
    return OneModel(set_up, model, schema, file, task, data or named, data is None or named is None)


def _said(folder: Path) -> tuple[str, Path | None]:
    """The task and the table that `model.toml` names; its own reader says what is wrong with it."""
    try:
        said = tomllib.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "", None
    laptop = said.get("laptop")
    data = laptop.get("data") if isinstance(laptop, dict) else None
    table = Path(os.path.normpath(folder / data)) if isinstance(data, str) and data else None
    return str(said.get("task", "")), table
