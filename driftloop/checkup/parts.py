"""The checks that a repository brings: every package beside `driftloop.toml` may have a module `doctor` with `CHECKS`.

So the engine knows neither training nor Azure nor GitHub, and whoever adds a package to a repository adds its checks
with it. Running a check-up runs that code, as `make` does: only look at repositories that you would run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from driftloop.checkup.checks import Check
from driftloop.errors import ConfigError

NAME = "doctor"


def checks_of(root: Path) -> tuple[Check, ...]:
    """The checks of all packages in a folder. Raises ConfigError for one that cannot be imported."""
    return tuple(check for module in modules_of(root, NAME) for check in module.CHECKS)


def modules_of(root: Path, name: str) -> Iterator[ModuleType]:
    """The modules of one name that the packages in a folder bring. Raises ConfigError for one that cannot be imported.

    Parameters
    ----------
    root : the folder of driftloop.toml.
    name : of a module or a package within the packages.
    """
    for package in sorted(path.parent for path in root.glob("*/__init__.py")):
        source = next((s for s in (package / f"{name}.py", package / name / "__init__.py") if s.is_file()), None)
        # The engine has a room of the same name, which is no part of a set-up.
        if source is not None and package.name.isidentifier() and package.name != "driftloop":
            yield _imported(root, f"{package.name}.{name}", source)


def _imported(root: Path, name: str, source: Path) -> ModuleType:
    place = str(root.resolve())
    if place not in sys.path:
        sys.path.append(place)  # last, so that nothing in the folder hides what is installed
    try:
        module = import_module(name)
    except ImportError as error:
        raise ConfigError(
            f"{source}: cannot be imported ({error}): install requirements/training.txt, or look from the repository's "
            "own environment (.venv/bin/driftloop)"
        ) from None
    where = Path(str(module.__file__)).resolve()
    if where != source.resolve():
        raise ConfigError(f"{source}: Python imports {where} instead: run the command from {root}'s own environment")
    return module
