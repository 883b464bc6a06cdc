"""A numeric column or times: both distributions over one axis, from the profiles' bins.

The axis shows the bodies of both sides (Tukey's outer fences, as the comparison's own range score). What lies beyond is
counted and said, so that one far value cannot squeeze the rest into a single bar. Bodies that lie far apart, as after a
change of unit, share a logarithmic axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

import numpy as np
import numpy.typing as npt

from driftloop.data.schema import Column
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.profile.summary import summarise
from driftloop.report.charts.categories import paired_bars
from driftloop.report.charts.drawing import WIDTH, Plane, fine_step, label, legend, line, svg, tick_labels, ticks
from driftloop.report.words.language import Words
from driftloop.times import SECONDS_A_DAY, format_seconds
from driftloop.two_sample.column_scores import FENCE
from driftloop.wording.number_formats import format_number, format_share

Floats = npt.NDArray[np.float64]

HEIGHT, LEFT, TOP, FOOT = 216, 42, 24, 40
FEWEST_BARS, MOST_BARS = 8, 40
BARS_PER_ROOT = 3.5
"""Bars for each cube root of the smaller side's values (Rice's rule: 2): 13 for 60 values, 40 from 1,500."""
MOST_VALUES = 20
"""Distinct whole numbers that get bars of their own: they may be codes."""
SQUEEZED = 0.1
"""A body that would take less of the axis calls for a logarithmic one."""
MARGIN = 0.02
"""Of a logarithmic axis at both ends, as a power of ten: rounding must not put the outermost values beyond it."""
LARGEST = 1e150
"""Beyond it differences and squares of values are no longer numbers."""


@dataclass(frozen=True)
class Picture:
    """An SVG element, and what it leaves out in a sentence ("" for nothing)."""

    svg: str
    beyond: str = ""


@dataclass(frozen=True)
class _Axis:
    """The bars' edges as they lie on the axis: powers of ten where it is logarithmic."""

    edges: Floats
    logarithmic: bool = False

    def position(self, values: Floats) -> Floats:
        """Values as they lie on the axis."""
        return np.log10(values) if self.logarithmic else values

    def value(self, position: float) -> float:
        """What a place on the axis stands for."""
        return 10**position if self.logarithmic else position


def draw_numbers(column: Column, baseline: ColumnProfile, window: ColumnProfile, words: Words) -> Picture:
    """The picture of a column that has numbers or times."""
    sides = (baseline, window)
    known = [side for side in sides if len(side.bins[0])]
    if not known:
        return Picture(_empty(column, words("chart.no-values"), words))
    if max(abs(side.bins[0][end]) for side in known for end in (0, -1)) > LARGEST:
        return Picture(_empty(column, words("chart.too-large"), words))
    codes = _whole_values(column, known)
    if codes is not None:
        return Picture(_value_bars(column, codes, sides, words))
    axis = _axis(known, whole=_are_whole(known))
    shares = [_shares(side, axis) for side in sides]
    return Picture(_outlines(column, axis, shares, sides, words), _beyond(column, axis, sides, words))


def _empty(column: Column, text: str, words: Words) -> str:
    body = [label(WIDTH / 2, 40, text, anchor="middle")]
    return svg(body, words("chart.title", column=column.name), text, 72)


def _outlines(
    column: Column, axis: _Axis, shares: list[Floats], sides: tuple[ColumnProfile, ColumnProfile], words: Words
) -> str:
    edges = axis.edges
    top = max(float(max(share.max() for share in shares)), 1e-9)
    levels = ticks(0, top * 1.05, 4)
    if len(levels) < 2:
        levels = [0.0, top]
    highest = max(levels[-1], top * 1.05)
    plane = Plane(LEFT, WIDTH - 8, TOP, HEIGHT - FOOT, float(edges[0]), float(edges[-1]), 0, highest)
    body = legend(*_names(sides, words))
    for level in levels:
        body.append(line(LEFT, plane.y(level), plane.right, plane.y(level), "axis" if level == 0 else "grid"))
        body.append(label(LEFT - 6, plane.y(level) + 4, format_share(level), anchor="end"))
    for kind, share in zip(("baseline", "window"), shares, strict=True):
        if share.any():
            body.append(f'<path class="{kind}" d="{_outline(plane, edges, share)}"/>')
    body += _means(axis, plane, sides)
    body += _foot(column, axis, plane, words)
    return svg(body, words("chart.title", column=column.name), _description(column, sides, words), HEIGHT)


