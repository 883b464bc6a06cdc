"""What all pictures share: the plane, axes with round ticks, escaped text, and the frame with title and description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from driftloop.report.words.plain_text import visible
from driftloop.wording.number_formats import format_number

WIDTH = 360
"""Units of a picture's width: on a phone about a pixel each, so that its letters stay as large as the text's."""
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Between ticks, times a power of ten: numbers that a reader adds up."""


FINE_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True)
class Plane:
    """The part of a picture that values are drawn in, and what its edges stand for."""

    left: float
    right: float
    top: float
    bottom: float
    x_from: float
    x_to: float
    y_from: float = 0.0
    y_to: float = 1.0

    def x(self, value: float) -> float:
        """Where a value lies from left to right."""
        return self.left + (value - self.x_from) / (self.x_to - self.x_from) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Where a value lies from top to bottom."""
        return self.bottom - (value - self.y_from) / (self.y_to - self.y_from) * (self.bottom - self.top)


def svg(body: Sequence[str], title: str, description: str, height: float, *, width: float = WIDTH) -> str:
    """An `<svg>` element whose title and description a screen reader says; colours come from the page's style sheet."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" class="chart">'
        f"<title>{said(title)}</title><desc>{said(description)}</desc>{''.join(body)}</svg>"
    )


def said(text: str) -> str:
    """Text from data or catalogue as XML."""
    return escape(visible(text))


def label(x: float, y: float, text: str, *, anchor: str = "start", kind: str = "") -> str:
    """A piece of text in a picture."""
    named = f' class="{kind}"' if kind else ""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.4g}" y="{y:.4g}"{where}{named}>{said(text)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<line class="{kind}" x1="{x1:.5g}" y1="{y1:.5g}" x2="{x2:.5g}" y2="{y2:.5g}"/>'


def box(x: float, y: float, width: float, height: float, kind: str) -> str:
    """A rectangle."""
    return f'<rect class="{kind}" x="{x:.5g}" y="{y:.5g}" width="{width:.4g}" height="{height:.4g}"/>'


def legend(baseline: str, window: str, y: float = 12) -> list[str]:
    """A filled grey square for the baseline, an outlined one for the window: distinguished without colour."""
    second = 22 + 6.4 * sum(2 if ord(character) > 0x2E80 else 1 for character in baseline) + 18
    return [
        box(1, y - 10, 12, 12, "baseline"),
        label(19, y, baseline),
        box(second, y - 10, 12, 12, "window"),
        label(second + 18, y, window),
    ]


def round_step(least: float) -> float:
    """The smallest round number that is at least so large.

    >>> [round_step(x) for x in (0.03, 1.0, 7.1, 2.3)]
    [0.05, 1.0, 10.0, 2.5]
    """
    power = 10.0 ** floor(log10(least))
    # The last step is the next power, so there is always one.
    return next(step * power for step in STEPS if step * power >= least * (1 - 1e-9))


def fine_step(least: float) -> float:
    """As `round_step`, with more numbers to choose from: for bars, whose edges nobody reads."""
    power = 10.0 ** floor(log10(least))
    return next(step * power for step in FINE_STEPS if step * power >= least * (1 - 1e-9))


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most so many round numbers from low to high, `low` < `high`.

    >>> ticks(18.2, 42.7, 4)
    [20.0, 30.0, 40.0]
    """
    step = round_step((high - low) / most)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def tick_labels(values: Sequence[float]) -> list[str]:
    """The ticks with as few digits as tell them apart.

    >>> tick_labels([1000.0, 1000.5, 1001.0])
    ['1,000', '1,000.5', '1,001']
    """
    for digits in range(2, 16):
        shown = [format_number(value, digits) for value in values]
        exact = all(
            abs(float(text.replace(",", "")) - value) <= 1e-6 * abs(value)
            for text, value in zip(shown, values, strict=True)
        )
        if exact and len(set(shown)) == len(values):
            return shown
    return [format_number(value, 6) for value in values]
