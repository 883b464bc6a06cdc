"""Page data as HTML: one style sheet and one script, both inside the page and named by their hashes."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import driftloop
from driftloop.report.charts.evidence import draw_mark
from driftloop.report.environment import environment
from driftloop.times import parse_time

if TYPE_CHECKING:
    from jinja2 import Environment

    from driftloop.report.words.language import Words

VERDICT_MARKS = ("stable", "drift", "incident", "insufficient")


def render_page(template: str, words: Words, now: datetime, **values: Any) -> str:
    """A page as text. Every value from the data is escaped."""
    return (
        _environment()
        .get_template(template)
        .render(
            words=words,
            style=style(),
            script=script(),
            version=driftloop.__version__,
            now=now.astimezone(UTC).strftime("%Y-%m-%d %H:%M"),
            mark=_mark,
            age=lambda moment: age(moment, now, words),
            **values,
        )
    )


@cache
def security_headers() -> dict[str, str]:
    """What a browser may do with a page: run this script, use this style sheet, ask for nothing from anywhere."""
    policy = (
        f"default-src 'none'; style-src '{_hashed(style())}'; script-src '{_hashed(script())}'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {**COMMON_HEADERS, "Content-Security-Policy": policy}


COMMON_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address may hold a function key
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
REPORT_HEADERS = {
    **COMMON_HEADERS,
    # A stored report has its style inside and runs nothing; `sandbox` keeps it so, whatever lies in the container.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox "
        "allow-top-navigation-by-user-activation"
    ),
}


@cache
def style() -> str:
    """The report's style sheet, and what the dashboard adds to it."""
    report = (files("driftloop.report") / "templates" / "report.css").read_text(encoding="utf-8")
    return report + _own("dashboard.css")


@cache
def script() -> str:
    """What a page can do without: local times, and a key that leads to the search."""
    return _own("dashboard.js")


def age(moment: datetime, now: datetime, words: Words) -> str:
    """How long ago: minutes up to an hour, hours up to two days, then days.

    Parameters
    ----------
    moment : with a time zone; a clock that is ahead counts as now.
    now : the present.
    words : of the reader's language.
    """
    minutes = max(int((now - moment).total_seconds() // 60), 0)
    if minutes < 60:
        return words("age.minutes", count=minutes)
    if minutes < 48 * 60:
        return words("age.hours", count=minutes // 60)
    return words("age.days", count=f"{minutes // 1440:,}")


def _mark(status: str) -> str:
    """The sign of a status, distinguished by its shape."""
    if status in VERDICT_MARKS:
        return draw_mark(status)
    paths = {
        "overdue": "M7 1.5a5.5 5.5 0 1 0 .01 0ZM7 4v3.2l2.2 1.6",
        "failing": "M7 1.5L13 12.5H1ZM7 5.5v3m0 1.6v.8",
        "failed": "M2 2l10 10m0-10l-10 10",
        "new": "M7 3v8m-4-4h8",
    }
    path = paths.get(status, "M3 7h8")
    return f'<svg viewBox="0 0 14 14" class="sign" aria-hidden="true"><path class="mark line" d="{path}"/></svg>'


def _own(name: str) -> str:
    return (files("driftloop.dashboard") / "templates" / name).read_text(encoding="utf-8")


def _hashed(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    found = environment("driftloop.dashboard")
    found.filters["moment"] = parse_time
    found.filters["iso"] = lambda text: parse_time(text).astimezone(UTC).isoformat(timespec="seconds")
    return found
