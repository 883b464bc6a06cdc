"""A row for each column: what changed, by how much in the column's own unit, how surely, in one sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from driftloop.comparison import Comparison, Finding
from driftloop.policy import Policy
from driftloop.schema import Column
from driftloop.scores import DEPENDENCE, LOCATION, MISSING, RANGE, SHARE, SPREAD
from driftloop.summary import Summary, summarise
from driftloop.window import Baseline, Window


@dataclass(frozen=True)
class FeatureRow:
    """What a check says about one column."""

    name: str
    kind: str
    role: str
    unit: str
    aspect: str
    """What changed most: location, spread, share, missing, range or dependence."""
    statistic: float | None
    """Standardised: its law without drift has mean 0 and standard deviation 1."""
    effect: float | None
    """Change of the mean in the column's unit; of a share, a correlation or a ratio of standard deviations, by aspect."""
    effect_text: str
    p_value: float | None
    """Corrected for everything that was looked at in this check."""
    drift: bool
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
    return tuple(_row(place, columns, baseline, window, comparison, policy) for place in range(len(columns)))


def _row(
    place: int,
    columns: tuple[Column, ...],
    baseline: Baseline,
    window: Window,
    comparison: Comparison | None,
    policy: Policy,
) -> FeatureRow:
    column = columns[place]
    before, after = summarise(baseline.profile.columns[column.name]), summarise(window.profile.columns[column.name])
    found = comparison.of_column(place)[0] if comparison is not None and comparison.of_column(place) else None
    aspect = found.score.kind if found else (SHARE if column.kind == "categorical" else LOCATION)
    effect, text = _effect(aspect, found, column, before, after)
    p = found.p if found else None
    sure = p is not None and p <= policy.alpha
    tail = "" if p is None else f" (p {p:.2g})" if sure else f": within chance (p {p:.2g})"
    if aspect == DEPENDENCE and found is not None:
        other = columns[next(c for c in found.score.columns if c != place)].name
        text = f"dependence on {other} {text}"
    return FeatureRow(
        column.name,
        column.kind,
        column.role,
        column.unit,
        aspect,
        found.z if found else None,
        effect,
        text,
        p,
        sure,
        column.importance,
        column.retrains,
        before.missing,
        after.missing,
        f"{column.name}: {text}{tail}",
    )


def _effect(
    aspect: str, found: Finding | None, column: Column, before: Summary, after: Summary
) -> tuple[float | None, str]:
    unit = f" {column.unit}" if column.unit else ""
    if aspect == MISSING:
        return after.missing - before.missing, f"missing in {after.missing:.0%} of rows (before {before.missing:.0%})"
    if aspect == SHARE:
        level = found.score.level if found else ""
        was, now = dict(before.shares).get(level, 0.0), dict(after.shares).get(level, 0.0)
        return now - was, f"share of {level!r} {now:.0%} (before {was:.0%})" if level else "no value"
    if before.mean is None or after.mean is None or before.deviation is None or after.deviation is None:
        return None, "no value to compare"
    if aspect == SPREAD and before.deviation > 0:
        ratio = after.deviation / before.deviation
        return ratio, f"standard deviation {after.deviation:.3g}{unit} (before {before.deviation:.3g})"
    if aspect == RANGE:
        return found.z if found else None, f"values far {found.score.level if found else 'outside'} the usual"
    if aspect == DEPENDENCE:
        return found.z if found else None, "changed"
    shift = after.mean - before.mean
    return shift, f"mean {shift:+.3g}{unit} ({before.mean:.4g} to {after.mean:.4g})"
