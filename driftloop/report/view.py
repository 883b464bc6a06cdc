"""What a report shows, in the order in which it matters: one view that the HTML page and the Markdown are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftloop.column_results import FeatureRow
from driftloop.coverage import by_reason
from driftloop.profile.contents import comparable_samples
from driftloop.profile.summary import Summary, summarise
from driftloop.report.charts.categories import draw_categories, shares_in
from driftloop.report.charts.numbers import Picture, draw_numbers, show_value
from driftloop.report.charts.pairs import draw_pair
from driftloop.report.order import by_weight
from driftloop.report.sections.impact import without_impact
from driftloop.report.words.language import Sentence, Words
from driftloop.times import SECONDS_A_DAY
from driftloop.two_sample.column_scores import PAIR
from driftloop.wording.number_formats import format_number, format_p, format_share

if TYPE_CHECKING:
    from driftloop.data.schema import Column
    from driftloop.profile.counting.column_profile import ColumnProfile
    from driftloop.profile.window import Baseline, Window
    from driftloop.report.shown import Shown

MOST_PICTURES = 100
"""Columns with a picture: 100 of them are 0.6 MB, and nobody looks at more."""
MOST_PAIRS = 6
"""Pairs with a picture, the surest first."""
MOST_REASONS = 12
"""Sentences at the top: what follows stands at its column."""
MOST_LISTED = 100
"""Columns in the table of data quality."""
UNUSABLE = ("missing", "malformed", "infinite")
WORSE = 0.02
"""A share that has grown by more is marked: as much as a change of a share needs to matter (`Policy.min_share`)."""


@dataclass(frozen=True)
class ColumnView:
    """One column: what is said of it, its picture (None beyond `MOST_PICTURES`), and its numbers on both sides."""

    row: FeatureRow
    change: Sentence
    p: str
    picture: Picture | None
    numbers: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class PairView:
    """Two columns whose dependence changed: their correlation on both sides, and the picture as SVG."""

    one: str
    other: str
    baseline: str
    window: str
    p: str
    svg: str | None


@dataclass(frozen=True)
class QualityRow:
    """A column with values that are missing, unreadable or infinite on either side, and the shares of both sides."""

    name: str
    shares: tuple[tuple[str, tuple[str, str]], ...]
    """By kind (missing, malformed, infinite), those that no column has left out."""
    worse: bool


@dataclass(frozen=True)
class View:
    """Everything that a report shows of a check."""

    moved: tuple[ColumnView, ...]
    calm: tuple[ColumnView, ...]
    predictions: tuple[ColumnView, ...]
    pairs: tuple[PairView, ...]
    reasons: tuple[Sentence, ...]
    more_reasons: int
    notes: tuple[Sentence, ...]
    quality: tuple[QualityRow, ...]
    more_quality: int
    not_compared: tuple[tuple[str, tuple[str, ...]], ...]


def build_view(check: Shown, baseline: Baseline, window: Window, words: Words) -> View:
    """The view of a check whose two sides are at hand."""
    ordered = sorted(check.features, key=by_weight)
    drawn = {row.name for row in ordered[:MOST_PICTURES]}
    columns = {column.name: column for column in baseline.schema.features}
    views = [
        _column(row, columns[row.name], (baseline, window), words, with_picture=row.name in drawn) for row in ordered
    ]
    quality = _quality(ordered, baseline, window)
    return View(
        moved=tuple(each for each in views if each.row.drift and each.row.role != "prediction"),
        calm=tuple(each for each in views if not each.row.drift and each.row.role != "prediction"),
        predictions=tuple(each for each in views if each.row.role == "prediction"),
        pairs=_pairs(check, baseline, window, words),
        reasons=tuple(words.sentence(reason) for reason in check.reasons[:MOST_REASONS]),
        more_reasons=max(len(check.reasons) - MOST_REASONS, 0),
        notes=tuple(words.sentence(note) for note in without_impact(check)),
        quality=quality[:MOST_LISTED],
        more_quality=max(len(quality) - MOST_LISTED, 0),
        not_compared=tuple(
            (words.known("not-compared", reason), tuple(names))
            for reason, names in by_reason(check.columns_not_compared)
        ),
    )


def change_of(row: FeatureRow, words: Words) -> Sentence:
    """What changed in a column, without its name and its p."""
    return words.sentence(row.effect_text)


def shown_p(row: FeatureRow) -> str:
    """A column's p, "" where it was not compared."""
    return "" if row.p_value is None else format_p(row.p_value)


def _profiles(name: str, baseline: Baseline, window: Window) -> tuple[ColumnProfile, ColumnProfile]:
    return baseline.profile.columns[name], window.profile.columns[name]


