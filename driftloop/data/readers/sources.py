"""What a source consists of: one file, an open file, a folder (as Spark writes it), or the files of a pattern."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from glob import glob, has_magic
from pathlib import Path
from typing import IO, TypeGuard
from urllib.parse import unquote

from driftloop.data.readers.file_formats import EXPECTED, HIDDEN, format_of, is_data_file
from driftloop.data.readers.remote import is_remote, list_remote, shown
from driftloop.data.reading import ReadNotes
from driftloop.errors import InputError
from driftloop.validation import with_article

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
Paths = str | Path | list[str | Path] | tuple[str | Path, ...]
Source = Paths | IO[bytes]
"""What a caller may name or hold; several paths are one table."""
LONGEST_SHOWN = 300
"""Characters of a path that an error shows: more than most systems' longest name, and few lines of a terminal."""
MOST_FILES = 100_000
"""Files of a folder: more are a mistake, such as the root of a disk."""


@dataclass(frozen=True)
class Part:
    """One file of a source."""

    name: str
    """As errors show it."""
    content: str | IO[bytes]
    """A path, or the open file."""
    format: str
    compression: str | None = None
    constants: dict[str, str | None] = field(default_factory=dict)
    """Columns that the names of its folders give: day=2026-11-01."""
    is_one_of_many: bool = False
    """Whether other files belong to the same table: an empty one is no error then."""
    row_groups: tuple[int, int] | None = None
    """Of a Parquet file the first that is read and the one behind the last; None: all."""
    stamp: tuple[int, int] | None = None
    """Of a URL, as it was listed: size, and time of change in nanoseconds since 1970."""

    @property
    def is_remote(self) -> bool:
        """Whether the content is a URL."""
        return isinstance(self.content, str) and is_remote(self.content)


def list_windows(folder: str | Path) -> tuple[list[Path], list[str]]:
    """The sources in a folder, in name order, and the names of what is no data: for a replay.

    A source is a data file, or a folder that holds data files (a table as Spark writes it).
    """
    found: list[Path] = []
    skipped: list[str] = []
    for path in sorted(
        Path(folder).iterdir(), key=lambda path: path.name
    ):  # paths by themselves: case counts not everywhere
        is_data = path.is_dir() and any(_data_files(path)) if path.is_dir() else is_data_file(path.name)
        if is_data and not path.name.startswith(HIDDEN):
            found.append(path)
        elif not path.name.startswith(HIDDEN):
            skipped.append(path.name)
    return found, skipped


def is_path(source: object) -> TypeGuard[Paths]:
    """Whether a source names files: a path, a URL or a pattern, or several of them.

    Examples
    --------
    >>> is_path("a.csv"), is_path(["a.csv", Path("b.csv")]), is_path([1.0])
    (True, True, False)
    """
    several = isinstance(source, list | tuple) and bool(source) and all(isinstance(each, str | Path) for each in source)
    return several or isinstance(source, str | Path)


def source_name(source: object) -> str:
    """A source as errors and notes call it.

    Examples
    --------
    >>> source_name("a.csv"), source_name(("a.csv", "b.csv", "c.csv"))
    ('a.csv', 'a.csv and 2 more')
    """
    if isinstance(source, list | tuple) and source:
        return source_name(source[0]) + (f" and {len(source) - 1} more" if len(source) > 1 else "")
    path = str(source)
    return shown(path) if is_remote(path) else _on_one_line(path)


def find_parts(source: Source, format: str | None, notes: ReadNotes) -> list[Part]:
    """The files of a source, in name order; of several sources in the order in which they are given.

    Raises
    ------
    InputError
        When there is none, or one is neither a file nor a folder.
    """
    if isinstance(source, list | tuple):
        parts = [part for each in source for part in find_parts(each, format, notes)]
        return [_one_of_many(part) for part in parts] if len(parts) > 1 else parts
    if not isinstance(source, str | Path):
        if not hasattr(source, "read"):
            raise InputError(f"{with_article(source)} was given: pass a path, or a file that is open for bytes")
        name = str(format or getattr(source, "name", ""))
        return [Part(name, source, *format_of(name))]
    path = str(source)
    if not path:
        raise InputError("the path is empty: name a file, a folder or a pattern")
    if "\0" in path:
        raise InputError("a path must not hold a NUL character")
    if is_remote(path):
        return _of_remote(path, format, notes)
    if has_magic(path) and not os.path.lexists(path):
        return _of_pattern(path, format, notes)
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except FileNotFoundError:
        raise InputError(f"{_on_one_line(path)}: no such file") from None
    except OSError as error:
        raise InputError(f"{_on_one_line(path)}: cannot be read ({error.strerror})") from None
    if stat.S_ISDIR(mode):
        return _of_folder(Path(path), format, notes)
    if not stat.S_ISREG(mode):
        raise InputError(f"{path}: is no regular file (a pipe or a device): write its content to a file first")
    return [Part(path, path, *format_of(format or path))]


