"""Tables with a pattern over the week, the year or the day: alarms with and without `season`, and the power left.

Windows lie in one season (a weekday, a month, eight hours of the day), as those of daily and monthly batches do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.cluster_feeds import MADE, made_columns
from benchmarks.clustered_years import sample_of
from benchmarks.rates import Rate, stream
from driftloop import Baseline, Column, Policy, Schema, Window, check
from driftloop.data.schema import Season
from driftloop.profile.sampling.season_codes import covered, season_codes
from driftloop.sequential.reference_features import features_of_sample
from driftloop.sequential.season_reference import season_counts
from driftloop.sequential.stretches import strongest_stretch
from driftloop.sequential.window_sums import Block, compact

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WEEKS = 20
"""Of the baseline, with 10 records on a working day and 6 on Saturday and Sunday."""
RECORDS = (10, 10, 10, 10, 10, 6, 6)
WINDOW = 40
"""Records of a window: a busy single day."""
EFFECTS = (0.5, 0.2, 0.0, 0.0, -0.2, -0.8, -1.0)
"""Of the weekday on two of the columns, in standard deviations: planned admissions come on Mondays, and emergencies
alone at weekends."""
SHIFT = 0.7
AMPLITUDE = 0.8
"""Of the pattern over the year and over the day, a cosine, in standard deviations."""
YEARS_OF_RECORDS, A_YEAR = 1_460, 730
"""Records of a baseline with the pattern of the year, two a day, and its days."""
NIGHT, HOURS = (22, 6), 24
"""Hours in which a window of the night begins and ends."""
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


@dataclass(frozen=True)
class Pattern:
    """A season, its effect (k,) on two columns by code, and the seconds of the baseline's and a window's records."""

    season: Season
    effects: Floats
    baseline: Callable[[np.random.Generator], Floats]
    window: Callable[[np.random.Generator, int], Floats]

    def table(self, seconds: Floats, rng: np.random.Generator, shift: float = 0.0) -> pa.Table:
        """Records at these seconds since `START`; the first column shifted."""
        return patterned(self.season, self.effects, seconds, rng, shift)


def patterned(
    season: Season, effects: Floats, seconds: Floats, rng: np.random.Generator, shift: float = 0.0
) -> pa.Table:
    """Records at these seconds since `START`, two columns with their season's effect; the first column shifted."""
    at = START + np.asarray(seconds)
    x = rng.normal(size=(len(at), 4))
    x[:, :2] += effects[season_codes(at, season)][:, None]
    first = int(rng.integers(1 << 60))
    return pa.table(
        {
            **made_columns(x[:, 0] + shift, x[:, 1], x[:, 2], x[:, 3]),
            "at": pa.array((at * 1_000_000).astype(np.int64), pa.timestamp("us")),
            "record": [f"record {first + number}" for number in range(len(at))],
        }
    )


def _in_a_month(rng: np.random.Generator, number: int) -> Floats:
    """Records of one month of the third year: 28 days from its first one on."""
    first = np.datetime64(f"2026-{1 + number % 12:02}-01", "s").astype(np.int64) - START
    return first + rng.uniform(0, 28 * DAY, WINDOW)


def _of_a_night(rng: np.random.Generator, number: int) -> Floats:
    """Records of the nights of a week after the baseline."""
    begin, end = NIGHT
    hours = begin + rng.uniform(0, (end - begin) % HOURS, WINDOW)
    return (7 * WEEKS + number % 7 + rng.integers(0, 7, WINDOW)) * DAY + hours * 3_600.0


PATTERNS = (
    Pattern(
        "month", AMPLITUDE * np.cos(2 * np.pi * np.arange(12) / 12),
        lambda rng: rng.uniform(0, A_YEAR * DAY, YEARS_OF_RECORDS), _in_a_month,
    ),
    Pattern(
        "hour", AMPLITUDE * np.cos(2 * np.pi * np.arange(HOURS) / HOURS),
        lambda rng: rng.uniform(0, 7 * WEEKS * DAY, YEARS_OF_RECORDS), _of_a_night,
    ),
)  # fmt: skip


def patterns(scale: float, full: int = 400) -> list[Seasonal]:
    """Single checks of a month and of a night, each beside a baseline that covers all of them."""
    results = []
    for index, pattern in enumerate(PATTERNS):
        tries, rng = max(4, round(full * scale)), stream(18, index)
        hits, found = np.zeros(2, int), 0
        for number in range(tries):
            baseline = pattern.table(pattern.baseline(rng), rng)
            seconds = pattern.window(rng, number)
            for place, schema in enumerate((SCHEMA.with_season(pattern.season), SCHEMA)):
                hits[place] += _verdict(baseline, pattern.table(seconds, rng), schema) in DRIFT
            moved = pattern.table(seconds, rng, SHIFT)
            found += _verdict(baseline, moved, SCHEMA.with_season(pattern.season)) in DRIFT
        one = Seasonal(f"one {pattern.season}, single check", *(Rate(int(each), tries) for each in (*hits, found)))
        results.append(one)
        print(f"seasons: {one.windows}: {one.with_season}, without {one.without}, found {one.found}", flush=True)
    return results


def seasonal(scale: float, full: int = 420) -> list[Seasonal]:
    """Single checks of a day each, daily checks with evidence, then other seasons."""
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
    return [single, daily, *patterns(scale)]


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
