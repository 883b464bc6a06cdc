"""A second thread for half of a batch's columns, where there is a second core."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")


class Helper:
    """Runs one function while the caller runs another. numpy lets go of the interpreter while it computes.

    The thread starts with the first use and ends with the `with` block.
    """

    def __init__(self, cores: int | None = None) -> None:
        self.is_there = (usable_cores() if cores is None else cores) > 1
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Helper:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def run_both(self, mine: Callable[[], T], yours: Callable[[], T]) -> tuple[T, T]:
        """What both functions return; of two errors, the first one's."""
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(1, "profile")
        future = self._pool.submit(yours)
        try:
            result = mine()
        except BaseException:
            future.exception()  # waits: it must not write on behind the error
            raise
        return result, future.result()


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
