"""Evidence over time against the alarm line, as an inline SVG picture that needs no style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log10
from typing import NamedTuple
from xml.sax.saxutils import escape

from driftloop.wording.number_formats import format_rarity

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, FOOT = 78, 12, 14, 26
DRAWN = 120
"""Checks in the picture, the newest: more than two years of weeks, and each still 5 pixels wide."""
SMALLEST_P = 1e-300
"""A p of 0 has no logarithm; nothing is distinguished below this."""
HEADROOM = 1.6
"""The top of the picture, in heights of the alarm line. What lies above is drawn at the top, since how far beyond the
alarm evidence is changes nothing.
"""
CROWDED = 30
"""Checks up to which each one that is stable has its own dot."""
# Readable on a white and on a black page (contrast at least 3 to 1 on both); shapes differ, so colour is not needed.
LINE, ALARM, BROKEN, SOFT = "#3b82c4", "#b9770e", "#d0453b", "#7d8590"


class Point(NamedTuple):
    """One check: its verdict, the p of its evidence, the p of the alarm line, how often evidence had begun again."""

    at: str
    verdict: str
    p: float
    alarm_p: float
    epoch: int
    text: str


def evidence_chart(points: Sequence[Point]) -> str:
    """An `<svg>` element: a line of evidence that begins again at each reset, crosses where the feed was broken.

    The height is -log10 p, marked as "1 in N checks". Every text from the data is escaped.
    """
    shown = points[-DRAWN:]
    scale = _Scale(len(shown), max([_height(point.alarm_p) for point in shown], default=3.0))
    title = escape(_described(points))
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="{title}" '
        f'style="max-width:100%;height:auto" font-family="system-ui,sans-serif" font-size="11" fill="{SOFT}">',
        f"<title>{title}</title>",
        _axes(scale),
        *_epochs(shown, scale),
        _alarm_line(shown, scale),
        *(_mark(point, index, scale, crowded=len(shown) > CROWDED) for index, point in enumerate(shown)),
        _dates(shown),
        "</svg>",
    ]
    return "".join(parts)


class _Scale(NamedTuple):
    """Places in the picture."""

    size: int
    alarm: float

    def x(self, index: float) -> float:
        """Of the check with an index."""
        return LEFT + (WIDTH - LEFT - RIGHT) * (index + 0.5) / max(self.size, 1)

    def y(self, p: float) -> float:
        """Of evidence; beyond the top at the top."""
        share = min(_height(p) / (HEADROOM * self.alarm), 1.0)
        return HEIGHT - FOOT - (HEIGHT - FOOT - TOP) * share


def _height(p: float) -> float:
    return -log10(max(p, SMALLEST_P)) + 0.0


def _described(points: Sequence[Point]) -> str:
    if not points:
        return "Evidence over time: no check yet"
    incidents = sum(point.verdict == "incident" for point in points)
    newest = points[-1]
    beyond = "beyond" if newest.p <= newest.alarm_p else "below"
    several = "incident" if incidents == 1 else "incidents"
    return f"Evidence of {len(points)} checks: the last was {beyond} the alarm line; {incidents} {several}"


def _axes(scale: _Scale) -> str:
    floor = HEIGHT - FOOT
    parts = [f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}" stroke="{SOFT}"/>']
    for power in range(1, ceil(HEADROOM * scale.alarm)):
        y = scale.y(10.0**-power)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{SOFT}" stroke-opacity=".25"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">1 in {10**power:,}</text>'
        )
    return "".join(parts)


def _epochs(shown: Sequence[Point], scale: _Scale) -> list[str]:
    """A line for each epoch, and a rule where one begins again."""
    parts: list[str] = []
    places: list[str] = []
    for index, point in enumerate(shown):
        if index and point.epoch != shown[index - 1].epoch:
            x = scale.x(index - 0.5)
            parts += [_line(places), f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - FOOT}" stroke="{SOFT}" '
                      'stroke-dasharray="1 3"><title>evidence began anew</title></line>']  # fmt: skip
            places = []
        places.append(f"{scale.x(index):.1f},{scale.y(point.p):.1f}")
    return [*parts, _line(places)]


def _line(places: Sequence[str]) -> str:
    return f'<polyline points="{" ".join(places)}" fill="none" stroke="{LINE}" stroke-width="1.5"/>' if places else ""


def _alarm_line(shown: Sequence[Point], scale: _Scale) -> str:
    if not shown:
        return ""
    y = scale.y(shown[-1].alarm_p)
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{ALARM}" stroke-dasharray="6 4"/>'
        f'<text x="{WIDTH - RIGHT}" y="{y - 4:.1f}" text-anchor="end" fill="{ALARM}">'
        f"alarm: {format_rarity(shown[-1].alarm_p)}</text>"
    )


def _mark(point: Point, index: int, scale: _Scale, *, crowded: bool) -> str:
    x, y = scale.x(index), scale.y(point.p)
    title = f"<title>{escape(point.text)}</title>"
    if point.verdict == "incident":
        floor = HEIGHT - FOOT
        cross = f"M{x - 4:.1f} {floor - 4}l8 8m0 -8l-8 8"
        return f'<path d="{cross}" stroke="{BROKEN}" stroke-width="2" fill="none">{title}</path>'
    if point.verdict == "drift":
        return f'<path d="M{x:.1f} {y - 5:.1f}l5 9h-10z" fill="{ALARM}">{title}</path>'
    if point.verdict == "insufficient":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="none" stroke="{SOFT}">{title}</circle>'
    radius = 1.5 if crowded else 3
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{LINE}">{title}</circle>'


def _dates(shown: Sequence[Point]) -> str:
    if not shown:
        return f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">no check yet</text>'
    ends = [(LEFT, "start", shown[0].at)] + ([(WIDTH - RIGHT, "end", shown[-1].at)] if len(shown) > 1 else [])
    return "".join(
        f'<text x="{x}" y="{HEIGHT - 8}" text-anchor="{anchor}">{escape(at[:10])}</text>' for x, anchor, at in ends
    )