def _outline(plane: Plane, edges: Floats, shares: Floats) -> str:
    points = [f"M{plane.x(edges[0]):.1f} {plane.bottom:g}"]
    for left, right, share in zip(edges, edges[1:], shares, strict=False):
        points.append(f"L{plane.x(left):.1f} {plane.y(share):.1f}H{plane.x(right):.1f}")
    return "".join(points) + f"V{plane.bottom:g}Z"


def _means(axis: _Axis, plane: Plane, sides: tuple[ColumnProfile, ColumnProfile]) -> list[str]:
    """A dashed line at each mean, below which a triangle points to it: hollow for the baseline."""
    marks = []
    for kind, side in zip(("baseline", "window"), sides, strict=True):
        mean = summarise(side).mean
        if mean is None or (axis.logarithmic and mean <= 0):
            continue
        x = plane.x(float(axis.position(np.array(mean))))
        if plane.left <= x <= plane.right:
            marks.append(line(x, plane.top + 4, x, plane.bottom, f"mean {kind}-mean"))
            marks.append(f'<path class="{kind}-mark" d="M{x:.1f} {plane.bottom:g}l-4 7h8Z"/>')
    return marks


def _foot(column: Column, axis: _Axis, plane: Plane, words: Words) -> list[str]:
    low, high = float(axis.edges[0]), float(axis.edges[-1])
    positions = ticks(low, high, 6)
    if axis.logarithmic:
        decades = range(floor(low), ceil(high) + 1)
        positions = [log10(each * 10.0**power) for power in decades for each in ((1,) if high - low > 3 else (1, 2, 5))]
        positions = [position for position in positions if low <= position <= high]
    values = [axis.value(position) for position in positions]
    shown = _dates(values) if column.kind == "datetime" else tick_labels(values)
    body = []
    free = -100.0
    for position, text in zip(positions, shown, strict=True):
        x, half = plane.x(position), 3.4 * len(text) + 3
        if x - half < free or x + half > WIDTH:
            continue  # labels must not touch
        free = x + half
        body.append(line(x, plane.bottom, x, plane.bottom + 4, "axis"))
        body.append(label(x, plane.bottom + 19, text, anchor="middle"))
    about = column.unit or ("" if column.kind == "datetime" else column.name)
    if axis.logarithmic:
        about = words("chart.logarithmic", unit=about)
    return [*body, label((plane.left + plane.right) / 2, HEIGHT - 5, about, anchor="middle", kind="about")]


def _dates(values: list[float]) -> list[str]:
    whole_days = len(values) < 2 or values[1] - values[0] >= SECONDS_A_DAY
    part = slice(10) if whole_days else slice(5, 16)
    return [(format_seconds(value) or "")[part] for value in values]


def _axis(sides: list[ColumnProfile], *, whole: bool) -> _Axis:
    bodies = [_body(side) for side in sides]
    low, high = min(each[0] for each in bodies), max(each[1] for each in bodies)
    bars = BARS_PER_ROOT * min(int(side.bins[1].sum()) for side in sides) ** (1 / 3)
    bars = int(min(max(bars, FEWEST_BARS), MOST_BARS))
    narrowest = min(each[1] - each[0] for each in bodies)
    if low > 0 and len(bodies) == 2 and 0 < narrowest < SQUEEZED * (high - low) and _apart(bodies):
        return _Axis(np.linspace(log10(low) - MARGIN, log10(high) + MARGIN, MOST_BARS + 1), logarithmic=True)
    resolution = max(abs(low), abs(high)) * 1e-12
    if high - low <= resolution:
        reach = max(abs(low) * 0.1, resolution) or 1.0
        low, high = low - reach, high + reach
    step = fine_step((high - low) / bars)
    if whole:
        step = float(ceil(step))
    first, last = floor(low / step + 1e-9), floor(high / step + 1e-9) + 1
    # Whole numbers lie in the middle of their bars.
    edges: Floats = np.arange(first, last + 1, dtype=float) * step
    return _Axis(edges - 0.5 if whole and step <= 10 else edges)


