"""Real feeds: how often an unchanged odd table raises an alarm, and how often a broken feed is called an incident."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.rates import Rate, stream
from benchmarks.real_feeds.faults import BROKEN, CONVERTED, Fault, clinic, converted
from benchmarks.real_feeds.shapes import SHAPES
from driftloop import Baseline, Schema, Window, check

BASELINE_ROWS = 350
SHAPE_ROWS = (25, 50, 100, 400)
BROKEN_ROWS = 60
WINDOWS = 400


@dataclass(frozen=True)
class FeedRate:
    """Of the windows of one kind: how many raised an alarm, and how many as an incident."""

    feed: str
    rows: int
    alarms: Rate
    incidents: Rate
    sentences: dict[str, int]


def unchanged_feeds(scale: float) -> list[FeedRate]:
    """Every shape and window size without a change."""
    return [
        measure_unchanged(name, rows, stream(20, index, rows), max(2, round(WINDOWS * scale)))
        for index, name in enumerate(SHAPES)
        for rows in SHAPE_ROWS
    ]


def broken_feeds(scale: float) -> list[FeedRate]:
    """Every fault, and a column of positive values in another unit."""
    faults = BROKEN | {name: converted(*what) for name, what in CONVERTED.items()}
    return [
        measure_broken(name, fault, stream(21, index), max(2, round(200 * scale)))
        for index, (name, fault) in enumerate(faults.items())
    ]


def as_csv_table(frame: pd.DataFrame) -> pa.Table:
    """The frame as Arrow; mixed columns as texts, as a CSV file holds them."""
    mixed = [name for name in frame if frame[name].dtype == object]
    texts = {name: frame[name].map(lambda value: None if pd.isna(value) else str(value)) for name in mixed}
    return pa.Table.from_pandas(frame.assign(**texts), preserve_index=False)


def measure_unchanged(name: str, rows: int, rng: np.random.Generator, tries: int) -> FeedRate:
    seen, sentences = Counter[str](), Counter[str]()
    for _ in range(tries):
        baseline = as_csv_table(SHAPES[name](BASELINE_ROWS, rng, 0))
        window = as_csv_table(SHAPES[name](rows, rng, BASELINE_ROWS))
        _count(baseline, window, seen, sentences)
    return _rate(name, rows, seen, sentences, tries)


def measure_broken(name: str, fault: Fault, rng: np.random.Generator, tries: int) -> FeedRate:
    seen, sentences = Counter[str](), Counter[str]()
    for _ in range(tries):
        baseline = clinic(BASELINE_ROWS, rng)
        window = fault(clinic(BROKEN_ROWS, rng), baseline, rng)
        _count(as_csv_table(baseline), as_csv_table(window), seen, sentences)
    return _rate(name, BROKEN_ROWS, seen, sentences, tries)


def _count(baseline: pa.Table, window: pa.Table, seen: Counter[str], sentences: Counter[str]) -> None:
    schema = Schema.infer(baseline)
    answer = check(Baseline.build(baseline, schema), Window.build(window, schema))
    seen[answer.verdict.value] += 1
    if answer.verdict != "stable":
        sentences[f"{answer.verdict.value}: {answer.reasons[0]}"] += 1


def _rate(name: str, rows: int, seen: Counter[str], sentences: Counter[str], tries: int) -> FeedRate:
    alarms, incidents = Rate(seen["drift"] + seen["incident"], tries), Rate(seen["incident"], tries)
    print(f"feeds: {name}, n={rows}: alarms {alarms}, incidents {incidents}", flush=True)
    return FeedRate(name, rows, alarms, incidents, dict(sentences.most_common(5)))
