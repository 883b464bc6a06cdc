"""Memory of wide tables: giving back what is free, and matrices of which only a part is ever written."""

from __future__ import annotations

import ctypes
import mmap
from contextlib import suppress

import numpy as np
import numpy.typing as npt
import pyarrow as pa

WIDE = 100
"""Columns from which it is worth its time, 5 to 50 ms: narrower tables leave a few megabytes."""


LARGE_BYTES = 32 << 20
"""Bytes of a matrix from which its pages matter."""


def half_written(width: int) -> npt.NDArray[np.float64]:
    """A square matrix of which the caller writes about one half: the other half takes no memory where it is large.

    Linux hands large arrays out in pages of 2 MB, of which a triangle touches nearly all; here it is told not to.
    """
    size = 8 * width * width
    if size < LARGE_BYTES or not hasattr(mmap, "MADV_NOHUGEPAGE"):
        return np.empty((width, width))
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without large pages knows no such advice
        pages.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(pages, np.float64).reshape(width, width)


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
