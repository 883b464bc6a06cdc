"""A table with a weekday pattern and windows of single days: alarms with and without `season`, and the power left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from benchmarks.clusters import MADE, made_columns, sample_of
from benchmarks.rates import Rate, stream
from driftloop import Baseline, Column, Policy, Schema, Window, check
from driftloop.profile.sampling.season_codes import covered
from driftloop.sequential.evidence import strongest_stretch
from driftloop.sequential.reference_features import features_of_sample
from driftloop.sequential.season_reference import season_counts
from driftloop.sequential.window_sums import Block, compact

WEEKS = 20
"""Of the baseline, with 10 records on a working day and 6 on Saturday and Sunday."""
RECORDS = (10, 10, 10, 10, 10, 6, 6)
WINDOW = 40
"""Records of a window: a busy single day."""
EFFECTS = (0.5, 0.2, 0.0, 0.0, -0.2, -0.8, -1.0)
"""Of the weekday on two of the columns, in standard deviations: planned admissions come on Mondays, and emergencies
alone at weekends."""
SHIFT = 0.7
DAY = 86_400
START = 1_704_067_200
"""Monday, 1 January 2024, in seconds since 1970."""
SCHEMA = Schema(
    (
        *MADE,
        Column("at", "datetime", role="timestamp"),
        Column("record", "categorical", role="id"),
    )
)
WITH = SCHEMA.with_season("weekday")
DRIFT = ("drift", "incident")
DAYS = 60
"""Of a season of daily checks."""


@dataclass(frozen=True)
class Seasonal:
    """Windows of single days: alarms without a change with and without `season`, and shifts found with it."""

    windows: str
    with_season: Rate
    without: Rate
    found: Rate


class Week:
    """Makes records of days, with their weekday's effect."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng, self._made = rng, 0

    def table(self, days: np.ndarray, shift: float = 0.0) -> pa.Table:
        """Records of these days since the first Monday; the first column shifted."""
        x = self._rng.normal(size=(len(days), 4))
        x[:, :2] += np.array(EFFECTS)[days % 7][:, None]
        first = self._made
        self._made += len(days)
        at = START + days * DAY + self._rng.integers(0, DAY, len(days))
        return pa.table(
            {
                **made_columns(x[:, 0] + shift, x[:, 1], x[:, 2], x[:, 3] + (days % 7 >= 5)),
                "at": pa.array(at * 1_000_000, pa.timestamp("us")),
                "record": [f"record {number}" for number in range(first, self._made)],
            }
        )


def baseline_days() -> np.ndarray:
    """The day of each record of the baseline."""
    return np.repeat(np.arange(7 * WEEKS), np.tile(RECORDS, WEEKS))


def seasonal(scale: float, full: int = 420) -> list[Seasonal]:
    """Single checks of a day each, then daily checks with evidence."""
    tries, rng = max(7, round(full * scale)), stream(16)
    hits, found = np.zeros(2, int), 0
    for number in range(tries):
        made, day = Week(rng), np.full(WINDOW, 7 * WEEKS + number % 7)
        baseline, window, moved = made.table(baseline_days()), made.table(day), made.table(day, SHIFT)
        for place, schema in enumerate((WITH, SCHEMA)):
            hits[place] += _verdict(baseline, window, schema) in DRIFT
        found += _verdict(baseline, moved, WITH) in DRIFT
    single = Seasonal("one day, single check", *(Rate(int(count), tries) for count in (*hits, found)))
    print(f"seasons: {single.with_season}, without {single.without}, found {single.found}", flush=True)
    series = max(2, round(full * scale / 20))
    ends = {schema.season: [_first_alarm(schema, number) for number in range(series)] for schema in (WITH, SCHEMA)}
    late = [_first_alarm(WITH, number, SHIFT) for number in range(series)]
    daily = Seasonal(
        "a day each, with evidence (the sums alone): false retrains of all checks; found within 14 days",
        _per_check(ends["weekday"]), _per_check(ends[""]), Rate(sum((day or DAYS) <= 14 for day in late), series),
    )  # fmt: skip
    print(f"daily: {daily.with_season}, without {daily.without}, found {daily.found}", flush=True)
    return [single, daily]


def _verdict(baseline: pa.Table, window: pa.Table, schema: Schema) -> str:
    return check(Baseline.build(baseline, schema), Window.build(window, schema)).verdict.value


def _first_alarm(schema: Schema, number: int, shift: float = 0.0) -> int | None:
    """The day of the first alarm, from 1; None for a quiet series. No file is written and no window hashed."""
    made = Week(stream(17, number))
    baseline = sample_of(made.table(baseline_days()), schema)
    features = features_of_sample(schema.features, baseline)
    blocks: tuple[Block, ...] = ()
    for day in range(DAYS):
        sample = covered(sample_of(made.table(np.full(WINDOW, 7 * WEEKS + day), shift), schema), baseline)
        counts = season_counts(sample, sample.weights.astype(float))
        blocks = compact((*blocks, Block.of(1, None, features.sums(sample), None, counts)))
        if strongest_stretch(features, blocks, None, None, Policy()).p <= Policy().evidence_level:
            return day + 1
    return None


def _per_check(ends: list[int | None]) -> Rate:
    return Rate(sum(day is not None for day in ends), sum(day or DAYS for day in ends))
