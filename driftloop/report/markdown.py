"""A check as Markdown, for a pull request or GitHub's step summary; what comes from data is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from driftloop.column_results import FeatureRow
from driftloop.coverage import by_reason
from driftloop.report.context import ReportContext, Started
from driftloop.report.method import decided
from driftloop.report.order import by_weight
from driftloop.report.sections.impact import view_impact, without_impact
from driftloop.report.sections.segments import view_segments
from driftloop.report.sections.subgroups import view_subgroups
from driftloop.report.terminal import bar
from driftloop.report.words.language import Sentence, Words
from driftloop.report.words.links import is_link
from driftloop.report.words.plain_text import markdown, visible

if TYPE_CHECKING:
    from driftloop.report.shown import Shown
    from driftloop.subgroups.found import Subgroups

SIGNS = {"stable": "🟢", "drift": "🔶", "incident": "❌", "insufficient": "➖"}
"""Each its own shape, beside the word."""
MOST_ROWS = 50
"""Of a table: a summary is skimmed; the JSON holds all."""
MOST_REASONS = 12
HEAVIEST = 60_000
"""Characters: GitHub takes comments of 65,536."""


def render_markdown(
    check: Shown, context: ReportContext | None = None, language: str = "en", *, where: Subgroups | None = None
) -> str:
    """The check as Markdown: verdict, evidence, what was started, reasons, columns, and how it was decided.

    `where`: the subgroups behind the change, where somebody asked for them.
    """
    context, words = context or ReportContext(), Words(language)
    parts = [
        *_top(check, context, words),
        *_listed(words("started.title"), [_started(step, words) for step in context.started]),
        *_listed(words("page.why"), _reasons(check, words)),
        *_where(check, where, words),
        *_segments(check, words),
        *_impact(check, words),
        *_columns(check, words, MOST_ROWS),
        *_left_out(check, words),
        *_method(check, words),
    ]
    text = "\n\n".join(parts) + "\n"
    if len(text) > HEAVIEST:
        # Names may be of any length; without the columns the page is short.
        parts = [*_top(check, context, words), *_columns(check, words, 0), *_method(check, words)]
        text = "\n\n".join(part[: HEAVIEST // len(parts)] for part in parts) + "\n"
    return text


def _top(check: Shown, context: ReportContext, words: Words) -> list[str]:
    verdict = check.verdict.value
    name = context.title or context.model or words("page.report")
    facts = [words("terminal.records", rows=f"{check.rows:,}", baseline_rows=f"{check.baseline_rows:,}")]
    if context.window_name:
        facts.append(f"{words('page.window')}: {markdown(context.window_name)}")
    if context.baseline_name:
        facts.append(f"{words('page.baseline')}: {markdown(context.baseline_name)}")
    if check.first_time and check.last_time:
        span = words("page.from-to", first=_minute(check.first_time), last=_minute(check.last_time))
        facts.append(f"{words('page.recorded')}: {span}")
    if context.made_at:
        facts.append(f"{words('page.checked')}: {_minute(context.made_at)}")
    parts = [
        f"## {SIGNS[verdict]} {markdown(name)}: {words('verdict.' + verdict)}",
        f"**{words('headline.' + verdict)}**",
        "\n".join(f"- {fact}" for fact in facts),
    ]
    if check.chance is not None:
        said = words("evidence.text", rarity=words.rarity(check.chance), alarm=words.rarity(check.alarm))
        parts.append(f"`{bar(check.chance, check.alarm)}` {said}")
    return parts


def _started(step: Started, words: Words) -> str:
    text = markdown(step.text)
    shown = f"[{text}](<{step.url}>)" if is_link(step.url) else text
    return f"{markdown(words.known('started', step.kind))}: {shown}"


def _reasons(check: Shown, words: Words) -> list[str]:
    sentences = (*check.reasons[:MOST_REASONS], *without_impact(check)[:MOST_REASONS])
    said = [_sentence(words.sentence(sentence)) for sentence in sentences]
    more = len(check.reasons) - MOST_REASONS
    return [*said, words("page.more", count=f"{more:,}")] if more > 0 else said


def _where(check: Shown, where: Subgroups | None, words: Words) -> list[str]:
    if where is None or check.baseline is None:
        return []
    view = view_subgroups(where, check.baseline.schema, words)
    return _listed(words("subgroups.title"), [markdown(line) for line in view.lines(words)])


def _segments(check: Shown, words: Words) -> list[str]:
    if check.segments is None or not check.segments.found:
        return []
    view = view_segments(check.segments, words)
    rows = []
    for row in view.rows[:MOST_ROWS]:
        name = f"**{markdown(row.name)}**" if row.verdict == "drift" else markdown(row.name)
        rows.append([name, row.stand, markdown(row.moved), row.records, markdown(row.p)])
    parts = [f"### {words('segments.title')}", view.lead, _table(view.titles(words), rows)]
    return [*parts, view.not_judged] if view.not_judged else parts


def _impact(check: Shown, words: Words) -> list[str]:
    if check.estimated is None:
        return []
    lines = view_impact(check.estimated, words).lines()
    return _listed(words("impact.title"), [markdown(line) for line in lines])


def _columns(check: Shown, words: Words, most: int) -> list[str]:
    rows = sorted(check.features, key=by_weight)
    shown = rows[:most]
    parts = []
    if shown:
        titles = [words(f"table.{name}") for name in ("column", "kind", "change", "p")]
        parts.append(_table(titles, [_cells(row, words) for row in shown]))
    if len(rows) > len(shown):
        parts.append(words("terminal.more-columns", count=f"{len(rows) - len(shown):,}"))
    return parts


def _cells(row: FeatureRow, words: Words) -> list[str]:
    from driftloop.report.view import shown_p

    name = markdown(row.name)
    change = _sentence(words.sentence(row.effect_text))
    return [f"**{name}**" if row.drift else name, words.known("kind", row.kind), change, markdown(shown_p(row))]


def _left_out(check: Shown, words: Words) -> list[str]:
    found = by_reason(check.columns_not_compared)
    lines = [
        f"{words.known('not-compared', reason)}: {', '.join(markdown(name) for name in names[:MOST_ROWS])}"
        f"{'' if len(names) <= MOST_ROWS else ', …'}"
        for reason, names in found
    ]
    return _listed(words("quality.not-compared"), lines)


def _method(check: Shown, words: Words) -> list[str]:
    rows = [[markdown(name), markdown(value)] for name, value in decided(check, words)]
    table = _table(["", ""], rows)
    return [f"<details><summary>{words('method.title')}</summary>", table, "</details>"]


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    return [f"### {title}", "\n".join(f"- {line}" for line in lines)] if lines else []


def _table(titles: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    titles = list(titles)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _sentence(said: Sentence) -> str:
    return markdown(said.text)


def _minute(moment: str) -> str:
    return visible(moment[:16].replace("T", " "))
