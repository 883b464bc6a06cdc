"""Baselines that cover a part of the seasons, records without a time, and clocks that change: alarms without a change.

Each design is a pattern over the seasons whose window holds what the baseline has no or hardly any record of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.rates import Rate, stream
from benchmarks.seasons import AMPLITUDE, DAY, DRIFT, EFFECTS, HOURS, SCHEMA, SHIFT, Seasonal, patterned
from driftloop import Baseline, Schema, Window, check
from driftloop.data.schema import Season

Floats = npt.NDArray[np.float64]

OF_MONTH = AMPLITUDE * np.cos(2 * np.pi * np.arange(12) / 12)
OF_HOUR = AMPLITUDE * np.cos(2 * np.pi * np.arange(HOURS) / HOURS)
BY_WEEKDAY = np.array(EFFECTS)
HOUR = 3_600.0
RECORDS, WINDOW = 600, 80
"""Of a baseline and of a window: each of a window's two halves has enough rows to be compared by itself."""


@dataclass(frozen=True)
class Coverage:
    """A design: days (from, to) that the baseline's and the window's records are spread over, and what is odd of them.

    `rare` : days of which the baseline has three records beside its others. `timeless` : share of records of both
    sides without a time. `late` : hours by which the window's pattern lies later than its times say.
    """

    name: str
    season: Season
    baseline: tuple[float, float]
    window: tuple[float, float]
    rare: tuple[float, float] | None = None
    timeless: float = 0.0
    late: float = 0.0


PATTERNS: dict[Season, Floats] = {"month": OF_MONTH, "weekday": BY_WEEKDAY, "hour": OF_HOUR}
DESIGNS = (
    Coverage("half of the window in a month that the baseline lacks", "month", (0, 152), (137, 167)),
    Coverage("half of it in a month with three baseline records", "month", (91, 152), (441, 471), rare=(60, 91)),
    Coverage("a tenth of both sides without a time, weekday", "weekday", (0, 140), (140, 147), timeless=0.1),
    Coverage("a Monday and a few minutes of Tuesday", "weekday", (0, 140), (140, 141.025)),
    Coverage("hours of a clock that has changed since the baseline", "hour", (0, 84), (84, 91), late=1.0),
)
"""Days count from Monday, 1 January 2024; 441 is in March 2025. In the last one hours are not what they
were: with a larger effect of the hour it is a drift."""


def coverage(scale: float, full: int = 400) -> list[Seasonal]:
    """Single checks of every design."""
    return [_rates(index, design, max(4, round(full * scale))) for index, design in enumerate(DESIGNS)]


def _rates(index: int, design: Coverage, tries: int) -> Seasonal:
    rng, hits, found, half = stream(23, index), np.zeros(2, int), 0, max(2, tries // 4)
    schema = SCHEMA.with_season(design.season)
    for number in range(tries):
        seconds = [rng.uniform(*design.baseline, RECORDS) * DAY]
        if design.rare is not None:
            seconds.append(rng.uniform(*design.rare, 3) * DAY)
        baseline = _blank(
            patterned(design.season, PATTERNS[design.season], np.concatenate(seconds), rng), design.timeless, rng
        )
        hits[0] += _verdict(baseline, _window(design, rng), schema) in DRIFT
        if number < half:
            hits[1] += _verdict(baseline, _window(design, rng), SCHEMA) in DRIFT
            found += _verdict(baseline, _window(design, rng, SHIFT), schema) in DRIFT
    one = Seasonal(design.name, Rate(int(hits[0]), tries), Rate(int(hits[1]), half), Rate(found, half))
    print(f"seasons: {one.windows}: {one.with_season}, without {one.without}, found {one.found}", flush=True)
    return one


def _window(design: Coverage, rng: np.random.Generator, shift: float = 0.0) -> pa.Table:
    """Records whose pattern is that of the times, or of `late` hours before them."""
    seconds = rng.uniform(*design.window, WINDOW) * DAY
    table = patterned(design.season, PATTERNS[design.season], seconds, rng, shift)
    if design.late:
        before = np.asarray(table["at"].to_numpy(), "datetime64[us]") - np.timedelta64(int(design.late * HOUR), "s")
        table = table.set_column(table.schema.get_field_index("at"), "at", pa.array(before))
    return _blank(table, design.timeless, rng)


def _blank(table: pa.Table, share: float, rng: np.random.Generator) -> pa.Table:
    """The table, a share of its times missing."""
    if not share:
        return table
    times = table["at"].to_numpy()
    blank = pa.array(times, pa.timestamp("us"), mask=rng.random(len(times)) < share)
    return table.set_column(table.schema.get_field_index("at"), "at", blank)


def _verdict(baseline: pa.Table, window: pa.Table, schema: Schema) -> str:
    return check(Baseline.build(baseline, schema), Window.build(window, schema)).verdict.value
