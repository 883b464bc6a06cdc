"""Records that depend on each other: false alarms, false retrains and power, with and without the role `cluster`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.rates import Rate, stream
from driftloop import Baseline, Column, Policy, Schema, Window, check
from driftloop.profile.builder import ProfileBuilder
from driftloop.profile.sampling.sample import Sample
from driftloop.sequential.clustered_sums import sketch_of
from driftloop.sequential.evidence import strongest_stretch
from driftloop.sequential.reference_features import features_of_sample
from driftloop.sequential.window_sums import Block, compact

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CORRELATIONS = (0.1, 0.3)
"""Intraclass correlations: of patients' laboratory values, and of repeated measurements by one device."""
SHIFT = 0.7
"""In standard deviations of one column, for the power that is left."""
WEEKS = 52
FOUND_WITHIN = 12
"""Weeks: a quarter."""
MADE = (Column("x"), Column("y"), Column("z"), Column("c", "categorical"))
"""The columns that `made_columns` fills."""
SCHEMA = Schema(
    (
        *MADE,
        Column("group", "categorical", role="cluster"),
        Column("record", "categorical", role="id"),
    )
)
WITHOUT = SCHEMA.with_roles(id="record", ignore=["group"])
"""Today's reading of the same table: records count as independent."""
DRIFT = ("drift", "incident")


@dataclass(frozen=True)
class Clustered:
    """Windows of one design: alarms without a change with and without the role, and found shifts with it."""

    design: str
    correlation: float
    with_role: Rate
    without: Rate
    found: Rate


@dataclass(frozen=True)
class ClusteredYears:
    """Years of weekly checks without a change; a year ends with its first false retrain."""

    design: str
    correlation: float
    with_role: Rate
    without: Rate
    found: Rate
    """Years with a shift from the first week on that were found within 12 checks."""


@dataclass(frozen=True)
class Feed:
    """Groups of the baseline's records, and of the window that comes in a week (0, 1, ...)."""

    name: str
    baseline: Callable[[np.random.Generator], Integers]
    window: Callable[[np.random.Generator, int], Integers]


def _new_patients(_: np.random.Generator, week: int) -> Integers:
    return np.repeat(np.arange(10) + 1_000 + 10 * week, 5)


def _short_stays(rng: np.random.Generator, week: int) -> Integers:
    return np.repeat(np.arange(40) + 1_000 + 40 * week, rng.integers(1, 3, 40))


FEEDS = (
    Feed("new patients, 5 visits each", lambda _: np.repeat(np.arange(70), 5), _new_patients),
    Feed("patients with 1 to 8 visits, new ones with 1 or 2",
         lambda rng: np.repeat(np.arange(80), rng.integers(1, 9, 80)), _short_stays),
    Feed("200 patients who return", lambda rng: rng.integers(0, 200, 350), lambda rng, _: rng.integers(0, 200, 50)),
    Feed("10 wards, all of them in each window",
         lambda _: np.repeat(np.arange(10), 35), lambda _, __: np.repeat(np.arange(10), 5)),
    Feed("20 wards, three of them in each window", lambda rng: rng.integers(0, 20, 350),
         lambda rng, _: rng.choice(20, 3, replace=False)[rng.integers(0, 3, 50)]),
)  # fmt: skip
"""Groups on one side only, with equal and unequal sizes; groups that come again; groups on both sides."""
GROUPS = 10_000
"""Groups that have an effect: more than come in a year."""


def made_columns(x: Floats, y: Floats, z: Floats, c: Floats) -> dict[str, npt.NDArray[Any]]:
    """Two plain columns, a skewed one and a category, from normal values."""
    levels = np.array(["a", "b", "c"])[np.searchsorted([-0.5, 0.7], c)]
    return {"x": x.round(2), "y": y.round(2), "z": np.exp(z).round(2), "c": levels}


