"""`driftloop replay`: a folder of windows, one after the other, as the timer would have seen them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from driftloop.cli.imports import imports_are_done
from driftloop.cli.options import (
    FAILED,
    PATH,
    column_options,
    columns_of,
    fail_on_option,
    printed_once,
    quiet_option,
    reference_option,
)
from driftloop.cli.output import say

if TYPE_CHECKING:
    from driftloop.replay import Line

NAMED = 3
"""Skipped files that a note names; the rest is counted."""


@click.command(short_help="Check the windows of a folder, one after the other.")
@reference_option
@click.option(
    "--windows",
    required=True,
    type=PATH,
    help="A folder: each file or folder in it is one window. Or a pattern in quotes.",
)
@column_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@fail_on_option
@quiet_option
def replay(
    *, reference: Path, windows: Path, as_json: bool, fail_on: frozenset[str], quiet: bool, **options: Any
) -> int:
    """Check the windows of a folder in name order, as the timer would, with evidence that accumulates.

    \b
    Examples:
      driftloop replay --reference trained_on.parquet --windows weeks/
      driftloop replay --reference baseline.parquet --windows 'weeks/2026-*.csv' --json
    """
    columns = columns_of(options)
    printed_once(quiet=quiet, as_json=as_json)
    from driftloop.data.readers.saved_profile import is_profile
    from driftloop.replay import baseline_for, find_windows
    from driftloop.replay import replay as replayed

    imports_are_done()
    if is_profile(reference):
        settings, policy = columns.for_saved(reference)
    else:
        settings, policy = columns.settings()
    files, skipped = find_windows(windows)
    baseline, told = baseline_for(reference, files, settings)
    if skipped:
        told = (*told, f"{windows}: skipped what is no data: {', '.join(skipped[:NAMED])}{_more(len(skipped))}")
    verdicts = set()
    if not as_json and not quiet:
        say(_row("window", "rows", "verdict", "how sure", "what stands out"))
    for number, line in enumerate(replayed(baseline, files, policy, reading=settings.reading)):
        verdicts.add(line.verdict)
        if as_json:
            say(_json(replace(line, notes=(*told, *line.notes)) if number == 0 else line))
        elif not quiet:
            say(_text(line))
    if not as_json and not quiet:
        for note in told:
            say(note)
    return FAILED if verdicts & fail_on else 0


def _more(count: int) -> str:
    return f" and {count - NAMED} more" if count > NAMED else ""


def _json(line: Line) -> str:
    import msgspec

    return msgspec.json.encode(line.to_dict()).decode()


def _text(line: Line) -> str:
    from driftloop.sequential.evidence import certainty_text

    what = line.reasons[0] if line.verdict in ("incident", "insufficient") else line.feature or ""
    if line.drift:
        what = f"{what}, over {line.stretch} window{'s' if line.stretch > 1 else ''}"
        what += ": retrain" if line.retrain else " (open)"
    return _row(line.window, f"{line.rows:,}", line.verdict, certainty_text(line.p), what)


def _row(window: str, rows: str, verdict: str, sure: str, what: str) -> str:
    return f"{window:<28} {rows:>9} {verdict:<13} {sure:>10}  {what}".rstrip()
