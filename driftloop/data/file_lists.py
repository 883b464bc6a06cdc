"""Which files a path, a folder or a pattern stands for, and which lie there but are no data."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path

from driftloop.data.readers import ENDINGS, is_data_file
from driftloop.errors import InputError

NAMED = 5
"""Skipped files that a note names; the rest is counted."""


@dataclass(frozen=True)
class FileList:
    """Data files in the order of their names, and the names of what was left out."""

    files: tuple[Path, ...]
    skipped: tuple[str, ...] = ()

    def note(self, source: str | Path) -> str | None:
        """What is said of the files that were left out; None where all were read."""
        if not self.skipped:
            return None
        more = f" and {len(self.skipped) - NAMED} more" if len(self.skipped) > NAMED else ""
        return f"{source}: skipped, because their names end in none of {', '.join(ENDINGS)}: " + (
            ", ".join(self.skipped[:NAMED]) + more
        )


def data_files(source: str | Path) -> FileList:
    """The files of a path, of a folder with all its folders, or of a pattern with `*`, `?` or `**`.

    In a folder, names that begin with `.` or `_` are other programs' marks and are passed over. A path that is there,
    or that is no pattern, stands for itself, whatever its name. Raises InputError when nothing is found.
    """
    path = Path(source)
    if path.is_dir():
        return _list(source, _below(path), "no data files in it")
    if _is_pattern(path):
        matches = [Path(name) for name in glob.glob(str(path), recursive=True)]  # noqa: PTH207 (Path has no absolute patterns)
        below = [file for match in matches for file in (_below(match) if match.is_dir() else [match])]
        return _list(source, below, "no data file matches")
    return FileList((path,))


def windows(source: str | Path) -> FileList:
    """The windows of a folder or pattern in name order: each data file, and each folder that holds some, is one.

    Raises InputError when nothing is found.
    """
    path = Path(source)
    if path.is_dir():
        found = list(path.iterdir())
    elif _is_pattern(path):
        found = [Path(name) for name in glob.glob(str(path), recursive=True)]  # noqa: PTH207
    else:
        raise InputError(
            f"{source}: not a folder: give one with a file for each window, or a pattern like 'weeks/*.csv'"
        )
    kept = [one for one in found if not _is_mark(one)]
    data = [one for one in kept if (any(map(_is_data, _below(one))) if one.is_dir() else _is_data(one))]
    if not data:
        raise InputError(f"{source}: no data files in it: expected names that end in {', '.join(ENDINGS)}")
    return FileList(tuple(sorted(data)), tuple(sorted(one.name for one in kept if one not in data)))


def _list(source: str | Path, found: list[Path], nothing: str) -> FileList:
    files = [file for file in found if _is_data(file)]
    if not files:
        raise InputError(f"{source}: {nothing}: expected names that end in {', '.join(ENDINGS)}")
    return FileList(tuple(sorted(files)), tuple(sorted(file.name for file in found if not _is_data(file))))


def _below(folder: Path) -> list[Path]:
    inside = [path for path in folder.rglob("*") if not path.is_dir()]
    return [path for path in inside if not any(map(_is_mark, [path, *_folders(path, folder)]))]


def _folders(path: Path, top: Path) -> list[Path]:
    return [parent for parent in path.parents if parent != top and top in parent.parents]


def _is_mark(path: Path) -> bool:
    return path.name.startswith((".", "_"))


def _is_data(path: Path) -> bool:
    return is_data_file(path.name)


def _is_pattern(path: Path) -> bool:
    return glob.has_magic(str(path)) and not path.exists()
