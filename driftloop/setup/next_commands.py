"""Commands that a user may run next, ready for her shell."""

from __future__ import annotations

import shlex
from pathlib import Path


def power_command(data: Path | None, config: Path, model: str, window: int) -> str:
    """`driftloop power` for a model's table and windows of so many records.

    Examples
    --------
    >>> power_command(Path("my prices.csv"), Path("driftloop.toml"), "prices", 60)
    "driftloop power 'my prices.csv' --config driftloop.toml --model prices --rows 60"
    """
    table = "TABLE" if data is None else shlex.quote(str(data))
    return f"driftloop power {table} --config {shlex.quote(str(config))} --model {model} --rows {window}"
