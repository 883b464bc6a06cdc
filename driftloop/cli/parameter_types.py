"""Kinds of values that options take: paths, sources of data, and positive numbers."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click


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


class _Positive(click.FloatRange):
    """A number above zero; `nan` and `inf` are none that can be counted with."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a number that can be counted with")
        return number


POSITIVE = _Positive()
