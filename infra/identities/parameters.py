"""The parameters of a deployment as the variables that main.bicepparam reads them from.

So the workflow that deploys next knows what was deployed from a laptop; else it would put every setting that the
repository does not name back to its default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[1] / "main.bicepparam"
_LINE = re.compile(r"^param (\w+) = .*?readEnvironmentVariable\('(\w+)'(?:, '([^']*)')?\)", re.MULTILINE)
# The workflow knows these better: it runs in the repository, on a runner that sets the address of its API.
_GIVEN = {"DRIFTLOOP_REPOSITORY", "GITHUB_API_URL"}
_WORDS = {"LowPriority": "low_priority", "Dedicated": "dedicated"}


def variables(deployed: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, str]:
    """What was deployed with another value than the default, and the repository does not name.

    A variable that is there is left alone, because it may be the next deployment's. `deployed`: values by parameter;
    `known`: the repository's variables.
    """
    values = {name.lower(): value for name, value in deployed.items()}
    found = {}
    for parameter, variable, default in _LINE.findall(_FILE.read_text(encoding="utf-8")):
        text = _text(values.get(parameter.lower(), default))
        if text != default and variable not in _GIVEN and variable not in known:
            found[variable] = text
    return found


def names() -> set[str]:
    """Every variable that `variables` may set."""
    return {variable for _, variable, _ in _LINE.findall(_FILE.read_text(encoding="utf-8"))} - _GIVEN


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    return _WORDS.get(str(value), str(value))
