"""Records that depend on each other: false alarms and power of one check, with and without the role `cluster`."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from benchmarks.cluster_feeds import FEEDS, SCHEMA, WITHOUT, Population
from benchmarks.rates import Rate, stream
from driftloop import Baseline, Schema, Window, check

CORRELATIONS = (0.1, 0.3)
"""Intraclass correlations: of patients' laboratory values, and of repeated measurements by one device."""
SHIFT = 0.7
"""In standard deviations of one column, for the power that is left."""
DRIFT = ("drift", "incident")


@dataclass(frozen=True)
class Clustered:
    """Windows of one design: alarms without a change with and without the role, and found shifts with it."""

    design: str
    correlation: float
    with_role: Rate
    without: Rate
    found: Rate


def clustered(scale: float, full: int = 400) -> list[Clustered]:
    """Single checks: a baseline and a window of each design, drawn again each time."""
    results = []
    for index, feed in enumerate(FEEDS):
        for correlation in CORRELATIONS:
            tries, rng = max(2, round(full * scale)), stream(14, index, round(100 * correlation))
            hits, without, found, half, quarter = 0, 0, 0, max(2, tries // 2), max(2, tries // 4)
            for number in range(tries):
                made = Population(correlation, rng)
                baseline, window = made.baseline(feed), made.window(feed, 0)
                hits += _verdict(baseline, window, SCHEMA) in DRIFT
                without += number < half and _verdict(baseline, window, WITHOUT) in DRIFT
                if number < quarter:
                    moved = made.window(feed, 1, SHIFT)
                    found += _verdict(baseline, moved, SCHEMA) in DRIFT
            rates = (Rate(hits, tries), Rate(without, half), Rate(found, quarter))
            results.append(Clustered(feed.name, correlation, *rates))
            print(f"clusters: {feed.name}, {correlation}: {rates[0]}, without {rates[1]}, found {rates[2]}", flush=True)
    return results


def _verdict(baseline: pa.Table, window: pa.Table, schema: Schema) -> str:
    return check(Baseline.build(baseline, schema), Window.build(window, schema)).verdict.value
