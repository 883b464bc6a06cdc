"""A check as one HTML page that needs nothing else, and what a notebook shows of checks and of their history."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import driftloop
from driftloop.coverage import by_reason
from driftloop.report.charts.evidence import draw_bar, draw_history, draw_mark
from driftloop.report.charts.evidence_chart import Point, evidence_chart
from driftloop.report.context import ModelError, ReportContext
from driftloop.report.environment import environment
from driftloop.report.method import decided
from driftloop.report.order import by_weight
from driftloop.report.sections.impact import view_impact
from driftloop.report.sections.segments import view_segments
from driftloop.report.sections.subgroups import view_subgroups
from driftloop.report.view import build_view, shown_p
from driftloop.report.words.language import Words
from driftloop.wording.number_formats import format_error, format_short_rarity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment, Template

    from driftloop.profile.window import Baseline, Window
    from driftloop.report.shown import HistoryLine, Shown
    from driftloop.subgroups.found import Subgroups

VERDICTS = ("stable", "drift", "incident", "insufficient")
_STARTED = re.compile(r"<!--started-->.*?<!--/started-->", re.DOTALL)


def render(
    check: Shown,
    baseline: Baseline,
    window: Window,
    context: ReportContext | None = None,
    language: str = "en",
    *,
    where: Subgroups | None = None,
) -> str:
    """Return the page as text. Every value from the data is escaped; no script, no request to anywhere.

    Parameters
    ----------
    check : Shown
        The check that the page is about.
    baseline, window : Baseline, Window
        What it compared.
    context : ReportContext, optional
        What the check itself does not know: whose it is, what came before, what was started.
    language : str
        `en` or `ja`.
    where : Subgroups, optional
        The subgroups behind the change, where somebody asked for them.
    """
    context, words = context or ReportContext(), Words(language)
    verdict = check.verdict.value
    view = build_view(check, baseline, window, words)
    drawn = sum(one.picture is not None for one in (*view.moved, *view.calm, *view.predictions))
    used = [name for name in VERDICTS if any(past.verdict == name for past in context.history)]
    return _template("report.html.j2").render(
        check=check,
        verdict=verdict,
        view=view,
        context=context,
        words=words,
        version=driftloop.__version__,
        title=context.title or context.model or words("page.report"),
        sign=draw_mark(verdict),
        bar=None if check.chance is None else draw_bar(check.chance, check.alarm, words),
        course=draw_history(context.history, check.alarm, words),
        signs=[(name, draw_mark(name)) for name in used],
        started=_started(context, words),
        error=None if context.error is None else _error(context.error, words),
        decided=decided(check, words),
        where=None if where is None else view_subgroups(where, baseline.schema, words),
        segments=None if check.segments is None else view_segments(check.segments, words),
        impact=None if check.estimated is None else view_impact(check.estimated, words),
        unassessed=words("page.not-assessed-few" if verdict == "insufficient" else "page.not-assessed"),
        assessed=verdict in ("stable", "drift"),
        drawn=f"{drawn:,}",
        undrawn=drawn < len(check.features),
    )


def with_started(page: str, context: ReportContext) -> str:
    """An English page that was rendered before, with what has been started since, and what came of it.

    Raises ValueError for a page of an earlier version, which has no place for it.
    """
    # A text from data holds no such mark: its angle brackets are escaped.
    if not _STARTED.search(page):
        raise ValueError("this page has no place for what was started: it was written by an earlier version")
    part = _started(context, Words("en"))
    return _STARTED.sub(lambda _: part, page, count=1)


def render_fragment(check: Shown) -> str:
    """The result as a piece of HTML without pictures, for a notebook's cell. Every value is escaped."""
    words = Words("en")
    return _template("notebook.html.j2").render(
        check=check,
        words=words,
        verdict=check.verdict.value,
        rows=[(row, shown_p(row)) for row in sorted(check.features, key=by_weight)],
        left_out=by_reason(check.columns_not_compared),
    )


def render_history(rows: Sequence[HistoryLine], earlier: int = 0) -> str:
    """A table with a row for each check, for a notebook's cell. Every value is escaped."""
    return _template("history.html.j2").render(rows=rows, earlier=earlier, rarity=format_short_rarity)


def render_monitor(state: str, sentence: str, history: Sequence[HistoryLine], shown: int, forgotten: int = 0) -> str:
    """The state of a series of checks for a notebook's cell: evidence against the alarm line, and what was not stable.

    `state`: the newest verdict, or `new`; `shown`: rows of the table at most;
    `forgotten`: checks that are no longer in the history. Every value is escaped.
    """
    from markupsafe import Markup

    notable = [row for number, row in enumerate(history, 1) if row.verdict != "stable" or number == len(history)]
    newest = list(reversed(notable[-shown:]))
    points = [
        Point(row.at, row.verdict, row.p, row.alarm_p, row.epoch, f"{row.at[:16]} {row.verdict} {_outstanding(row)}")
        for row in history
    ]
    return _template("monitor.html.j2").render(
        verdict=state,
        sentence=sentence,
        chart=Markup(evidence_chart(points)),  # noqa: S704 (the chart escapes what it takes from the data)
        table=Markup(render_history(newest, len(history) + forgotten - len(newest))) if newest else "",  # noqa: S704
    )


def _outstanding(row: HistoryLine) -> str:
    return "; ".join(row.incidents) or ", ".join(row.moved) or row.strongest or ""


def _started(context: ReportContext, words: Words) -> str:
    return _template("started.html.j2").render(context=context, words=words).strip()


def _error(error: ModelError, words: Words) -> dict[str, str]:
    key = "error.growth" if error.growth >= 0 else "error.shrunk"
    return {
        "before": format_error(error.before, error.unit, classes=error.classes),
        "after": format_error(error.after, error.unit, classes=error.classes),
        "change": words(key, growth=f"{abs(error.growth):.0%}"),
        "text": words("error.text", rarity=words.rarity(error.p), alarm=words.rarity(error.alarm)),
    }


@cache
def _environment() -> Environment:
    return environment("driftloop.report")


@cache
def _template(name: str) -> Template:
    """Compiled once: that takes longer than a check."""
    return _environment().get_template(name)
