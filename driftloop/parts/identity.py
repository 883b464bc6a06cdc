"""What names a file's content without reading it: its place, size and times, as the system keeps them."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import msgspec

from driftloop.data.readers.sources import Part
from driftloop.errors import InputError

SETTLED_NS = 2_000_000_000
"""A file that was changed less than two seconds ago may change again without a new time: file systems round theirs (FAT
to two seconds). Its profile is used once and not found again."""


def identity_of(part: Part) -> str:
    """A name for the content of a file. The same file, unchanged, has the same; any change gives another.

    A local file is named by its path, inode, size and both times. The second time moves with every change, also where a
    tool puts the first one back. One in a storage is named by its URL, size and time of change.

    Raises
    ------
    InputError
        Where the file is gone.
    """
    if part.is_remote:
        facts: tuple[object, ...] = (part.content, *(part.stamp or (uuid4().hex,)))
        changed = part.stamp[1] if part.stamp else 0
        if not changed:  # a size alone names no content
            facts = (*facts, uuid4().hex)
    else:
        path = Path(str(part.content)).resolve()
        try:
            found = path.stat()
        except OSError as error:
            raise InputError(f"{part.name}: cannot be read ({error.strerror})") from None
        facts = (os.fspath(path), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        changed = found.st_mtime_ns
    if changed > time.time_ns() - SETTLED_NS:
        facts = (*facts, uuid4().hex)
    facts = (*facts, part.format, part.compression, sorted(part.constants.items()), part.is_one_of_many)
    return sha256(msgspec.msgpack.encode(facts)).hexdigest()


def refuse_changed(part: Part, before: tuple[int, int] | None) -> None:
    """Raises InputError where a local file is no longer what it was when it was listed."""
    if part.is_remote or before is None:
        return
    if size_and_time(part) != before:
        raise InputError(f"{part.name}: was changed while it was read: run this again once it is complete")


def size_and_time(part: Part) -> tuple[int, int] | None:
    """A local file's size and time of change; None where it cannot be told."""
    if part.is_remote:
        return None
    try:
        found = Path(str(part.content)).stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
