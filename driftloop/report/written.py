"""Writing a file whole: beside its place first, then renamed, so that the old one stays until the new one is there."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from driftloop.errors import InputError

UNFINISHED: set[Path] = set()
"""What is being written now: a signal handler that ends the process removes it first."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, its folders included. Raises InputError with the old file, if any, still in place."""
    beside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # a device or a pipe: nothing to rename over
            path.write_bytes(content)
            return
        target = path.resolve()  # a link stays a link
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.", suffix=".part")
        beside = Path(name)
        UNFINISHED.add(beside)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        beside.replace(target)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}): free the place, or name another file"
        ) from None
    finally:
        if beside is not None:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            UNFINISHED.discard(beside)


def remove_unfinished() -> None:
    """Leave no half-written file behind."""
    for beside in list(UNFINISHED):
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
