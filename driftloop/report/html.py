"""A check as one HTML page that needs nothing else: verdict, reasons, and a picture of each column."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from driftloop.coverage import by_reason
from driftloop.report.svg import picture

if TYPE_CHECKING:
    from jinja2 import Template

    from driftloop.profile.window import Baseline, Window
    from driftloop.report.shown import Shown

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
