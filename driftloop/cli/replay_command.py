"""`driftloop replay`: a folder of windows, one after the other, as the timer would have seen them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from driftloop.cli.imports import imports_are_done
from driftloop.cli.options import (
    FAILED,
    Columns,
    column_options,
    columns_of,
    fail_on_option,
    language_option,
    printed_once,
    quiet_option,
    reference_option,
    report_option,
)
from driftloop.cli.output import say
from driftloop.cli.paths import PATH, REPORTS, hold_output
from driftloop.errors import InputError

if TYPE_CHECKING:
    from driftloop.replay import Line
    from driftloop.report.context import ReportContext
    from driftloop.report.words.language import Words
    from driftloop.verdict import Check

NAMED = 3
"""Skipped files that a note names; the rest is counted."""
WIDTHS, RIGHT = (20, 9, 12, 16), (False, True, False, True)
"""Cells of window, rows, verdict and evidence: 61 with the gaps, and all of them fit into 80."""
LEAST_ROOM = 30
"""Cells beside them that a sentence needs: with fewer it gets lines of its own."""
LARGEST_P_NAMED = 0.1
"""p up to which a stable window's strongest feature is named: above it any feature may be the strongest."""


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
@report_option
@fail_on_option
@language_option
@quiet_option
def replay(
    *,
    reference: Path | str,
    windows: Path,
    as_json: bool,
    reports: tuple[Path, ...],
    fail_on: frozenset[str],
    language: str | None,
    quiet: bool,
    **options: Any,
) -> int:
    """Check the windows of a folder in name order, as the timer would, with evidence that accumulates.

    \b
    Examples:
      driftloop replay --reference trained_on.parquet --windows weeks/
      driftloop replay --reference baseline.parquet --windows 'weeks/2026-*.csv' --json
      driftloop replay --reference trained_on.parquet --windows weeks/ --report last_week.html
    """
    columns = columns_of(options)
    printed_once(quiet=quiet, as_json=as_json)
    for report in reports:
        hold_output(report, reference, endings=REPORTS)
    from driftloop.cli.progress import StatusLine
    from driftloop.data.readers.progress import observed
    from driftloop.replay import baseline_for, find_windows
    from driftloop.replay import replay as replay_windows
    from driftloop.report.words.cells import line_width
    from driftloop.report.words.language import Words, choose_language

    imports_are_done()
    settings, policy = columns.settings_for(reference)
    files, skipped = find_windows(windows)
    status = StatusLine(quiet=quiet or as_json)
    with observed(status.observer):
        read = baseline_for(reference, files, settings)
    status.clear()
    told = (*read.notes, *_skipped(windows, skipped))
    table = None if as_json or quiet else _Table(Words(choose_language(language)), policy.evidence_level, line_width())
    results: deque[Check] = deque(maxlen=1)  # the last; each holds its window
    labels, reading = read.baseline_labels, settings.reading
    replaying = replay_windows(read.baseline, files, policy, reading=reading, labels=labels, on_result=results.append)
    progress = StatusLine(quiet=quiet or as_json)
    replayed = _Replayed()
    for number, line in enumerate(_shown(replaying, table, told, as_json=as_json, before=progress.clear)):
        replayed.add(line, results[-1] if results else None)
        progress.windows(number + 1, len(files))
    progress.clear()
    if table is not None:
        for note in told:
            say("\n".join(table.note(note)))
    _write(reports, replayed.check, _context(columns, reference, replayed.window, replayed.lines), language)
    return FAILED if fail_on & {line.verdict for line in replayed.lines} else 0


def _shown(
    lines: Iterable[Line],
    table: _Table | None,
    told: tuple[str, ...],
    *,
    as_json: bool,
    before: Callable[[], None],
) -> Iterator[Line]:
    """The same lines, each printed as it comes: as JSON, as a row of the table, or not at all."""
    if table is not None:
        table.header()
    for number, line in enumerate(lines):
        before()
        if as_json:
            say(_json(replace(line, notes=(*told, *line.notes)) if number == 0 else line))
        elif table is not None:
            table.show(line)
        yield line


