"""Paths that options take, and where a command may write.

What cannot be written, by its ending or its place, is refused before any work.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from driftloop.errors import InputError

REPORTS = (".html", ".htm", ".md", ".markdown", ".json")
PICTURES = (".svg",)


class _Path(click.Path):
    """A path; an empty one is a shell variable that is not set, and would name the folder where one stands."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        _hold_local(self, value)
        return super().convert(_not_empty(self, value), param, ctx)


def _not_empty(kind: Any, value: Any) -> Any:
    if value == "":
        kind.fail("the path is empty: is a variable not set?")
    return value


def _hold_local(kind: Any, value: Any) -> None:
    """Fails for what is no path of this machine, and would only be called missing."""
    if value == "-":
        kind.fail("'-' is no file: name one")
    if isinstance(value, str) and (scheme := re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://", value)):
        kind.fail(f"{scheme[1]}:// is not read or written here: give the path of a file on this machine")


PATH = _Path(path_type=Path)


if TYPE_CHECKING:
    _SourceType = click.ParamType[Path | str]
else:
    _SourceType = click.ParamType  # older versions of click know no types of values


class _Source(_SourceType):
    """A path, a pattern, or a URL of a storage, whose two slashes a path would lose."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | str:
        """The URL as it is, anything else as a path."""
        del param, ctx
        _not_empty(self, value)
        if isinstance(value, Path):
            return value
        text = str(value)
        if text.startswith(("abfs://", "abfss://")):
            return text
        _hold_local(self, text)
        return Path(text)


SOURCE = _Source()


def hold_output(output: Path, *inputs: Path | str, endings: tuple[str, ...] = ()) -> None:
    """Raises InputError where `output` cannot be written, or would replace a file that is read.

    Parameters
    ----------
    output : the file.
    inputs : what the command reads.
    endings : those that name what is written. None at all is left to the user, as in GitHub's step summary.
    """
    for path in inputs:
        if isinstance(path, Path) and path.exists() and output.exists() and path.samefile(output):
            raise InputError(f"{output}: is read by this command: write to another file")
    ending = output.suffix.lower()
    if endings and ending and ending not in endings and not _is_summary(output):
        raise InputError(f"{output}: {ending} is not what is written: end it with {_or(endings)}")
    if output.is_dir():
        raise InputError(f"{output}: cannot be written (it is a folder): name a file")
    above = next(each for each in output.absolute().parents if os.path.lexists(each))
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise InputError(
            f"{output}: cannot be written ({above} is no folder that may be written to): name another place"
        )


def _is_summary(output: Path) -> bool:
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(summary) and Path(summary or "") == output


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
