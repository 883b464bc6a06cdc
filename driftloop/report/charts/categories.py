"""A categorical column: a pair of bars for each category; where there are many, those whose share changed most.

Categories that no sentence may name (`driftloop.data.redaction`) stand together.
"""

from __future__ import annotations

import numpy as np

from driftloop.data.redaction import COMMON, may_name
from driftloop.data.schema import Column
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.profile.sampling.sample import Sample
from driftloop.profile.summary import summarise
from driftloop.report.charts.drawing import WIDTH, box, label, legend, line, svg
from driftloop.report.words.language import Words
from driftloop.report.words.plain_text import shortened
from driftloop.wording.number_formats import format_share

ROW, TOP, NAMES, BARS = 30, 26, 112, 146
MOST_SHOWN = 10
"""Categories in a picture: with more, a reader looks for what changed and not at each."""
CHANGED, LARGE = 0.005, 0.05
"""Among many categories, shares that changed by less and are smaller are noise to a reader."""
FEW = 3
"""Of the largest, where no share is telling."""
ROUNDING = 1e-9
Row = tuple[str, float, float]
Seen = tuple[dict[str, tuple[float, int]], dict[str, tuple[float, int]]]


def draw_categories(column: Column, sides: tuple[ColumnProfile, ColumnProfile], seen: Seen, words: Words) -> str:
    """The picture of a categorical column; `seen` are shares in the samples of rows, for what was not counted by name.

    What may not be named, and what neither the dictionary nor a sample holds, is part of the last pair of bars.
    """
    records = {name: rows for name, (_, rows) in seen[0].items()} | sides[0].counts
    shares = [_shares(column, records, side, sample) for side, sample in zip(sides, seen, strict=True)]
    counted = [frozenset(side.counts) for side in sides]
    rows = []
    for name in {*shares[0], *shares[1]}:
        exact = all(name in names or not side.other for names, side in zip(counted, sides, strict=True))
        shown = name if exact else words("categories.estimated", name=name)
        rows.append((shown, shares[0].get(name, 0.0), shares[1].get(name, 0.0)))
    rows.sort(key=lambda row: (-row[1], -row[2], row[0]))
    if len(rows) > MOST_SHOWN:
        telling = [row for row in rows if abs(row[2] - row[1]) >= CHANGED or max(row[1], row[2]) >= LARGE]
        telling.sort(key=lambda row: (-abs(row[2] - row[1]), -row[1], row[0]))
        rows = telling[: MOST_SHOWN - 1] or rows[:FEW]
    rest = [max(1 - sum(row[1] for row in rows), 0.0), max(1 - sum(row[2] for row in rows), 0.0)]
    totals = [0 if side.categories is None else side.categories.total for side in sides]
    others = [share if total and share > ROUNDING else 0.0 for share, total in zip(rest, totals, strict=True)]
    if any(others):
        rows.append((words("categories.others"), others[0], others[1]))
    legends = words("legend.baseline", rows=f"{totals[0]:,}"), words("legend.window", rows=f"{totals[1]:,}")
    return paired_bars(column.name, rows, legends, words)


def paired_bars(name: str, rows: list[Row], legends: tuple[str, str], words: Words) -> str:
    """Pairs of horizontal bars, each with both shares as numbers, the baseline's above the window's."""
    title = words("chart.title", column=name)
    if not rows:
        text = words("chart.no-values")
        return svg([label(WIDTH / 2, 40, text, anchor="middle")], title, text, 72)
    height = TOP + ROW * len(rows) + 4
    top = max(max(row[1], row[2]) for row in rows) or 1.0
    body = legend(*legends)
    for index, (category, of_baseline, of_window) in enumerate(rows):
        y = TOP + ROW * index + 4
        body.append(label(NAMES - 8, y + 15, shortened(category, 16), anchor="end"))
        body.append(box(NAMES, y, of_baseline / top * BARS, 10, "baseline"))
        body.append(box(NAMES, y + 11, of_window / top * BARS, 10, "window"))
        body.append(label(WIDTH - 2, y + 15, f"{format_share(of_baseline)} → {format_share(of_window)}", anchor="end"))
    body.append(line(NAMES, TOP, NAMES, height - 4, "axis"))
    described = ", ".join(f"{row[0]} {format_share(row[1])} → {format_share(row[2])}" for row in rows)
    return svg(body, title, words("chart.shares", shares=described), height)


def _shares(
    column: Column, records: dict[str, int], side: ColumnProfile, seen: dict[str, tuple[float, int]]
) -> dict[str, float]:
    """Shares of the categories that may be named: counted, or of those beyond the dictionary as the sample has them.

    `records` says how many of the baseline have each, at least.
    """
    found = dict(summarise(side).shares)
    if side.other:
        beyond = {name: share for name, (share, rows) in seen.items() if name not in found and rows >= COMMON}
        found |= beyond
    return {name: share for name, share in found.items() if may_name(name, column, records.get(name, 0))}


def shares_in(sample: Sample, column_index: int) -> dict[str, tuple[float, int]]:
    """Share and number of the rows of each category among those that a sample stands for."""
    names = sample.levels[column_index]
    codes = sample.values[:, column_index]
    some = np.isfinite(codes) & (codes >= 0)
    rows = np.bincount(codes[some].astype(int), weights=sample.weights[some], minlength=len(names))
    total = max(float(rows.sum()), 1.0)
    return {name: (float(count) / total, int(count)) for name, count in zip(names, rows, strict=True)}
