"""A row for each column: what changed, by how much in the column's own unit, how surely, in one sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import ceil, log10
from typing import Any

from driftloop.config.policy import Policy
from driftloop.data.redaction import named
from driftloop.data.schema import Column
from driftloop.profile.summary import Summary, matched_summaries, mean_shift, summarise
from driftloop.profile.window import Baseline, Window
from driftloop.times import SECONDS_A_DAY
from driftloop.two_sample.column_scores import (
    BUMP,
    CENTRE,
    DEPENDENCE,
    GIVEN,
    LOCATION,
    MISSING,
    PAIR,
    RANGE,
    REPEAT,
    SHARE,
    SIDE,
    SPREAD,
)
from driftloop.two_sample.compare import Comparison, ScoreResult
from driftloop.wording.counts import count_of
from driftloop.wording.number_formats import with_p


@dataclass(frozen=True)
class FeatureRow:
    """What a check says about one column."""

    name: str
    kind: str
    role: str
    unit: str
    aspect: str
    """What changed most surely, or what is shown when nothing did: location, side, spread, given, dependence, pair,
    share, missing, range, repeat."""
    statistic: float | None
    """Standardised: without a change its law has mean 0 and standard deviation 1."""
    effect: float | None
    """In the column's unit for location, side and given; a ratio of standard deviations for spread; else a share."""
    effect_text: str
    p_value: float | None
    """Corrected for everything that was looked at in this check."""
    drift: bool
    """Whether this column by itself has moved, at the policy's alpha and by enough to matter."""
    importance: float | None
    retrains: bool
    """False: the model does not use the column, so its drift is reported and nothing more."""
    missing_baseline: float
    missing_window: float
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def feature_rows(
    baseline: Baseline, window: Window, comparison: Comparison | None, policy: Policy
) -> tuple[FeatureRow, ...]:
    """A row for each compared column, in the schema's order."""
    columns = baseline.schema.features
    rows = []
    for column_index, column in enumerate(columns):
        if comparison is not None and baseline.schema.season:
            summaries = matched_summaries(baseline.profile.sample, window.profile.sample, column_index)
        else:
            of_baseline, of_window = (side.profile.columns[column.name] for side in (baseline, window))
            summaries = summarise(of_baseline), summarise(of_window)
        results = comparison.of_column(column_index) if comparison is not None else ()
        rows.append(_row(_Sides(columns, column_index, *summaries), results, policy.alpha))
    return tuple(rows)


@dataclass(frozen=True)
class _Sides:
    """A column on both sides, among all columns."""

    columns: tuple[Column, ...]
    column_index: int
    baseline: Summary
    window: Summary

    @property
    def column(self) -> Column:
        return self.columns[self.column_index]


def _row(sides: _Sides, results: tuple[ScoreResult, ...], alpha: float) -> FeatureRow:
    column = sides.column
    surest = results[0] if results else None
    moved = surest is not None and surest.p <= alpha and surest.matters
    plain = SHARE if column.kind == "categorical" else LOCATION
    # Where nothing is sure, the plain change of mean or share is what people want to see.
    shown = surest if moved else next((f for f in results if f.score.kind == plain), surest)
    effect, text = _effect(shown, plain, sides)
    p = surest.p if surest else None
    retrains = "" if column.retrains else "; the model does not use it"
    sure = "" if p is None else f" ({with_p(p)}{retrains})" if moved else ", within chance"
    return FeatureRow(
        name=column.name,
        kind=column.kind,
        role=column.role,
        unit=column.unit,
        aspect=_aspect(shown.score.kind) if shown else plain,
        statistic=shown.z if shown else None,
        effect=effect,
        effect_text=text,
        p_value=p,
        drift=moved,
        importance=column.importance,
        retrains=column.retrains,
        missing_baseline=sides.baseline.missing,
        missing_window=sides.window.missing,
        sentence=f"{column.name}: {text}{sure}",
    )


def _aspect(kind: str) -> str:
    """What a person calls the kind of a change: one of the centre is a shift."""
    return LOCATION if kind == CENTRE else kind


