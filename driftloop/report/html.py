"""A check as one HTML page that needs nothing else, and what a notebook shows of checks and of their history."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from driftloop.coverage import by_reason
from driftloop.report.evidence_chart import Point, evidence_chart
from driftloop.report.svg import picture
from driftloop.sequential.evidence import certainty_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Template

    from driftloop.profile.window import Baseline, Window
    from driftloop.report.shown import HistoryLine, Shown

MEANINGS = {
    "stable": "Nothing has moved beyond chance. The model stays in service.",
    "drift": "The population has moved. A retrain is due.",
    "incident": "The feed is broken. Nothing should be learnt from these records until it is repaired.",
    "insufficient": "Too few records to say anything.",
}


def render(check: Shown, baseline: Baseline, window: Window) -> str:
    """The page as text. Every value from the data is escaped; no script, no request to anywhere."""
    return _template("report.html.j2").render(
        check=check,
        meaning=MEANINGS[check.verdict.value],
        features=_features(check, baseline, window),
        left_out=by_reason(check.columns_not_compared),
    )


def render_fragment(check: Shown) -> str:
    """The result as a piece of HTML without pictures, for a notebook's cell. Every value is escaped."""
    return _template("notebook.html.j2").render(
        check=check, meaning=MEANINGS[check.verdict.value], left_out=by_reason(check.columns_not_compared)
    )


def render_history(rows: Sequence[HistoryLine], earlier: int = 0) -> str:
    """A table with a row for each check, for a notebook's cell. Every value is escaped."""
    return _template("history.html.j2").render(rows=rows, earlier=earlier, sure=certainty_text)


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


@cache
def _template(name: str) -> Template:
    """Compiled once: that takes longer than a check."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("driftloop.report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _features(check: Shown, baseline: Baseline, window: Window) -> list[dict[str, Any]]:
    """Rows with their pictures, the surest change first."""
    from markupsafe import Markup

    columns = {column.name: column for column in baseline.schema.features}
    rows = sorted(check.features, key=lambda row: (not row.drift, 2.0 if row.p_value is None else row.p_value))
    return [
        {
            "row": row,
            # Markup: picture() escapes what it takes from the data.
            "picture": Markup(  # noqa: S704
                picture(columns[row.name], baseline.profile.columns[row.name], window.profile.columns[row.name])
            ),
        }
        for row in rows
    ]
