"""Signs that the feed is broken, so that nothing should be learnt from it: a rule each, all about one window."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from driftloop.config.policy import Policy
from driftloop.data.redaction import named
from driftloop.data.schema import Column
from driftloop.data_quality.duplicates import repeated_records
from driftloop.data_quality.unit_errors import unit_error
from driftloop.profile.column_profile import ColumnProfile
from driftloop.profile.profile import iso
from driftloop.profile.window import Baseline, Window
from driftloop.two_sample.column_scores import REPEAT
from driftloop.two_sample.compare import Comparison

GONE = 0.5
"""Part of a column's values that must be lost, or written in a new way, to call the feed broken."""
MALFORMED, INFINITE, IMPOSSIBLE = 0.02, 0.01, 0.01
STUCK, STUCK_BEFORE = 0.2, 0.1
PLACEHOLDER, PLACEHOLDER_OF_BEYOND = 0.02, 0.8
FEW = 3
A_DAY = 86_400.0


def incidents(
    baseline: Baseline, window: Window, comparison: Comparison, policy: Policy, now: float | None = None
) -> tuple[str, ...]:
    """A sentence for each sign of a broken feed; empty when there is none.

    What cannot happen by chance (a column that is gone, blank, unreadable, impossible) is an incident by itself. What
    can (values far outside, one value again and again) is one only where the comparison as a whole stands out at
    `policy.alpha`, so that incidents and drifts share one rate of false alarms.
    """
    found = list(_of_time(baseline, window, now))
    gone = False
    stands_out = comparison.p <= policy.alpha or any(result.p <= policy.alpha for result in comparison.results)
    for place, column in enumerate(baseline.schema.features):
        before, after = baseline.profile.columns[column.name], window.profile.columns[column.name]
        signs = list(_for_certain(column, before, after))
        unit = None if signs or column.kind != "numeric" else unit_error(before, after, stands_out=stands_out)
        if unit is not None:
            signs = [unit]
        elif not signs and stands_out:
            signs = list(_by_the_comparison(before, after, comparison, place))
        if not signs:
            signs = list(_impossible(column, after))
        found += [f"{column.name}: {sign}" for sign in signs]
        gone = gone or after.absent > 0
    # Records that lack columns are more alike than those of the baseline: that alone is no second delivery.
    return tuple(found if gone else [*found, *repeated_records(baseline, window)])


def lost_columns(baseline: Baseline, window: Window) -> frozenset[int]:
    """Places of the columns that the window has lost altogether: each is an incident for certain."""
    return frozenset(
        place
        for place, column in enumerate(baseline.schema.features)
        if (after := window.profile.columns[column.name]).missing == after.rows
        and (after.absent or _lost(baseline.profile.columns[column.name], after) >= GONE)
    )


def _lost(before: ColumnProfile, after: ColumnProfile) -> float:
    """By how much the part of rows without a value has grown."""
    return after.missing / after.rows - before.missing / max(before.rows, 1)


def _for_certain(column: Column, before: ColumnProfile, after: ColumnProfile) -> Iterator[str]:
    if after.absent:
        yield "the column is missing" if after.absent == after.rows else f"the column is missing in {after.absent} rows"
        return
    if after.malformed >= max(FEW, MALFORMED * after.rows) and before.malformed < MALFORMED / 2 * before.rows:
        yield f"{after.malformed / after.rows:.0%} of the values are not {column.kind}"
        return
    if _lost(before, after) >= GONE:
        share = after.missing / after.rows
        yield "blank: no value at all" if share == 1 else f"gone blank in {share:.0%} of rows"
    if after.infinite >= max(FEW, INFINITE * after.rows) and not before.infinite:
        yield f"{after.infinite} infinite values, the baseline has none"
    if after.minimum is not None and after.minimum == after.maximum and before.minimum != before.maximum:
        yield f"stuck: every value is {after.minimum:.6g}"
    yield from _encoding(column, before, after)


def _encoding(column: Column, before: ColumnProfile, after: ColumnProfile) -> Iterator[str]:
    """Known categories that vanish while unknown ones take their place."""
    total = sum(after.counts.values())
    if not total or before.other or after.other:
        return
    known = set(column.categories) or set(before.counts)
    unknown = {name: count for name, count in after.counts.items() if name not in known}
    # A column whose categories hardly repeat (names, free text) always brings new ones.
    singles = sum(count for count in before.counts.values() if count == 1) / max(sum(before.counts.values()), 1)
    if sum(unknown.values()) / total >= GONE + singles:
        newest = sorted(unknown, key=lambda name: -unknown[name])[:3]
        oldest = sorted(known, key=lambda name: (-before.counts.get(name, 0), name))[:3]
        news, olds = (
            ", ".join(dict.fromkeys(named(name, column, before.counts.get(name, 0)) for name in names))
            for names in (newest, oldest)
        )
        yield f"another encoding: {news} in place of {olds}"


def _by_the_comparison(
    before: ColumnProfile, after: ColumnProfile, comparison: Comparison, place: int
) -> Iterator[str]:
    """One value again and again."""
    values, counts = after.bins
    if before.minimum is not None and before.maximum is not None and len(values):
        beyond = (values < before.minimum) | (values > before.maximum)
        most = int(np.argmax(np.where(beyond, counts, -1)))
        rows = int(counts[most])
        far = _distance(before, float(values[most])) >= 1.0
        if (
            beyond[most]
            and far
            and rows >= max(FEW, PLACEHOLDER * after.rows, PLACEHOLDER_OF_BEYOND * counts[beyond].sum())
        ):
            yield f"{values[most]:.6g} in {rows / after.rows:.0%} of rows, beyond all of the baseline: a placeholder?"
            return
    for result in comparison.of_column(place):
        stuck = result.window_mean >= STUCK + result.baseline_mean and result.baseline_mean <= STUCK_BEFORE
        if result.score.kind == REPEAT and stuck:
            value = result.score.level
            share, usual = result.window_mean, result.baseline_mean
            yield f"stuck: the same value {value} in {share:.0%} of rows (before {usual:.0%})"


def _distance(before: ColumnProfile, value: float) -> float:
    """How far beyond the baseline's range a value lies, in distances from the baseline's median to that end."""
    values, counts = before.bins
    median = float(values[np.searchsorted(np.cumsum(counts), counts.sum() / 2)])
    end = (before.maximum if value > median else before.minimum) or 0.0
    return abs(value - end) / abs(end - median) if end != median else float("inf")


def _impossible(column: Column, after: ColumnProfile) -> Iterator[str]:
    """Values beyond the range that the schema calls possible."""
    if column.range is None or after.minimum is None or after.maximum is None:
        return
    low, high = column.range
    if after.minimum >= low and after.maximum <= high:
        return
    values, counts = after.bins
    rows = int(counts[(values < low) | (values > high)].sum())
    if rows >= max(2, IMPOSSIBLE * after.rows):
        unit = f" {column.unit}" if column.unit else ""
        yield f"{rows} values beyond what can be true ({low:g} to {high:g}{unit})"


def _of_time(baseline: Baseline, window: Window, now: float | None) -> Iterator[str]:
    first, last = window.profile.first, window.profile.last
    if first is None or last is None:
        return
    if now is not None and last > now + A_DAY:
        yield f"records from the future: {iso(last) or 'no date at all'}"
    if baseline.profile.first is not None and last < baseline.profile.first:
        yield f"stale records: the newest is from {iso(last) or 'no date at all'}, older than all of the baseline"
