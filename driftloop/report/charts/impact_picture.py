"""The model's estimated error beside the one on known records and the one that is tolerated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftloop.report.charts.drawing import WIDTH, Plane, box, label, line, svg, tick_labels, ticks
from driftloop.wording.number_formats import format_error

if TYPE_CHECKING:
    from driftloop.impact.impact import Impact
    from driftloop.report.words.language import Words

HEIGHT, BAND, FOOT = 108, 26, 22
"""Of the picture, of the interval's bar, and of the axis: two rows of names above the bar."""
MARGIN = 0.06
"""Of the values' span, free on each side: no mark lies on the frame."""
TICKS = 5
BESIDE = 5
"""Between a line and its name."""


def draw_impact(impact: Impact, words: Words) -> str | None:
    """The picture; None where nothing can be said of the error."""
    if impact.error is None or impact.low is None or impact.high is None:
        return None
    before, most = impact.reference, tolerated(impact)
    values = (impact.low, impact.high, impact.error, before, most)
    low, high = min(values), max(values)
    free = MARGIN * (high - low)
    plane = Plane(4, WIDTH - 4, 0, HEIGHT, max(low - free, 0.0), high + free)
    foot = HEIGHT - FOOT
    top = foot - BAND - 6
    body = [
        line(plane.left, foot, plane.right, foot, "axis"),
        box(plane.x(impact.low), top, plane.x(impact.high) - plane.x(impact.low), BAND, "window"),
        line(plane.x(impact.error), top, plane.x(impact.error), top + BAND, "window-mean"),
        line(plane.x(before), 6, plane.x(before), foot, "mean baseline-mean"),
        line(plane.x(most), 24, plane.x(most), foot, "alarm"),
        _named(plane, before, 14, words("impact.holdout")),
        _named(plane, most, 32, words("impact.tolerated")),
    ]
    marks = ticks(plane.x_from, plane.x_to, TICKS)
    factor = 100 if impact.classes else 1
    for value, text in zip(marks, tick_labels([factor * value for value in marks]), strict=True):
        body.append(label(plane.x(value), HEIGHT - 6, f"{text} %" if impact.classes else text, anchor="middle"))
    fields = {
        name: format_error(value, impact.unit, classes=impact.classes)
        for name, value in zip(("low", "high", "error", "before", "most"), values, strict=True)
    }
    return svg(body, words("impact.picture"), words("impact.described", **fields), HEIGHT)


def tolerated(impact: Impact) -> float:
    """The error at which the growth matters: that of known records times 1 + tolerance."""
    return impact.reference * (1 + impact.tolerance)


def _named(plane: Plane, value: float, y: float, text: str) -> str:
    """A name beside its line, on the side with more room."""
    x = plane.x(value)
    if x < (plane.left + plane.right) / 2:
        return label(x + BESIDE, y, text)
    return label(x - BESIDE, y, text, anchor="end")
