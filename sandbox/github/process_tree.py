"""Which processes a process has started: from /proc where there is one, else from `ps`, which small Linuxes lack."""

import os
import signal
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")


def _parents() -> Iterator[tuple[int, int]]:
    """Every process that runs, with its parent; those that have ended and were not collected are left out."""
    if not (PROC / "self" / "stat").exists():
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], check=True, capture_output=True, text=True)
        for pid, parent, state in map(str.split, listed.stdout.splitlines()):
            if not state.startswith("Z"):
                yield int(pid), int(parent)
        return
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue  # it has ended since the folder was listed
            state, parent = text.rpartition(")")[2].split()[:2]
            if state != "Z":
                yield int(entry.name), int(parent)


def running() -> set[int]:
    """The processes that run."""
    return {pid for pid, _ in _parents()}


def children(pid: int) -> set[int]:
    """The processes that `pid` itself has started."""
    return {child for child, parent in _parents() if parent == pid}


def descendants(pid: int) -> set[int]:
    """The processes that `pid` has started, those that they have started, and so on."""
    by_parent: dict[int, set[int]] = {}
    for child, parent in _parents():
        by_parent.setdefault(parent, set()).add(child)
    found: set[int] = set()
    waiting = set(by_parent.get(pid, ()))
    while waiting:
        each = waiting.pop()
        found.add(each)
        waiting |= by_parent.get(each, set()) - found
    return found


def send(number: signal.Signals, pids: Iterable[int]) -> None:
    """Signal processes; those that have ended meanwhile do not matter."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
