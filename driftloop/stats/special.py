"""The compiled functions of `scipy.special`, without the package around them.

Importing `scipy.special` parses the docstrings of all its functions to add notes, and loads layers for other array
libraries. That takes about forty times as long as loading the compiled functions, which are all that is called here. So
the import of the package is stopped as soon as these are loaded. Whoever imports `scipy.special` later gets all of it,
with the same function objects.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from threading import get_ident
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from importlib.abc import Loader

__all__ = ["special"]

PACKAGE = "scipy.special"
COMPILED = "scipy.special._ufuncs"
CALLED = (
    "expit",
    "fdtrc",
    "gammainc",
    "gammaincc",
    "gammaln",
    "logit",
    "ndtri",
    "pdtrc",
    "stdtr",
    "stdtrit",
    "xlogy",
)
"""What the engine calls: a scipy that keeps one of them elsewhere is imported whole."""


class _StoppedError(ImportError):
    """The package's import, once its compiled functions are loaded."""


class _CompiledOnly:
    """Loads the compiled functions in place of the package's own code.

    Not derived from `importlib.abc`, whose import brings `tempfile` and others along.
    """

    def create_module(self, spec: ModuleSpec) -> None:
        """The usual module."""

    def exec_module(self, module: ModuleType) -> None:  # noqa: ARG002 - the protocol gives it
        """Raises always: so the package counts as not imported, and the next import of it is a whole one."""
        import_module(COMPILED)
        raise _StoppedError(PACKAGE)


class _Finder:
    """Finds the package for the thread that asks for its compiled functions, and nothing else."""

    def __init__(self) -> None:
        self._thread = get_ident()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package's place, with a loader that stops after its compiled functions."""
        if fullname != PACKAGE or get_ident() != self._thread:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            spec.loader = cast("Loader", _CompiledOnly())
        return spec


def _compiled() -> ModuleType | None:
    """The module of compiled functions; None where this scipy keeps them elsewhere."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        import_module(PACKAGE)
    except ImportError:
        found = sys.modules.get(COMPILED)
        return found if all(hasattr(found, name) for name in CALLED) else None
    finally:
        sys.meta_path.remove(finder)
    return None


def _functions() -> ModuleType:
    loaded = sys.modules.get(PACKAGE)
    return loaded or _compiled() or import_module(PACKAGE)


special: Any = _functions()
