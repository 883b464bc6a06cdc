"""What could be seen, as a picture: for each column and kind of change the smallest size within 1, 4 and 12 checks."""

from __future__ import annotations

from html import escape
from math import sqrt
from typing import TYPE_CHECKING

from driftloop.power.detectable import CHECKS, FOUND
from driftloop.power.planted import SIZES, Change
from driftloop.report.power_table import NAMES, short_name, size_text
from driftloop.wording.counts import count_of

if TYPE_CHECKING:
    from driftloop.power.detectable import Detectable, Power

WIDTH, LEFT, RIGHT = 760, 230, 20
"""Pixels of the picture, of the names, and of the margin."""
ROW, HEAD = 26, 84
UNITS = {
    Change.SHIFT: "in standard deviations",
    Change.SPREAD: "by a part of itself",
    Change.SHARE: "of records",
    Change.MISSING: "of records",
}
COLOURS = ("#9a5b00", "#0b6bcb", "#1a7f4b")
"""Of 1, 4 and 12 checks; each has a shape of its own too."""
HALVES = (8.0, 4.5, 2.5)
"""Half the width of each mark: the square's corners lie within the circle, the diamond's within the square."""
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b1f24}.soft{fill:#5a6470}line{stroke:#d5dae0}"
    "@media (prefers-color-scheme:dark){svg{background:#14171b}text{fill:#e8eaed}"
    ".soft{fill:#a5adb8}line{stroke:#343a43}}"
)


def power_picture(power: Power) -> str:
    """An SVG file with a row for each column under each kind of change: further left is seen better.

    All text is escaped.
    """
    said = f"Smallest change found in {FOUND:.0%} of cases, windows of {power.rows:,} records"
    parts, y = [f'<text x="10" y="24" font-weight="600">{escape(said)}</text>'], float(HEAD)
    for index, count in enumerate(CHECKS):
        x = 20 + 150 * index
        parts.append(_mark(index, x, 46) + f'<text x="{x + 12}" y="50">within {count} check{"s" * (count > 1)}</text>')
    for change in Change:
        mine = [each for each in power.detectable if each.change is change]
        if mine:
            parts.append(_axis(change, y, ROW * len(mine)))
            parts += [_row(each, y + ROW * (number + 1)) for number, each in enumerate(mine)]
            y += ROW * (len(mine) + 2)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y:g}" viewBox="0 0 {WIDTH} {y:g}" '
        f'role="img" aria-label="{escape(said)}"><title>{escape(said)}</title><style>{STYLE}</style>'
        f"{''.join(parts)}</svg>\n"
    )


def _place(change: Change, size: float) -> float:
    """Where a size stands: on the scale of square roots, because most sizes are small ones."""
    return LEFT + (WIDTH - LEFT - RIGHT) * sqrt(size / SIZES[change][-1])


def _axis(change: Change, y: float, height: float) -> str:
    parts = [f'<text x="10" y="{y + 4:g}" font-weight="600">{NAMES[change]}, {UNITS[change]}</text>']
    for size in SIZES[change][::3]:
        x, text = _place(change, size), f"{size:.0%}" if change in (Change.SHARE, Change.MISSING) else f"{size:g}"
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y + 8:g}" y2="{y + height + 10:g}"/>')
        parts.append(f'<text class="soft" x="{x:.1f}" y="{y + 4:g}" text-anchor="middle">{text}</text>')
    return "".join(parts)


def _row(each: Detectable, y: float) -> str:
    name = short_name(each.column)
    parts = [
        f'<text x="26" y="{y + 4:g}">{escape(name)}</text>',
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:g}" y2="{y:g}"/>',
    ]
    for index, (count, size) in enumerate(zip(CHECKS, each.smallest, strict=True)):
        if size is not None:
            said = f"{name}, {NAMES[each.change]}: {size_text(each, size)} within {count_of(count, 'check')}"
            parts.append(f"<g><title>{escape(said)}</title>{_mark(index, _place(each.change, size), y)}</g>")
    if each.blind:
        parts.append(f'<text class="soft" x="{WIDTH - RIGHT}" y="{y - 3:g}" text-anchor="end">not found</text>')
    return "".join(parts)


def _mark(index: int, x: float, y: float) -> str:
    """A circle, a square or a diamond, each within the one before: where they fall together all three are seen."""
    colour, half = COLOURS[index], HALVES[index]
    if index == 0:
        return f'<circle cx="{x:.1f}" cy="{y:g}" r="{half:g}" fill="{colour}"/>'
    turned = f' transform="rotate(45 {x:.1f} {y:g})"' if index == 2 else ""
    edge = f'x="{x - half:.1f}" y="{y - half:g}" width="{2 * half:g}" height="{2 * half:g}"'
    return f'<rect {edge} fill="{colour}"{turned}/>'
