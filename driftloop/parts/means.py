"""With what a source is read, and whether it is worth more than one process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from driftloop.data.readers.sources import Part

WORTH_PROCESSES = 2 << 30
"""Bytes to be read from which processes are started. Measured on two quiet cores against one process, whose second
thread decodes. Two processes take a tenth longer for 0.8 GB, a quarter less for 3.3 GB, and two fifths less for 8
GB.
"""


class Observer:
    """Told how far the work has come; this one does not care."""

    def planned(self, parts: int, cached: int, rows: int | None) -> None:
        """So many parts are to be read, and so many are known from before; rows where footers tell."""

    def read(self, name: str, rows: int) -> None:
        """Rows have been read."""

    def finished(self, name: str, parts: int) -> None:
        """Parts are done."""


@dataclass(frozen=True)
class Means:
    """With what the work is done."""

    cache: Path | None = None
    """Where parts' profiles are kept; None: in a temporary folder, as long as the work lasts."""
    processes: int | None = None
    """None: as many as there are cores, where there is enough to read."""
    observer: Observer = field(default_factory=Observer)
    spark: bool = False
    """Whether Spark's tasks read, in place of processes here; nothing is kept in a cache then."""


def is_worth_parts(parts: Sequence[Part], means: Means) -> bool:
    """Whether a source is read part by part: where that was asked for, and where several processes save time."""
    return (
        means.spark
        or means.cache is not None
        or means.processes is not None
        or sum(map(size_of, parts)) >= WORTH_PROCESSES
    )


def size_of(part: Part) -> int:
    """Bytes of a part's file, as it was listed or as it is; 0 where it cannot be told."""
    if part.stamp is not None:
        return part.stamp[0]
    try:
        return Path(str(part.content)).stat().st_size
    except OSError:
        return 0


def usable_cores() -> int:
    """Cores that this process may use: what the system allots to it, where it tells, else all of the machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
