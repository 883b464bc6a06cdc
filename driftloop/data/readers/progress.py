"""How far reading has come, for a person who waits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

import pyarrow as pa

Observer = Callable[[str, int, float | None], None]
"""Told after each batch: the file's name, the rows of the batch, and which part of the file is read, where known."""
_observers: list[Observer] = []


@contextmanager
def observed(observer: Observer | None) -> Iterator[None]:
    """Tell an observer of everything that is read meanwhile, in whichever thread; None for nobody."""
    if observer is None:
        yield
        return
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)


def told(name: str, batches: Iterator[pa.RecordBatch], file: IO[bytes] | None = None) -> Iterator[pa.RecordBatch]:
    """The same batches, of which the observers are told; `file` is what they come from, if its place says how far."""
    if not _observers:
        yield from batches
        return
    for batch in batches:
        share = None if file is None else _share(file)
        for observer in tuple(_observers):
            observer(name, batch.num_rows, share)
        yield batch


def _share(file: IO[bytes]) -> float | None:
    try:
        size = os.fstat(file.fileno()).st_size
        return min(file.tell() / size, 1.0) if size else None
    except (OSError, AttributeError, ValueError):
        return None
