"""A folder of parts' profiles by content: what was read once is not read again, and what is damaged is never used."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from driftloop.errors import BaselineError, InputError
from driftloop.files.written import write_whole
from driftloop.parts.partial import Partial
from driftloop.times import SECONDS_A_DAY

MAGIC = b"driftloop part 1\n"
KEY_BYTES = 32
"""Of an entry's key, and of the hash of its content: SHA-256."""
KEPT_DAYS = 40
"""After which an entry that nobody used is removed: a month, and the days that a holiday adds."""
_HEAD = len(MAGIC) + 2 * KEY_BYTES


class PartCache:
    """Entries by key, each a file that says its key and the hash of its content.

    An entry that was cut short, changed, or put under another's name counts as none: it is computed again. That
    protects against accidents. Who may write to the folder may also write a correct entry with wrong numbers, so a
    folder that others may write to is refused.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            found = folder.stat()
        except OSError as error:
            raise InputError(f"{folder}: no folder for a cache ({error.strerror}): name another") from None
        if not stat.S_ISDIR(found.st_mode):
            raise InputError(f"{folder}: is no folder: name another for the cache")
        if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & 0o022):
            raise InputError(f"{folder}: others may write to this cache: chmod go-w it, or name a folder of your own")

    def get(self, key: str) -> Partial | None:
        """The entry of a key; None where there is none, or none that can be trusted."""
        content = self.content(key)
        if content is None:
            return None
        try:
            return Partial.from_bytes(content)
        except BaselineError:
            return None

    def has(self, key: str) -> bool:
        """Whether an entry is there and whole."""
        return self.content(key) is not None

    def content(self, key: str) -> bytes | None:
        """What was kept by a key; None where there is none, or not the whole of it."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                found = file.read()
                used = os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        head, content = found[:_HEAD], found[_HEAD:]
        if head != MAGIC + bytes.fromhex(key) + sha256(content).digest():
            return None
        if used < time.time() - SECONDS_A_DAY:
            with suppress(OSError):  # somebody else's file: it is pruned too early, and counted again
                os.utime(path)  # still in use: `prune` leaves it
        return content

    def put(self, key: str, partial: Partial) -> None:
        """Keep a part's profile. Raises InputError where the folder cannot be written to."""
        self.keep(key, partial.to_bytes())

    def keep(self, key: str, content: bytes) -> None:
        """Keep any content by its key. Raises InputError where the folder cannot be written to, or is gone."""
        if not self.folder.is_dir():  # the command was stopped and took its temporary folder away
            raise InputError(f"{self.folder}: the cache is gone: run this again")
        path = self._path(key)
        write_whole(path, MAGIC + bytes.fromhex(key) + sha256(content).digest() + content)
        with suppress(OSError):  # a file system without modes has nothing to set
            path.chmod(0o600)  # as confidential as the data: it holds a sample of their rows

    def remove(self, key: str) -> None:
        """Take an entry away, if it is there."""
        with suppress(OSError):  # gone already, or a folder that is not ours: it is never read as another key's
            self._path(key).unlink()

    def prune(self, now: float | None = None) -> int:
        """Remove the entries that nobody used for `KEPT_DAYS`; how many."""
        before = (time.time() if now is None else now) - KEPT_DAYS * SECONDS_A_DAY
        removed = 0
        for path in self.folder.glob("??/*.part"):
            with suppress(OSError):  # another process was faster, or the file is not ours
                if path.stat().st_mtime < before:
                    path.unlink()
                    removed += 1
        return removed

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.part"