def _effect(shown: ScoreResult | None, plain: str, sides: _Sides) -> tuple[float | None, str]:
    """The change in the unit of its kind, and in words."""
    kind = shown.score.kind if shown else plain
    if shown is not None and kind in (MISSING, RANGE, REPEAT):
        return shown.window_mean - shown.baseline_mean, _marked(shown)
    if plain == SHARE and (kind == SHARE or shown is None):
        return _share(shown, sides)
    if kind == SHARE and shown is not None:
        return _points(f"value {shown.score.level}", shown.baseline_mean, shown.window_mean)
    if kind in (DEPENDENCE, PAIR) and shown is not None:
        others = [sides.columns[other].name for other in shown.score.column_indexes if other != sides.column_index]
        if kind == PAIR and others:
            change = f"from {shown.baseline_mean:+.2f} to {shown.window_mean:+.2f}"
            return shown.window_mean - shown.baseline_mean, f"correlation with {others[0]} {change}"
        looser = "less" if shown.z < 0 else "more"
        return shown.window_mean - shown.baseline_mean, f"depends {looser} on the other columns than before"
    return _numeric(kind, sides.column, sides.baseline, sides.window, _shape(shown))


def _marked(shown: ScoreResult) -> str:
    baseline, window = (max(share, 0.0) + 0.0 for share in (shown.baseline_mean, shown.window_mean))
    shares = f"{window:.1%} of rows (before {baseline:.1%})"
    if shown.score.kind == MISSING:
        return f"missing in {shares}"
    if shown.score.kind == RANGE:
        return f"far {shown.score.level} the usual in {shares}"
    return f"the same value {shown.score.level} in {shares}"


def _share(shown: ScoreResult | None, sides: _Sides) -> tuple[float | None, str]:
    of_baseline, of_window = dict(sides.baseline.shares), dict(sides.window.shares)
    level = shown.score.level if shown else next(iter(of_baseline), next(iter(of_window), None))
    if level is None or not of_baseline or not of_window:
        return None, "no value to compare"
    baseline, window, name = of_baseline.get(level, 0.0), of_window.get(level, 0.0), ""
    if level in of_baseline or level in of_window:
        name = named(level, sides.column, round(baseline * sides.baseline.known))
    elif shown is not None:  # several categories, taken together
        baseline, window, name = shown.baseline_mean, shown.window_mean, f"values {level}"
    return _points(name, baseline, window)


def _points(name: str, baseline: float, window: float) -> tuple[float, str]:
    points = 100 * (window - baseline)
    return window - baseline, f"share of {name} {count_of(f'{points:+.0f}', 'point')} ({baseline:.0%} to {window:.0%})"


def _shape(shown: ScoreResult | None) -> str:
    """What a mean alone does not say of how a column of numbers moved."""
    if shown is None or shown.score.kind not in (GIVEN, SIDE, BUMP):
        return ""
    if shown.score.kind == BUMP:
        return f", {'more' if shown.z > 0 else 'fewer'} values around the {shown.score.level} quartile"
    return ", more than the other columns explain" if shown.score.kind == GIVEN else ", mostly on one side"


def _numeric(kind: str, column: Column, baseline: Summary, window: Summary, shape: str) -> tuple[float | None, str]:
    unit = f" {column.unit}" if column.unit and column.kind == "numeric" else ""
    if baseline.mean is None or baseline.deviation is None or window.mean is None or window.deviation is None:
        return None, "no value to compare"
    if kind == SPREAD and baseline.deviation > 0:
        ratio = window.deviation / baseline.deviation
        deviations = f"{baseline.deviation:.3g} to {window.deviation:.3g}{unit}"
        return ratio, f"standard deviation times {ratio:.2f} ({deviations})"
    shift = mean_shift(baseline, window)
    if column.kind == "datetime":
        return shift, f"mean {count_of(f'{shift / SECONDS_A_DAY:+.3g}', 'day')}"
    digits = _digits(baseline.mean, baseline.deviation)
    means = f"{baseline.mean:.{digits}g} to {window.mean:.{digits}g}"
    return shift, f"mean {shift:+.3g}{unit} ({means}){shape}"


def _digits(mean: float, deviation: float) -> int:
    """Digits that show a hundredth of a standard deviation of a mean, at least 4 and at most what a double holds."""
    if not 0 < deviation < abs(mean):
        return 4
    return max(4, min(17, ceil(log10(abs(mean)) - log10(deviation)) + 2))
