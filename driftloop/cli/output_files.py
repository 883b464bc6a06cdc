"""Where a command writes: refused before any work where that cannot be, by the file's ending or its place."""

from __future__ import annotations

import os
from pathlib import Path

from driftloop.errors import InputError

REPORTS = (".html", ".htm", ".md", ".markdown", ".json")
PICTURES = (".svg",)


def hold_output(output: Path, *inputs: Path | str, endings: tuple[str, ...] = ()) -> None:
    """Raises InputError where `output` cannot be written, or would replace a file that is read.

    Parameters
    ----------
    output : the file.
    inputs : what the command reads.
    endings : those that name what is written. None at all is left to the user, as in GitHub's step summary.
    """
    for path in inputs:
        if isinstance(path, Path) and path.exists() and output.exists() and path.samefile(output):
            raise InputError(f"{output}: is read by this command: write to another file")
    ending = output.suffix.lower()
    if endings and ending and ending not in endings and not _is_summary(output):
        raise InputError(f"{output}: {ending} is not what is written: end it with {_or(endings)}")
    if output.is_dir():
        raise InputError(f"{output}: cannot be written (it is a folder): name a file")
    above = next(each for each in output.absolute().parents if os.path.lexists(each))
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise InputError(
            f"{output}: cannot be written ({above} is no folder that may be written to): name another place"
        )


def _is_summary(output: Path) -> bool:
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(summary) and Path(summary or "") == output


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
