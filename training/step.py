"""What the pipeline's steps share: one clear line for a foreseeable error, and JSON files that are written whole."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec

import click
import msgspec

from driftloop.errors import DriftloopError
from driftloop.validation import UNREADABLE

P = ParamSpec("P")
PATH = click.Path(path_type=Path, exists=True)  # of a file or folder that a step before wrote


def run(step: Callable[P, None]) -> Callable[P, None]:
    """The step's function, ending with exit code 1 and the error's own line when it raises a DriftloopError."""

    @functools.wraps(step)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            step(*args, **kwargs)
        except DriftloopError as error:
            module = step.__globals__["__spec__"]  # __name__ is __main__ where the module is run
            sys.stderr.write(f"{module.name.rpartition('.')[2]}: {error}\n")
            sys.exit(1)

    return guarded


def log(event: str, **fields: Any) -> None:
    """One event as a line of JSON."""
    sys.stdout.write(msgspec.json.encode({"event": event, **fields}).decode() + "\n")
    sys.stdout.flush()


def write_json(path: Path, value: Any) -> None:
    """`value` as indented JSON; its folder is created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2) + b"\n")


def read_json(path: Path, kind: type[Any] = dict) -> Any:
    """The JSON in `path` as `kind`. Raises DriftloopError naming the file when it is missing or damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, *UNREADABLE) as error:
        raise DriftloopError(f"{path.name} of the step before cannot be used ({error}): run that step again") from error
