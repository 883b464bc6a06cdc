"""Files in Azure storage by URL, through Arrow's own file system: no Azure package is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import translate
from glob import has_magic
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from driftloop.errors import InputError

SCHEMES = ("abfs", "abfss")
NEEDED = (
    "abfs:// needs a pyarrow with Azure support, as the wheels of Linux and macOS have: install one, or copy the files"
)
SIGN_IN = "is the URL right (abfs://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH), and are you signed in (az login)?"


@dataclass(frozen=True)
class RemoteFile:
    """A file below a URL."""

    url: str
    below: str
    """Its path below the folder that was asked for."""
    size: int
    changed: int
    """Nanoseconds since 1970."""
    is_named: bool = False
    """Whether the URL names this very file."""


def is_remote(path: str) -> bool:
    """Whether a source is a URL of a storage that can be read."""
    return path.partition("://")[0] in SCHEMES and "://" in path


def list_remote(url: str) -> list[RemoteFile]:
    """The files of a URL in name order: a file, a folder and all below it, or a pattern in its path.

    Raises
    ------
    InputError
        Where there is none, or the storage does not answer.
    """
    from pyarrow import fs

    parts = urlsplit(url)
    before, magic, pattern = _apart(parts.path)
    base = parts._replace(path=before).geturl()
    system, path = filesystem_of(base)
    try:
        info = system.get_file_info(path)
        if info.type == fs.FileType.NotFound:
            raise InputError(f"{shown(url)}: no such file or folder")
        if info.type == fs.FileType.File:
            return [_file(parts, before, info, PurePosixPath(path).name, is_named=True)]
        found = system.get_file_info(fs.FileSelector(path, recursive=True))
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{shown(url)}: cannot be listed ({_reason(error)}): {SIGN_IN}") from None
    matches = re.compile(translate(pattern).replace(".*", "[^/]*")) if magic else None
    files = []
    for each in found:
        below = each.path.removeprefix(path.rstrip("/")).lstrip("/")
        if each.type == fs.FileType.File and (matches is None or matches.match(below)):
            files.append(_file(parts, before, each, below))
    if magic and not files:
        raise InputError(f"{shown(url)}: no file matches")
    return sorted(files, key=lambda file: file.url)


def filesystem_of(url: str) -> tuple[Any, str]:
    """Arrow's file system for a URL, and the path in it. Raises InputError."""
    from pyarrow import fs

    if not hasattr(fs, "AzureFileSystem"):
        raise InputError(f"{shown(url)}: {NEEDED}")
    try:
        found: tuple[Any, str] = fs.FileSystem.from_uri(url)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{shown(url)}: cannot be opened ({_reason(error)}): {SIGN_IN}") from None
    return found


@contextmanager
def opened_remote(url: str) -> Iterator[Any]:
    """A file of the storage, open for reading anywhere in it. Raises InputError."""
    system, path = filesystem_of(url)
    try:
        with system.open_input_file(path) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{shown(url)}: cannot be read ({_reason(error)}): {SIGN_IN}") from None


def shown(url: str) -> str:
    """A URL as people may see it: without a password or a query."""
    parts = urlsplit(url)
    host = re.sub(r":[^@]*@", "@", parts.netloc)
    return f"{parts.scheme}://{host}{parts.path}"


def _apart(path: str) -> tuple[str, bool, str]:
    """A path before its first pattern, whether it has one, and the pattern."""
    names = path.split("/")
    first = next((number for number, name in enumerate(names) if has_magic(name)), None)
    if first is None:
        return path, False, ""
    return "/".join(names[:first]), True, "/".join(names[first:])


def _file(parts: Any, before: str, info: Any, below: str, *, is_named: bool = False) -> RemoteFile:
    path = before if is_named else f"{before.rstrip('/')}/{below}"
    changed = info.mtime_ns or 0
    return RemoteFile(parts._replace(path=path).geturl(), below, int(info.size), int(changed), is_named)


def _reason(error: Exception) -> str:
    """The first line of what Arrow says, without a URL's signature."""
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return re.sub(r"\?\S*", "", first)[:160]