def _column(
    row: FeatureRow, column: Column, sides: tuple[Baseline, Window], words: Words, *, with_picture: bool
) -> ColumnView:
    baseline, window = sides
    profiles = _profiles(row.name, *sides)
    picture = None
    if with_picture and column.kind == "categorical":
        index = baseline.schema.features.index(column)
        seen = (shares_in(baseline.profile.sample, index), shares_in(window.profile.sample, index))
        picture = Picture(draw_categories(column, profiles, seen, words))
    elif with_picture:
        picture = draw_numbers(column, *profiles, words)
    return ColumnView(row, change_of(row, words), shown_p(row), picture, _numbers(column, *profiles, words))


def _numbers(
    column: Column, baseline: ColumnProfile, window: ColumnProfile, words: Words
) -> tuple[tuple[str, str, str], ...]:
    sides = [(side, summarise(side)) for side in (baseline, window)]
    rows = [[f"{summary.known:,}" for _, summary in sides]]
    names = [words("numbers.values")]
    if column.kind == "categorical":
        names.append(words("numbers.categories"))
        rows.append([f"{len(side.counts):,}{'+' if side.other else ''}" for side, _ in sides])
    else:
        names += [words(f"numbers.{name}") for name in ("mean", "deviation", "smallest", "largest")]
        rows.append([_value(column, summary.mean) for _, summary in sides])
        rows.append([_deviation(column, summary, words) for _, summary in sides])
        rows.append([_value(column, side.minimum) for side, _ in sides])
        rows.append([_value(column, side.maximum) for side, _ in sides])
    names.append(words("numbers.missing"))
    rows.append([format_share(summary.missing) for _, summary in sides])
    return tuple((name, of_baseline, of_window) for name, (of_baseline, of_window) in zip(names, rows, strict=True))


def _value(column: Column, value: float | None) -> str:
    if value is None:
        return "–"
    return show_value(column, value) if column.kind == "datetime" else format_number(value, 4)


def _deviation(column: Column, summary: Summary, words: Words) -> str:
    if summary.deviation is None:
        return "–"
    if column.kind == "datetime":
        return words("numbers.days", days=format_number(summary.deviation / SECONDS_A_DAY, 3))
    return format_number(summary.deviation, 3)


def _pairs(check: Shown, baseline: Baseline, window: Window, words: Words) -> tuple[PairView, ...]:
    if check.comparison is None:
        return ()
    changed = [
        result
        for result in check.comparison.results
        if result.score.kind == PAIR and result.p <= check.alpha and result.matters
    ]
    if not changed:
        return ()
    changed.sort(key=lambda result: (result.p, -abs(result.z)))
    samples = comparable_samples(baseline.profile, window.profile)
    columns = baseline.schema.features
    views = []
    for result in changed[:MOST_PAIRS]:
        one, other = result.score.column_indexes
        names = (_named(columns[one]), _named(columns[other]))
        numeric = all(columns[index].kind == "numeric" for index in (one, other))
        views.append(
            PairView(
                columns[one].name,
                columns[other].name,
                _signed(result.baseline_mean),
                _signed(result.window_mean),
                format_p(result.p),
                draw_pair(names, (one, other), samples, words) if numeric else None,
            )
        )
    return tuple(views)


def _signed(correlation: float) -> str:
    """With its sign, and no minus for nothing."""
    return f"{round(correlation, 2) + 0.0:+.2f}"


def _named(column: Column) -> str:
    return f"{column.name} ({column.unit})" if column.unit else column.name


def _quality(rows: list[FeatureRow], baseline: Baseline, window: Window) -> tuple[QualityRow, ...]:
    """The columns with values that cannot be compared, those that got worse first."""
    found = {row.name: _unusable(*_profiles(row.name, baseline, window)) for row in rows}
    bad = {name: shares for name, shares in found.items() if any(any(pair) for pair in shares.values())}
    kinds = [kind for kind in UNUSABLE if any(any(shares[kind]) for shares in bad.values())]
    quality = [
        QualityRow(
            name,
            tuple((kind, (format_share(shares[kind][0]), format_share(shares[kind][1]))) for kind in kinds),
            any(of_window > of_baseline + WORSE for of_baseline, of_window in shares.values()),
        )
        for name, shares in bad.items()
    ]
    return tuple(sorted(quality, key=lambda each: not each.worse))


def _unusable(baseline: ColumnProfile, window: ColumnProfile) -> dict[str, tuple[float, float]]:
    """Shares of rows on both sides, by kind."""
    reference, current = (
        [count / max(side.rows, 1) for count in (side.missing - side.malformed, side.malformed, side.infinite)]
        for side in (baseline, window)
    )
    return dict(zip(UNUSABLE, zip(reference, current, strict=True), strict=True))
