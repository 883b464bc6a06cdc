"""Writing a file whole: beside its place first, then renamed, so that the old one stays until the new one is there."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from driftloop.errors import InputError

UNFINISHED: set[Path] = set()
"""Files and folders that are being written now: a signal handler that ends the process removes them first."""
HELD = (signal.SIGINT, signal.SIGTERM)
"""Signals that wait while something is put into its place."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, its folders included. Raises InputError with the old file, if any, still in place."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # a device or a pipe: nothing to rename over
            path.write_bytes(content)
            return
        with written_beside(path, content) as (beside, target):
            beside.replace(target)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}): free the place, or name another file"
        ) from None


@contextmanager
def written_beside(path: Path, content: bytes) -> Iterator[tuple[Path, Path]]:
    """The content in a file beside its place, on the disk, and where it belongs: rename it, or it is removed.

    Raises OSError.
    """
    target = path.resolve()  # a link stays a link
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.", suffix=".part")
    beside = Path(name)
    UNFINISHED.add(beside)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        yield beside, target
    finally:
        with suppress(OSError):  # what was written, or why it was not, matters more than a file that stays behind
            beside.unlink(missing_ok=True)
        UNFINISHED.discard(beside)


@contextmanager
def folder_beside(path: Path) -> Iterator[Path]:
    """An empty folder beside a place, to be filled and renamed, or it is removed. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part"))
    UNFINISHED.add(beside)
    try:
        beside.chmod(0o777 & ~_umask())
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        UNFINISHED.discard(beside)


@contextmanager
def signals_held() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait until the block ends, where the system can hold them (not on Windows)."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def remove_unfinished() -> None:
    """Leave nothing half-written behind."""
    for beside in list(UNFINISHED):
        with suppress(OSError):  # the process ends on a signal: there is nobody left to tell
            if beside.is_dir():
                shutil.rmtree(beside, ignore_errors=True)
            else:
                beside.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