def _apart(bodies: list[tuple[float, float]]) -> bool:
    (low, high), (other_low, other_high) = bodies
    return high < other_low or other_high < low


def _body(side: ColumnProfile) -> tuple[float, float]:
    """Where the values of a side lie, far ones left out."""
    centres, counts = side.bins
    lowest, highest = float(centres[0]), float(centres[-1])
    shares = np.cumsum(counts) / counts.sum()
    quarter, three_quarters, little, most = (
        float(centres[min(int(np.searchsorted(shares, share)), len(centres) - 1)])
        for share in (0.25, 0.75, 0.005, 0.995)
    )
    reach = FENCE * (three_quarters - quarter)
    if not reach > 0:
        return little, most
    return max(lowest, quarter - reach), min(highest, three_quarters + reach)


def _shares(side: ColumnProfile, axis: _Axis) -> Floats:
    centres, counts = side.bins
    if not len(centres):
        return np.zeros(len(axis.edges) - 1)
    some = centres > 0 if axis.logarithmic else np.ones(len(centres), bool)
    inside, _ = np.histogram(axis.position(centres[some]), axis.edges, weights=counts[some])
    shares: Floats = inside / counts.sum()
    return shares


def _beyond(column: Column, axis: _Axis, sides: tuple[ColumnProfile, ColumnProfile], words: Words) -> str:
    low, high = (axis.value(float(axis.edges[end])) for end in (0, -1))
    said = []
    for kind, side in zip(("baseline", "window"), sides, strict=True):
        centres, counts = side.bins
        outside = (centres < low) | (centres > high)
        if outside.any():
            far = centres[outside]
            furthest = float(far[np.argmax(np.abs(far - (low + high) / 2))])
            key = "beyond.one" if counts[outside].sum() == 1 else f"beyond.{kind}"
            values = {"count": f"{int(counts[outside].sum()):,}", "furthest": show_value(column, furthest)}
            said.append(words(key, side=words(f"side.{kind}"), **values))
    return " ".join(said)


def _whole_values(column: Column, sides: list[ColumnProfile]) -> list[float] | None:
    """The distinct values, where they are few whole numbers."""
    if column.kind != "numeric" or not _are_whole(sides):
        return None
    values = sorted({float(value) for side in sides for value in side.bins[0]})
    return values if len(values) <= MOST_VALUES else None


def _are_whole(sides: list[ColumnProfile]) -> bool:
    exact = all(side.histogram is not None and side.histogram.is_exact for side in sides)
    return exact and all(bool((side.bins[0] == np.floor(side.bins[0])).all()) for side in sides)


def _value_bars(column: Column, values: list[float], sides: tuple[ColumnProfile, ColumnProfile], words: Words) -> str:
    rows = []
    for value in values:
        shares = [_share_of(side, value) for side in sides]
        rows.append((show_value(column, value), shares[0], shares[1]))
    return paired_bars(column.name, rows, _names(sides, words), words)


def _share_of(side: ColumnProfile, value: float) -> float:
    centres, counts = side.bins
    return float(counts[centres == value].sum() / counts.sum()) if len(counts) else 0.0


def _names(sides: tuple[ColumnProfile, ColumnProfile], words: Words) -> tuple[str, str]:
    baseline, window = (f"{int(side.bins[1].sum()):,}" for side in sides)
    return words("legend.baseline", rows=baseline), words("legend.window", rows=window)


def _description(column: Column, sides: tuple[ColumnProfile, ColumnProfile], words: Words) -> str:
    means = [summarise(side).mean for side in sides]
    baseline, window = (words("chart.none") if mean is None else show_value(column, mean) for mean in means)
    return words("chart.means", baseline=baseline, window=window)


def show_value(column: Column, value: float) -> str:
    """A value of a column with its unit; of times the date."""
    if not isfinite(value):
        return "∞"
    if column.kind == "datetime":
        return (format_seconds(value) or "")[:16].replace("T", " ")
    return f"{format_number(value, 4)} {column.unit}".rstrip()
