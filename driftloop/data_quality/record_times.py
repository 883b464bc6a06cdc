"""Times of the records: from the future, or older than all of the baseline."""

from __future__ import annotations

from collections.abc import Iterator

from driftloop.data_quality.sign import CERTAIN, Sign, ignore
from driftloop.profile.window import Baseline, Window
from driftloop.times import CLOCKS_APART, format_seconds


def check_record_times(baseline: Baseline, window: Window, now: float | None) -> Iterator[Sign]:
    """Signs that the newest record lies ahead of `now` (seconds since 1970), or before the baseline's first one.

    A column whose baseline lies ahead too (an arrival, an expiry) says nothing about when a record was made. Nor does a
    baseline that was made of records from ahead of now.
    """
    first, last = window.profile.first, window.profile.last
    column = baseline.schema.role("timestamp")
    if first is None or last is None or column is None:
        return
    ahead = baseline.profile.last is not None and now is not None and baseline.profile.last > now + CLOCKS_APART
    if now is not None and last > now + CLOCKS_APART and not ahead:
        text = f"records from the future: {format_seconds(last) or 'no date at all'}"
        yield Sign(column.name, text, CERTAIN, ignore(column.name))
    if baseline.profile.first is not None and last < baseline.profile.first:
        newest = format_seconds(last) or "no date at all"
        text = f"stale records: the newest is from {newest}, older than all of the baseline"
        yield Sign(column.name, text, CERTAIN, ignore(column.name))