@dataclass
class _Replayed:
    """The lines so far, and the newest check with the name of its window."""

    lines: list[Line] = field(default_factory=list)
    check: Check | None = None
    window: str = ""

    def add(self, line: Line, newest: Check | None) -> None:
        """A line, and the newest check: an earlier window's where this one could not be read."""
        self.lines.append(line)
        if newest is not None and newest is not self.check:
            self.check, self.window = newest, line.window


def _skipped(windows: Path, names: Sequence[str]) -> tuple[str, ...]:
    """A note of what is no data, where something is."""
    return (f"{windows}: skipped what is no data: {', '.join(names[:NAMED])}{_more(len(names))}",) if names else ()


def _write(reports: Sequence[Path], reported: Check | None, context: ReportContext, language: str | None) -> None:
    from driftloop.report.writing import write_report

    for report in reports:
        if reported is None:
            raise InputError(f"{report}: no window could be read, so there is no check to report")
        write_report(report, reported, context, language)


def _context(columns: Columns, reference: Path | str, window: str, lines: Sequence[Line]) -> ReportContext:
    """Of the last check, with the course of all."""
    from driftloop.report.context import PastCheck, ReportContext, VerdictName

    history = []
    for line in lines:
        known = line.verdict in ("stable", "drift")
        history.append(PastCheck(line.window, cast(VerdictName, line.verdict), line.p if known else None))
    return ReportContext(model=columns.model, baseline_name=str(reference), window_name=window, history=tuple(history))


def _more(count: int) -> str:
    return f" and {count - NAMED} more" if count > NAMED else ""


def _json(line: Line) -> str:
    import msgspec

    return msgspec.json.encode(line.to_dict()).decode()


class _Table:
    """Prints a line a window: what stands out beside it where there is room, below it where there is not."""

    def __init__(self, words: Words, alarm: float, width: int) -> None:
        self.words, self.alarm = words, alarm
        self.room = width - sum(WIDTHS) - 2 * len(WIDTHS)
        self.width = width

    def header(self) -> None:
        """The alarm line, and the names of the columns."""
        from driftloop.report.words.cells import indented

        words = self.words
        for line in indented(words("replay.alarm", alarm=words.rarity(self.alarm)), "", self.width):
            say(line)
        names = [words(f"replay.{name}") for name in ("window", "rows", "verdict", "evidence")]
        say(self._row(names, words("replay.stands-out") if self.room >= LEAST_ROOM else ""))

    def show(self, line: Line) -> None:
        """A check."""
        from driftloop.report.words.cells import indented, wrapped
        from driftloop.report.words.plain_text import visible

        what = visible(self._stands_out(line))
        judged = line.verdict not in ("incident", "insufficient")
        rarity = self.words.short_rarity(line.p) if judged else "–"
        cells = [visible(line.window), f"{line.rows:,}", self.words.known("verdict", line.verdict), rarity]
        beside = wrapped(what, self.room) if self.room >= LEAST_ROOM else [""]
        say(self._row(cells, beside[0], line.verdict))
        if self.room < LEAST_ROOM and what:
            for text in indented(what, "    ", self.width):
                say(text)
        for text in beside[1:]:
            say(" " * (self.width - self.room) + text)
        if line.size_note:
            for text in indented(visible(self.words.sentence(line.size_note).text), "    ", self.width):
                say(text)

    def note(self, note: str) -> list[str]:
        """A note below the table."""
        from driftloop.report.words.cells import indented
        from driftloop.report.words.plain_text import visible

        return indented(visible(self.words.sentence(note).text), "", self.width)

    def _row(self, cells: list[str], what: str, verdict: str = "") -> str:
        from driftloop.report.terminal import coloured
        from driftloop.report.words.cells import padded

        set_out = [padded(cell, width, right=right) for cell, width, right in zip(cells, WIDTHS, RIGHT, strict=True)]
        if verdict:
            set_out[2] = coloured(set_out[2], verdict)
        return "  ".join([*set_out, what]).rstrip()

    def _stands_out(self, line: Line) -> str:
        words = self.words
        if line.verdict in ("incident", "insufficient"):
            return words.sentence(line.reasons[0]).text
        if line.feature is None or not (line.drift or line.p <= LARGEST_P_NAMED):
            return ""
        if not line.drift:
            return line.feature
        key = "replay.one" if line.stretch == 1 else "replay.more"
        what = words(key, feature=line.feature, windows=line.stretch)
        return words("replay.retrain" if line.retrain else "replay.open", what=what)
