"""Signs that the feed is broken, so that nothing should be learnt from it."""

from __future__ import annotations

from driftloop.policy import Policy
from driftloop.window import Baseline, Window


def incidents(baseline: Baseline, window: Window, policy: Policy, now: float | None = None) -> tuple[str, ...]:
    """A sentence for each sign of a broken feed; empty when there is none."""
    found = []
    for column in baseline.schema.features:
        before, after = baseline.profile.columns[column.name], window.profile.columns[column.name]
        if after.absent:
            found.append(f"{column.name}: the column is missing")
        elif after.missing == after.rows and before.missing < 0.9 * before.rows:
            found.append(f"{column.name}: no value at all (before {before.missing / max(before.rows, 1):.0%} missing)")
        elif after.malformed > 0.02 * after.rows > 0:
            found.append(f"{column.name}: {after.malformed} of {after.rows} values are not {column.kind}")
        elif column.range is not None and after.minimum is not None and after.maximum is not None:
            low, high = column.range
            if after.minimum < low or after.maximum > high:
                found.append(f"{column.name}: values beyond what can be true ({low:g} to {high:g})")
    return tuple(found)
