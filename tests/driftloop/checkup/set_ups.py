"""Set-ups that `driftloop init` made, into which tests plant faults."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from driftloop.checkup.context import OneModel, SetUp
from driftloop.checkup.examine import examine
from driftloop.checkup.findings import Finding
from driftloop.checkup.folders import opened
from driftloop.cli.main import run
from driftloop.config.document import read_document
from driftloop.config.models import parse
from tests.driftloop.setup.tables import houses, saved

ROWS = 400
Change = Callable[[pd.DataFrame], pd.DataFrame]


def made(place: Path, change: Change | None = None, *, target: str = "price") -> Path:
    """A set-up with the model `m`; its table is changed once it has been described. Returns its driftloop.toml."""
    frame = houses(ROWS, np.random.default_rng(1)).drop(columns=["note", "nothing", "month"])
    saved(frame, place / "table.csv")
    config = place / "driftloop.toml"
    arguments = ["init", str(place / "table.csv"), "--name", "m", "--target", target, "--config", str(config)]
    assert run([*arguments, "--yes"]) == 0
    if change is not None:
        saved(change(frame), place / "table.csv")
    return config


def edit(file: Path, pattern: str, by: str) -> None:
    """Replace the first match in a file; the pattern must be there."""
    text, found = re.subn(pattern, by, file.read_text(), count=1, flags=re.MULTILINE)
    assert found == 1, f"{pattern} in {file}"
    file.write_text(text)


def looked_at(config: Path, **environ: str) -> OneModel:
    """The model `m` of a set-up, as its checks see it."""
    set_up = SetUp(config, parse(read_document(config), str(config), environ, sends=False), environ)
    found = opened(set_up, set_up.config.model("m"), None)
    assert isinstance(found, OneModel)
    return found


def bad(config: Path) -> list[Finding]:
    """What is to be mended or looked at."""
    return [finding for finding in examine(config, {}) if finding.severity != "note"]
