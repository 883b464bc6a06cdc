"""Two columns whose dependence changed, from the samples of rows: baseline and window beside each other, one scale.

Few rows are points; many are a grid of cells, the fuller the darker.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from driftloop.profile.sampling.sample import Sample
from driftloop.report.charts.drawing import Plane, box, label, svg, tick_labels, ticks
from driftloop.report.words.language import Words

Floats = npt.NDArray[np.float64]

SIDE, GAP, LEFT, TOP, FOOT = 142, 16, 50, 22, 40
MOST_POINTS = 250
"""More points hide each other."""
CELLS = 14
"""Of a grid to each side: a thousand rows then fill a cell with five on average."""
OUTSIDE = 0.01
"""Part of the rows at each end that the axes leave out."""
SHADES = 5


def draw_pair(
    names: tuple[str, str], indexes: tuple[int, int], samples: tuple[Sample, Sample], words: Words
) -> str | None:
    """The picture of two numeric columns, by their indices in the samples; None where a side has no such rows."""
    sides = [_points(sample, indexes) for sample in samples]
    if any(len(points) < 2 for points, _ in sides):
        return None
    limits = [_limits([points[:, axis] for points, _ in sides]) for axis in (0, 1)]
    body: list[str] = []
    for number, (kind, (points, weights)) in enumerate(zip(("baseline", "window"), sides, strict=True)):
        left = LEFT + number * (SIDE + GAP)
        plane = Plane(left, left + SIDE, TOP, TOP + SIDE, *limits[0], *limits[1])
        body.append(label(left, TOP - 8, words(f"side.{kind}")))
        body.append(box(left, TOP, SIDE, SIDE, "frame"))
        many = max(len(each) for each, _ in sides) > MOST_POINTS
        body += _grid(plane, points, weights, kind) if many else _dots(plane, points, kind)
        body += _ticks(plane, with_y=number == 0)
    bottom = TOP + SIDE
    body.append(label(LEFT + SIDE + GAP / 2, bottom + 36, names[0], anchor="middle", kind="about"))
    middle = TOP + SIDE / 2
    turned = label(11, middle, names[1], anchor="middle", kind="about")
    body.append(turned.replace("<text", f'<text transform="rotate(-90 11 {middle:g})"', 1))
    title = words("pairs.title", one=names[0], other=names[1])
    return svg(body, title, words("pairs.description"), bottom + FOOT)


def _points(sample: Sample, indexes: tuple[int, int]) -> tuple[Floats, npt.NDArray[np.int64]]:
    points = sample.values[:, list(indexes)]
    some = np.isfinite(points).all(axis=1) & (np.abs(points) < 1e150).all(axis=1)
    return points[some], sample.weights[some]


def _limits(values: list[Floats]) -> tuple[float, float]:
    ends = [np.quantile(each, [OUTSIDE, 1 - OUTSIDE]) for each in values]
    low, high = float(min(each[0] for each in ends)), float(max(each[1] for each in ends))
    margin = (high - low) * 0.05 or abs(low) * 0.1 or 1.0
    return low - margin, high + margin


def _dots(plane: Plane, points: Floats, kind: str) -> list[str]:
    inside = [(plane.x(x), plane.y(y)) for x, y in points if _within(plane, x, y)]
    return [f'<path class="{kind}-dots" d="{"".join(f"M{x:.0f} {y:.0f}h0" for x, y in inside)}"/>']


def _within(plane: Plane, x: float, y: float) -> bool:
    return plane.x_from <= x <= plane.x_to and plane.y_from <= y <= plane.y_to


def _grid(plane: Plane, points: Floats, weights: npt.NDArray[np.int64], kind: str) -> list[str]:
    columns = np.linspace(plane.x_from, plane.x_to, CELLS + 1)
    rows = np.linspace(plane.y_from, plane.y_to, CELLS + 1)
    counts, _, _ = np.histogram2d(points[:, 0], points[:, 1], (columns, rows), weights=weights)
    if not counts.max():
        return []
    shades = np.ceil(counts / counts.max() * SHADES).astype(int)
    size = SIDE / CELLS
    paths = []
    for shade in range(1, SHADES + 1):
        square = f"h{size:.1f}v{size:.1f}h-{size:.1f}z"
        cells = "".join(
            f"M{plane.left + column * size:.1f} {plane.bottom - (row + 1) * size:.1f}{square}"
            for column, row in np.argwhere(shades == shade)
        )
        if cells:
            paths.append(f'<path class="{kind}-cell" fill-opacity="{shade / SHADES:g}" d="{cells}"/>')
    return paths


def _ticks(plane: Plane, *, with_y: bool) -> list[str]:
    body = []
    marks = ticks(plane.x_from, plane.x_to, 4)
    for value, text in zip(marks, tick_labels(marks), strict=True):
        body.append(label(plane.x(value), plane.bottom + 16, text, anchor="middle"))
    marks = ticks(plane.y_from, plane.y_to, 4) if with_y else []
    for value, text in zip(marks, tick_labels(marks), strict=True):
        body.append(label(plane.left - 5, plane.y(value) + 4, text, anchor="end"))
    return body
