"""A check in a terminal: the verdict, its evidence against the alarm line, the reasons, a row a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click import style

from driftloop.column_results import FeatureRow
from driftloop.coverage import by_reason
from driftloop.report.order import by_weight
from driftloop.report.words.cells import columns, indented, line_width
from driftloop.report.words.language import Words, choose_language
from driftloop.report.words.plain_text import visible
from driftloop.wording.number_formats import BEYOND, format_p, towards_alarm

if TYPE_CHECKING:
    from driftloop.data.schema import Schema
    from driftloop.report.shown import Shown
    from driftloop.segments.segments import Segments
    from driftloop.subgroups.found import Subgroups

COLOURS = {"stable": "green", "drift": "yellow", "incident": "red", "insufficient": "cyan", "degraded": "yellow"}
BAR = 25
"""Cells of a bar; the alarm line is its 20th."""
WITH_KINDS = 60
"""Cells: a narrower line leaves out as what a column was read."""
MOST_REASONS = 12
MOST_COLUMNS = 40
"""Rows of a table: what is not shown has not moved, and comes after what matters more."""


def table(check: Shown, *, width: int | None = None, language: str | None = None) -> str:
    """The verdict, its reasons, a row for each column with the important ones first, and what was not compared.

    `width` in cells, and `language` ("en" or "ja"), are the terminal's unless they are given.
    """
    words, width = Words(choose_language(language)), width or line_width()
    verdict = check.verdict.value
    said = f"{words.known('verdict', verdict)}: {words('short.' + verdict)}"
    first, *more = indented(said, "", width)
    name = words.known("verdict", verdict)
    lines = [style(name, fg=COLOURS[verdict], bold=True) + first.removeprefix(name), *more]
    counts = {"rows": f"{check.rows:,}", "baseline_rows": f"{check.baseline_rows:,}"}
    lines += indented(words("terminal.records", **counts), "", width)
    if check.chance is not None:
        evidence = words("evidence.short", rarity=words.rarity(check.chance), alarm=words.rarity(check.alarm))
        lines += indented(evidence, f"{bar(check.chance, check.alarm)} ", width)
    for reason in check.reasons[:MOST_REASONS]:
        lines += indented(visible(words.sentence(reason).text), "  ", width)
    if len(check.reasons) > MOST_REASONS:
        lines.append("  " + words("terminal.more-reasons", count=len(check.reasons) - MOST_REASONS))
    for note in check.notes:
        lines += [style(part, dim=True) for part in indented(visible(words.sentence(note).text), "  ", width)]
    if check.segments is not None:
        lines += segment_lines(check.segments, words, width)
    lines += _table(check, words, width)
    if check.columns_not_compared:
        left_out = ", ".join(
            f"{', '.join(names)} ({words.known('not-compared', reason)})"
            for reason, names in by_reason(check.columns_not_compared)
        )
        lines += indented(visible(left_out), f"{words('terminal.not-compared')}: ", width)
    return "\n".join(lines)


def subgroup_lines(
    subgroups: Subgroups, schema: Schema, *, width: int | None = None, language: str | None = None
) -> str:
    """The subgroups behind a change, one after the other; `schema` is the baseline's."""
    from driftloop.report.sections.subgroups import view_subgroups

    words, width = Words(choose_language(language)), width or line_width()
    view = view_subgroups(subgroups, schema, words)
    lines = [style(words("subgroups.title"), bold=True)]
    for line in view.lines(words):
        lines += indented(visible(line), "  ", width)
    return "\n".join(lines)


def segment_lines(segments: Segments, words: Words, width: int) -> list[str]:
    """A line for each segment that moved; those with too few records, and the calm ones, are named in a line each."""
    from driftloop.report.sections.segments import view_segments

    view = view_segments(segments, words)
    lines = [style(words("segments.title"), bold=True)]
    for row in view.rows:
        if row.verdict == "drift":
            said = ": ".join(part for part in (row.stand, row.moved) if part)
            p = f" (p {row.p})" if row.p.startswith("<") else f" (p = {row.p})" if row.p else ""
            lines += indented(visible(f"{row.name}: {said}{p}, {row.records}"), "  ", width)
    for verdict in ("insufficient", "stable"):
        if named := ", ".join(row.name for row in view.rows if row.verdict == verdict):
            lines += indented(visible(f"{words.known('verdict', verdict)}: {named}"), "  ", width)
    if view.not_judged:
        lines += indented(view.not_judged, "  ", width)
    return lines


def coloured(text: str, verdict: str) -> str:
    """A text in the verdict's colour."""
    return style(text, fg=COLOURS[verdict], bold=verdict != "stable")


def bar(p: float, alarm: float) -> str:
    """How far evidence has come towards its alarm line, which is the upright stroke.

    >>> bar(0.5, 0.05), bar(0.001, 0.05)
    ('[#####               |    ]', '[####################|####]')
    """
    line = round(BAR / BEYOND)
    reached = round(towards_alarm(p, alarm) / BEYOND * BAR)
    if p > alarm:
        reached = min(reached, line - 1)
    cells = ["#" if number < reached else " " for number in range(BAR)]
    # The stroke stands between the last cell before the line and the first beyond it.
    return f"[{''.join(cells[:line])}|{''.join(cells[line + 1 :])}]"


def _table(check: Shown, words: Words, width: int) -> list[str]:
    rows = sorted(check.features, key=by_weight)
    shown = rows[:MOST_COLUMNS]
    titles = [words(f"table.{name}") for name in ("column", "kind", "change", "p")]
    cells = [titles, *(_cells(row, words) for row in shown)]
    if width < WITH_KINDS:
        cells = [[name, change, p] for name, _, change, p in cells]
    set_out = columns(cells, width, right=(len(cells[0]) - 1,), flexible=len(cells[0]) - 2)
    bold = [True, *(row.drift for row in shown)]
    lines = [
        style(line, bold=True) if strong else line for row, strong in zip(set_out, bold, strict=True) for line in row
    ]
    if len(rows) > MOST_COLUMNS:
        lines.append(words("terminal.more-columns", count=f"{len(rows) - MOST_COLUMNS:,}"))
    return lines


def _cells(row: FeatureRow, words: Words) -> list[str]:
    p = "" if row.p_value is None else format_p(row.p_value)
    return [visible(row.name), words.known("kind", row.kind), visible(words.sentence(row.effect_text).text), p]
