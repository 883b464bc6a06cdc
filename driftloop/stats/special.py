"""`scipy.special`, imported without what it brings along by accident.

scipy's array layer copies every name that numpy lists (`__all__` and `dir`). So it loads two subpackages that numpy
itself loads on their first use only: its Fortran wrapper and its tools for tests, which load `unittest` and others.
They are a third of what importing `scipy.special` takes. Nothing of scipy uses the copies, so they are left off those
lists meanwhile; whoever asks numpy for them by name still gets them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = ["special"]

UNUSED = frozenset({"f2py", "testing"})
"""Subpackages of numpy that numpy loads when they are asked for."""


@contextmanager
def _without_unused() -> Iterator[None]:
    """While numpy does not list them, unless they are loaded already."""
    module: Any = np
    everything, directory = module.__all__, module.__dir__
    left_out = {name for name in UNUSED if f"numpy.{name}" not in sys.modules}
    names = [name for name in directory() if name not in left_out]
    module.__all__, module.__dir__ = [name for name in everything if name not in left_out], lambda: names
    try:
        yield
    finally:
        module.__all__, module.__dir__ = everything, directory


with _without_unused():
    from scipy import special