def _on_one_line(path: str) -> str:
    """A path as an error shows it: also where the text of a file was given in place of its name."""
    shown_path = path if path.isprintable() else repr(path)[1:-1]
    return shown_path if len(shown_path) <= LONGEST_SHOWN else f"{shown_path[:LONGEST_SHOWN]}..."


def _of_pattern(pattern: str, format: str | None, notes: ReadNotes) -> list[Part]:
    ending = Path(pattern).suffix
    is_named = bool(ending) and not has_magic(ending)  # the pattern itself says what its files are
    paths: list[str] = []
    skipped: list[str] = []
    for path in sorted(glob(pattern, recursive=True)):  # noqa: PTH207
        (paths if is_named or Path(path).is_dir() or is_data_file(Path(path).name) else skipped).append(path)
    if skipped:
        notes.add(f"{pattern}: skipped what is no data: {_first_names(skipped)}")
    parts = [part for path in paths for part in find_parts(path, format, notes)]
    if not parts:
        raise InputError(f"{pattern}: no file matches")
    return [_one_of_many(part) for part in parts] if len(parts) > 1 else parts


def _of_remote(url: str, format: str | None, notes: ReadNotes) -> list[Part]:
    found, parts, skipped = list_remote(url), [], []
    for each in found:
        folders = tuple(each.below.split("/"))
        if any(name.startswith(HIDDEN) for name in folders[:-1]):
            continue
        if not (len(found) == 1 and each.is_named) and not is_data_file(folders[-1]):
            skipped += [] if folders[-1].startswith(HIDDEN) else [each.url]
            continue
        constants = dict(_constants(folders[:-1]))
        kind, stamp = format_of(format or folders[-1]), (each.size, each.changed)
        parts.append(Part(shown(each.url), each.url, *kind, constants, stamp=stamp))
        if len(parts) > MOST_FILES:
            raise InputError(f"{url}: holds more than {MOST_FILES:,} files; give the folder of one table")
    if skipped:
        notes.add(f"{url}: skipped what is no data: {_first_names(skipped)}")
    if not parts:
        raise InputError(f"{url}: no data files there; {EXPECTED}")
    return [_one_of_many(part) for part in parts] if len(parts) > 1 else parts


def _first_names(paths: list[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(Path(path).name for path in paths[:3]) + more


def _of_folder(folder: Path, format: str | None, notes: ReadNotes) -> list[Part]:
    parts: list[Part] = []
    skipped: list[str] = []
    for path in _data_files(folder, skipped):
        constants = dict(_constants(path.parent.relative_to(folder).parts))
        parts.append(Part(str(path), str(path), *format_of(format or path.name), constants, is_one_of_many=True))
        if len(parts) > MOST_FILES:
            raise InputError(f"{folder}: holds more than {MOST_FILES:,} files; give the folder of one table")
    if skipped:
        notes.add(f"{folder}: skipped what is no data: {_first_names(skipped)}")
    if not parts:
        raise InputError(f"{folder}: no data files in the folder; {EXPECTED}")
    return parts


def _data_files(folder: Path, skipped: list[str] | None = None) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(HIDDEN))
        for name in sorted(files):
            path = Path(where, name)
            if is_data_file(name) and path.is_file():
                yield path
            elif not name.startswith(HIDDEN) and skipped is not None:
                skipped.append(name)


def _constants(folders: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    for folder in folders:
        name, equals, value = folder.partition("=")
        if equals and name:
            yield unquote(name), None if value == NO_VALUE else unquote(value)


def _one_of_many(part: Part) -> Part:
    return replace(part, is_one_of_many=True)
