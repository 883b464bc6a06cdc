"""One column, baseline against window, as an inline SVG picture: two outlines for numbers, two bars a category."""

from __future__ import annotations

from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from driftloop.data.redaction import may_name
from driftloop.data.schema import Column
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.profile.summary import summarise
from driftloop.times import format_seconds

Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT, FOOT = 420, 130, 18
BARS = 32
LARGEST = float(np.finfo(np.float64).max)
"""An axis around a single value near it ends there: beyond is no number."""
MOST_CATEGORIES = 8
UNNAMED = "other values"


def picture(column: Column, baseline: ColumnProfile, window: ColumnProfile) -> str:
    """An `<svg>` element with a title for screen readers; colours come from the page's style sheet."""
    if column.kind == "categorical":
        body, described = _categories(column, baseline, window)
    else:
        body, described = _numbers(column, baseline, window)
    title = escape(f"{column.name}: {described}")
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{_attribute(title)}" class="picture">'
        f"<title>{title}</title>{body}</svg>"
    )


def _numbers(column: Column, baseline: ColumnProfile, window: ColumnProfile) -> tuple[str, str]:
    edges = _edges(baseline, window)
    if edges is None:
        return _note("no values"), "no values"
    outlines = []
    shares = [_shares(side, edges) for side in (baseline, window)]
    top = max(float(max(s.max() for s in shares)), 1e-9)
    for name, share in zip(("baseline", "window"), shares, strict=True):
        outlines.append(f'<path class="{name}" d="{_outline(share / top)}"/>')
    low, high = edges[0], edges[-1]
    ticks = "".join(
        f'<text x="{x}" y="{HEIGHT - 4}" text-anchor="{anchor}">{escape(_label(column, value))}</text>'
        for x, anchor, value in (
            (0, "start", low),
            (WIDTH / 2, "middle", low / 2 + high / 2),
            (WIDTH, "end", high),
        )
    )
    axis = f'<line class="axis" x1="0" x2="{WIDTH}" y1="{HEIGHT - FOOT}" y2="{HEIGHT - FOOT}"/>'
    of_baseline, of_window = summarise(baseline), summarise(window)
    if of_baseline.mean is None or of_window.mean is None:
        return "".join(outlines) + axis + ticks, "no values on one side"
    return (
        "".join(outlines) + axis + ticks,
        f"mean {_label(column, of_baseline.mean)} in the baseline, {_label(column, of_window.mean)} in the window",
    )


def _edges(baseline: ColumnProfile, window: ColumnProfile) -> Floats | None:
    """Bar edges over the middle 99 % of both sides, so that one outlier does not squeeze the rest into a line."""
    ends: list[float] = []
    for side in (baseline, window):
        centres, counts = side.bins
        if len(centres):
            cumulated = np.cumsum(counts) / counts.sum()
            ends_at = np.minimum(np.searchsorted(cumulated, [0.005, 0.995]), len(centres) - 1)
            ends += centres[ends_at].tolist()
    if not ends:
        return None
    low, high = min(ends), max(ends)
    if high <= low:
        reach = abs(low) * 0.1 or 1.0
        low, high = max(low - reach, -LARGEST), min(high + reach, LARGEST)
    # From halves: the distance of two numbers near the largest double would be infinite.
    return np.asarray(2 * np.linspace(low / 2, high / 2, BARS + 1))


def _shares(side: ColumnProfile, edges: Floats) -> Floats:
    centres, counts = side.bins
    if not len(centres):
        return np.zeros(BARS)
    inside = np.clip(centres, edges[0], edges[-1])
    heights, _ = np.histogram(inside, edges, weights=counts)
    shares: Floats = heights / counts.sum()
    return shares


def _outline(heights: Floats) -> str:
    floor = HEIGHT - FOOT
    points = [f"M0 {floor}"]
    for bar, height in enumerate(heights):
        y = floor - height * (floor - 6)
        points.append(f"L{bar * WIDTH / BARS:.1f} {y:.1f}L{(bar + 1) * WIDTH / BARS:.1f} {y:.1f}")
    return "".join(points) + f"L{WIDTH} {floor}Z"


def _categories(column: Column, baseline: ColumnProfile, window: ColumnProfile) -> tuple[str, str]:
    of_baseline, of_window = (_nameable(column, baseline, side) for side in (baseline, window))
    together = {name: of_baseline.get(name, 0.0) + of_window.get(name, 0.0) for name in {*of_baseline, *of_window}}
    names = sorted(together, key=lambda name: (-together[name], name))[:MOST_CATEGORIES]
    if not names:
        return _note("no values"), "no values"
    slot = (WIDTH - 4) / len(names)
    floor = HEIGHT - FOOT
    top = max([*of_baseline.values(), *of_window.values()])
    parts, described = [], []
    for slot_index, name in enumerate(names):
        left = 2 + slot_index * slot
        for offset, kind, shares in ((0.1, "baseline", of_baseline), (0.5, "window", of_window)):
            height = shares.get(name, 0.0) / top * (floor - 6)
            parts.append(
                f'<rect class="{kind}" x="{left + offset * slot:.1f}" y="{floor - height:.1f}" '
                f'width="{0.4 * slot:.1f}" height="{height:.1f}"/>'
            )
        short = name if len(name) <= 60 // len(names) + 2 else name[: 60 // len(names) + 1] + "…"
        parts.append(f'<text x="{left + slot / 2:.1f}" y="{HEIGHT - 4}" text-anchor="middle">{escape(short)}</text>')
        described.append(f"{name} {of_baseline.get(name, 0.0):.0%} to {of_window.get(name, 0.0):.0%}")
    parts.append(f'<line class="axis" x1="0" x2="{WIDTH}" y1="{floor}" y2="{floor}"/>')
    return "".join(parts), ", ".join(described)


def _nameable(column: Column, baseline: ColumnProfile, side: ColumnProfile) -> dict[str, float]:
    """Shares by category; those that no sentence may name (`driftloop.data.redaction`) stand together."""
    shares: dict[str, float] = {}
    for name, share in summarise(side).shares:
        shown = name if may_name(name, column, baseline.counts.get(name, 0)) else UNNAMED
        shares[shown] = shares.get(shown, 0.0) + share
    return shares


def _note(text: str) -> str:
    return f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">{escape(text)}</text>'


def _label(column: Column, value: float) -> str:
    if column.kind == "datetime":
        return (format_seconds(value) or "")[:10]
    return f"{value:.4g}"


def _attribute(text: str) -> str:
    return text.replace('"', "&quot;")
