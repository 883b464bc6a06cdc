"""Evidence against its alarm line: a bar for this check, and the course of the checks before it."""

from __future__ import annotations

from collections.abc import Sequence

from driftloop.report.charts.drawing import Plane, box, label, line, said, svg
from driftloop.report.context import PastCheck
from driftloop.report.words.language import Words
from driftloop.wording.number_formats import BEYOND, towards_alarm

HEIGHT, TOP, FOOT, LEFT, RIGHT = 190, 14, 34, 94, 6
MOST_CHECKS = 60
"""In the picture: more marks would touch each other on a phone."""
WIDE = 640
"""Units of the picture's width: the course of evidence is as wide as the page."""


def draw_bar(p: float, alarm: float, words: Words) -> str:
    """How far the evidence has come towards the alarm line."""
    reached = towards_alarm(p, alarm)
    unit = 400 / BEYOND
    body = [
        box(0, 6, 400, 12, "track"),
        box(0, 6, max(reached * unit, 2), 12, "reached"),
        line(unit, 0, unit, 24, "alarm"),
    ]
    title = words("evidence.bar-title")
    described = words("evidence.described", rarity=words.rarity(p), alarm=words.rarity(alarm))
    return svg(body, title, described, 24, width=400)


def draw_history(history: Sequence[PastCheck], alarm: float, words: Words) -> str | None:
    """The evidence of the last checks; None where there are fewer than two."""
    shown = list(history)[-MOST_CHECKS:]
    if len(shown) < 2:
        return None
    bottom = HEIGHT - FOOT
    plane = Plane(LEFT, WIDE - RIGHT - 12, TOP, bottom, 0, len(shown) - 1, 0, BEYOND)
    body: list[str] = []
    for level in (0.0, 0.5, 1.0):
        kind = "alarm" if level == 1 else "axis" if level == 0 else "grid"
        body.append(line(LEFT - 4, plane.y(level), WIDE - RIGHT, plane.y(level), kind))
        body.append(label(LEFT - 10, plane.y(level) + 4, words.short_rarity(alarm**level), anchor="end"))
    body.append(label(LEFT + 2, plane.y(1.0) - 6, words("evidence.alarm-line"), kind="about"))
    known = [(index, towards_alarm(check.p, alarm)) for index, check in enumerate(shown) if check.p is not None]
    if len(known) > 1:
        points = "L".join(f"{plane.x(index):.1f} {plane.y(value):.1f}" for index, value in known)
        body.append(f'<path class="course" d="M{points}"/>')
    heights = dict(known)
    for index, check in enumerate(shown):
        height = heights.get(index, 0.0)
        about = words("evidence.point", name=check.name, verdict=words.known("verdict", check.verdict))
        body.append(_mark(check.verdict, plane.x(index), plane.y(height), about))
    for index, anchor in ((0, "start"), (len(shown) - 1, "end")):
        body.append(label(plane.x(index) + (12 if index else -4), HEIGHT - 12, shown[index].name, anchor=anchor))
    alarms = sum(check.verdict == "drift" for check in shown)
    described = words("evidence.history", checks=len(shown), alarms=alarms, alarm=words.rarity(alarm))
    return svg(body, words("evidence.history-title"), described, HEIGHT, width=WIDE)


def draw_mark(verdict: str) -> str:
    """The sign of a verdict by itself, for a legend; what it means stands beside it."""
    return f'<svg viewBox="0 0 14 14" class="sign" aria-hidden="true">{_mark(verdict, 7, 7, "")}</svg>'


def _mark(verdict: str, x: float, y: float, about: str) -> str:
    """A sign a verdict, distinguished by its shape: circle, diamond, cross, short line."""
    paths = {
        "stable": f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z",
        "drift": f"M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6Z",
        "incident": f"M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10",
        "insufficient": f"M{x - 4:.1f} {y:.1f}h8",
    }
    title = f"<title>{said(about)}</title>" if about else ""
    return f'<path class="mark {verdict}-mark" d="{paths[verdict]}">{title}</path>'
