"""Giving freed memory back to the system, so that a wide table does not hold what it no longer uses."""

from __future__ import annotations

import ctypes

import pyarrow as pa

WIDE = 100
"""Columns from which it is worth its time, 5 to 50 ms: narrower tables leave a few megabytes."""


def give_back(columns: int = WIDE) -> None:
    """Let Arrow and the C library return what is free; for tables of few columns nothing is done.

    Both keep freed memory for later use: after reading 400 columns more than 150 MB. A C library that cannot be asked
    (all but glibc) keeps its part.
    """
    if columns < WIDE:
        return
    pa.default_memory_pool().release_unused()
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return  # it keeps its part, as the docstring says
    trim(0)
