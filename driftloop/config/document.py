"""A TOML file as plain values, with the environment's variables filled in."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from driftloop.errors import ConfigError

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


def read_document(path: Path, advice: str = "check the path") -> dict[str, Any]:
    """What a TOML file says. Raises ConfigError; `advice` ends the line for a file that cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}): {advice}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


def filled(value: Any, where: str, environ: Mapping[str, str] = os.environ, *, strict: bool = True) -> Any:
    """The value with `${NAME}` and `${NAME:-text}` in its texts replaced.

    Raises ConfigError for a variable that is neither set nor has a text; where not `strict`, it stays as it stands.
    """
    if isinstance(value, Mapping):
        return {key: filled(item, where, environ, strict=strict) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, where, environ, strict=strict) for item in value]
    if not isinstance(value, str):
        return value

    def variable(match: re.Match[str]) -> str:
        found = environ.get(match["name"]) or match["default"]
        if found is None and strict:
            raise ConfigError(
                f"{where}: ${{{match['name']}}} is not set: set the environment variable {match['name']} (on Azure an "
                "application setting), or write the value itself"
            )
        return match[0] if found is None else found

    return _VARIABLE.sub(variable, value)


def unfilled(text: str) -> bool:
    """Whether a text still holds a `${NAME}` that nothing has filled."""
    return _VARIABLE.search(text) is not None
