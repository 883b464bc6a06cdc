"""The checks that a repository brings: every package beside `driftloop.toml` may have a module `doctor` with `CHECKS`.

So the engine knows neither training nor Azure nor GitHub, and whoever adds a package to a repository adds its checks
with it. Running a check-up runs that code, as `make` does: only look at repositories that you would run.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from driftloop.checkup.checks import Check
from driftloop.errors import ConfigError

NAME = "doctor"


def checks_of(root: Path) -> tuple[Check, ...]:
    """The checks of all packages in a folder. Raises ConfigError for one that cannot be imported."""
    found: list[Check] = []
    for package in sorted(path.parent for path in root.glob("*/__init__.py")):
        source = next((s for s in (package / f"{NAME}.py", package / NAME / "__init__.py") if s.is_file()), None)
        if source is not None and package.name.isidentifier():
            found += _imported(root, package.name, source)
    return tuple(found)


def _imported(root: Path, package: str, source: Path) -> tuple[Check, ...]:
    place = str(root.resolve())
    if place not in sys.path:
        sys.path.append(place)  # last, so that nothing in the folder hides what is installed
    try:
        module = import_module(f"{package}.{NAME}")
    except ImportError as error:
        raise ConfigError(
            f"{source}: cannot be imported ({error}): install requirements/training.txt, or look from the repository's "
            "own environment (.venv/bin/driftloop doctor)"
        ) from None
    where = Path(str(module.__file__)).resolve()
    if where != source.resolve():
        raise ConfigError(f"{source}: Python imports {where} instead: run the command from {root}'s own environment")
    checks: tuple[Check, ...] = module.CHECKS
    return checks
