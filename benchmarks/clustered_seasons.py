"""Wards beside the weekday: alarms with `season` and the role `cluster`, and with the season alone.

Wards are on one side only, on both sides (where they change sides pair by pair), or some of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.cluster_feeds import made_columns
from benchmarks.rates import Rate, stream
from benchmarks.seasons import DAY, DRIFT, EFFECTS, SCHEMA, SHIFT, START, WEEKS, Seasonal
from driftloop import Baseline, Column, Schema, Window, check

Integers = npt.NDArray[np.int64]

CORRELATION = 0.3
"""Of a ward's records."""
MOST_WARDS = 64
CLUSTERED = Schema((*SCHEMA.columns, Column("group", "categorical", role="cluster"))).with_season("weekday")
SEASON_ALONE = CLUSTERED.with_roles(ignore=["group"])


@dataclass(frozen=True)
class Wards:
    """The ward of each record of a baseline of `WEEKS` weeks and of a window, and the window's days in its week."""

    name: str
    baseline: Integers
    window: Integers
    days: Callable[[int], Integers]


def _one_day(number: int) -> Integers:
    return np.array([number % 7])


def _whole_week(_: int) -> Integers:
    return np.arange(7)


DESIGNS = (
    Wards("a day of eight new wards", np.repeat(np.arange(40), 8), np.repeat(np.arange(40, 48), 8), _one_day),
    Wards("a day of 12 wards of the baseline", np.repeat(np.arange(12), 30), np.repeat(np.arange(12), 4), _one_day),
    Wards("a week of 12 wards of the baseline", np.repeat(np.arange(12), 30), np.repeat(np.arange(12), 4), _whole_week),
    Wards("a week in which 12 wards of 20 are left and four are new", np.repeat(np.arange(20), 18),
          np.repeat(np.concatenate([np.arange(12), np.arange(40, 44)]), 3), _whole_week),
)  # fmt: skip


def clustered_seasons(scale: float, full: int = 400) -> list[Seasonal]:
    """Single checks of every design: without a change with both and with the season alone, and a shift with both."""
    return [_rates(index, design, max(4, round(full * scale))) for index, design in enumerate(DESIGNS)]


def _rates(index: int, design: Wards, tries: int) -> Seasonal:
    rng, hits, found = stream(22, index), np.zeros(2, int), 0
    for number in range(tries):
        effects = rng.normal(size=(MOST_WARDS, 4))
        days = 7 * WEEKS + design.days(number)
        baseline = _records(rng, design.baseline, np.arange(7 * WEEKS), effects)
        for place, schema in enumerate((CLUSTERED, SEASON_ALONE)):
            hits[place] += _verdict(baseline, _records(rng, design.window, days, effects), schema) in DRIFT
        found += _verdict(baseline, _records(rng, design.window, days, effects, SHIFT), CLUSTERED) in DRIFT
    name = f"{design.name}, single check; without: the season alone"
    one = Seasonal(name, *(Rate(int(each), tries) for each in (*hits, found)))
    print(f"seasons: {one.windows}: {one.with_season}, without {one.without}, found {one.found}", flush=True)
    return one


def _verdict(baseline: pa.Table, window: pa.Table, schema: Schema) -> str:
    return check(Baseline.build(baseline, schema), Window.build(window, schema)).verdict.value


def _records(
    rng: np.random.Generator, wards: Integers, days: Integers, effects: npt.NDArray[np.float64], shift: float = 0.0
) -> pa.Table:
    """Records of these wards on random ones of these days; ward and weekday have an effect, the ward's lasts."""
    day = rng.choice(days, len(wards))
    x = np.sqrt(1 - CORRELATION) * rng.normal(size=(len(wards), 4)) + np.sqrt(CORRELATION) * effects[wards]
    x[:, :2] += np.array(EFFECTS)[day % 7][:, None]
    at = START + day * DAY + rng.integers(0, DAY, len(day))
    first = int(rng.integers(1 << 60))
    return pa.table(
        {
            **made_columns(x[:, 0] + shift, x[:, 1], x[:, 2], x[:, 3]),
            "at": pa.array(at * 1_000_000, pa.timestamp("us")),
            "record": [f"record {first + number}" for number in range(len(day))],
            "group": [f"ward {ward}" for ward in wards],
        }
    )
