"""Arrays to work in that live as long as their thread: new ones cost a page fault for every 4 kB of every batch."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LENGTH = 1 << 16
"""Numbers in one array: as many as a profile reads together."""
COUNT = 2
APART = 72
"""Numbers by which the arrays' starts differ in a page: a processor slows down where two lie equally in theirs."""


class _Rooms(threading.local):
    def __init__(self) -> None:
        self.arrays = [np.empty(LENGTH + APART * COUNT)[APART * number :] for number in range(COUNT)]


_ROOMS = _Rooms()


def work_floats(number: int, length: int) -> Floats:
    """The thread's work array 0 or 1, cut to a length; whoever asked for it before must be done with it."""
    return np.empty(length) if length > LENGTH else _ROOMS.arrays[number][:length]


def work_integers(number: int, length: int) -> Integers:
    """The same memory as whole numbers of 64 bits."""
    return work_floats(number, length).view(np.int64)
