"""A report in the format that its file's name asks for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from driftloop.files.written import write_whole

if TYPE_CHECKING:
    from driftloop.report.context import ReportContext
    from driftloop.report.result import Result
    from driftloop.subgroups.found import Subgroups


def write_report(
    path: Path,
    result: Result,
    context: ReportContext,
    language: str | None = None,
    *,
    where: Subgroups | None = None,
) -> None:
    """Write Markdown (.md), JSON (.json), otherwise HTML.

    GitHub's step summary is Markdown too; it is added to what other commands of the step wrote there.

    Parameters
    ----------
    path : Path
        Its ending chooses the format.
    result : Result
        The check with both sides.
    context : ReportContext
        What the check itself does not know.
    language : str, optional
        `en` or `ja`; that of the environment unless given.
    where : Subgroups, optional
        The subgroups behind the change, where somebody asked for them.

    Raises
    ------
    InputError
        When the file cannot be written.
    ConfigError
        For an unknown language.
    """
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and Path(summary) == path:
        before = path.read_bytes() if path.is_file() else b""
        write_whole(path, before + result.to_markdown(context=context, language=language, where=where).encode())
    elif path.suffix.lower() in (".md", ".markdown"):
        write_whole(path, result.to_markdown(context=context, language=language, where=where).encode())
    elif path.suffix.lower() == ".json":
        write_whole(path, result.to_json(where=where).encode() + b"\n")
    else:
        result.to_html(path, context=context, language=language, where=where)