class Population:
    """Makes records: each value is root(r) times its group's effect plus root(1 - r) times its own."""

    def __init__(self, correlation: float, rng: np.random.Generator) -> None:
        self._correlation, self._rng, self._made = correlation, rng, 0
        self._effects = rng.normal(size=(GROUPS, 4))

    def table(self, groups: Integers, shift: float = 0.0) -> pa.Table:
        """Records of these groups; the first column shifted."""
        own = self._rng.normal(size=(len(groups), 4))
        x = np.sqrt(self._correlation) * self._effects[groups] + np.sqrt(1 - self._correlation) * own
        first = self._made
        self._made += len(groups)
        return pa.table(
            {
                **made_columns(x[:, 0] + shift, x[:, 1] + 0.6 * x[:, 0], x[:, 2], x[:, 3]),
                "group": [f"group {group}" for group in groups],
                "record": [f"record {number}" for number in range(first, self._made)],
            }
        )


def clustered(scale: float, full: int = 400) -> list[Clustered]:
    """Single checks: a baseline and a window of each design, drawn anew each time."""
    results = []
    for index, feed in enumerate(FEEDS):
        for correlation in CORRELATIONS:
            tries, rng = max(2, round(full * scale)), stream(14, index, round(100 * correlation))
            hits, without, found, half, quarter = 0, 0, 0, max(2, tries // 2), max(2, tries // 4)
            for number in range(tries):
                made = Population(correlation, rng)
                baseline, window = made.table(feed.baseline(rng)), made.table(feed.window(rng, 0))
                hits += _verdict(baseline, window, SCHEMA) in DRIFT
                without += number < half and _verdict(baseline, window, WITHOUT) in DRIFT
                if number < quarter:
                    moved = made.table(feed.window(rng, 1), SHIFT)
                    found += _verdict(baseline, moved, SCHEMA) in DRIFT
            rates = (Rate(hits, tries), Rate(without, half), Rate(found, quarter))
            results.append(Clustered(feed.name, correlation, *rates))
            print(f"clusters: {feed.name}, {correlation}: {rates[0]}, without {rates[1]}, found {rates[2]}", flush=True)
    return results


def _verdict(baseline: pa.Table, window: pa.Table, schema: Schema) -> str:
    return check(Baseline.build(baseline, schema), Window.build(window, schema)).verdict.value


def clustered_years(scale: float, full: int = 40) -> list[ClusteredYears]:
    """Evidence over a year of weekly windows; the sums alone, without the single check of each newest window."""
    results = []
    for index, feed in enumerate(FEEDS):
        for correlation in CORRELATIONS:
            years = max(2, round(full * scale))

            def ends(schema: Schema, count: int, shift: float = 0.0, weeks: int = WEEKS) -> list[int | None]:
                seeds = ((index, number) for number in range(count))  # noqa: B023
                return [_first_alarm(feed, correlation, schema, seed, shift, weeks) for seed in seeds]  # noqa: B023

            found = ends(SCHEMA, max(2, years // 2), SHIFT, FOUND_WITHIN)
            result = ClusteredYears(
                feed.name,
                correlation,
                _per_check(ends(SCHEMA, years)),
                _per_check(ends(WITHOUT, max(2, years // 2))),
                Rate(sum(week is not None for week in found), len(found)),
            )
            results.append(result)
            print(
                f"clustered years: {feed.name}, {correlation}: {result.with_role.hits} in {result.with_role.tries} "
                f"checks, without {result.without.hits} in {result.without.tries}, found {result.found}",
                flush=True,
            )
    return results


def _first_alarm(
    feed: Feed, correlation: float, schema: Schema, seed: tuple[int, int], shift: float, weeks: int
) -> int | None:
    """The week of the first alarm, from 1; None for a quiet year. No file is written and no window hashed."""
    rng = stream(15, *seed)
    made = Population(correlation, rng)
    blocks: tuple[Block, ...] = ()
    features = features_of_sample(schema.features, sample_of(made.table(feed.baseline(rng)), schema))
    for week in range(weeks):
        sample = sample_of(made.table(feed.window(rng, week), shift), schema)
        sketch = None if sample.clusters is None else sketch_of(sample.clusters, sample.weights.astype(float))
        blocks = compact((*blocks, Block.of(1, None, features.sums(sample), sketch)))
        if strongest_stretch(features, blocks, None, None, Policy()).p <= Policy().evidence_level:
            return week + 1
    return None


def sample_of(table: pa.Table, schema: Schema) -> Sample:
    return ProfileBuilder(schema).take(table).sample()


def _per_check(ends: Sequence[int | None]) -> Rate:
    """False retrains of all checks that were made."""
    return Rate(sum(week is not None for week in ends), sum(week or WEEKS for week in ends))
