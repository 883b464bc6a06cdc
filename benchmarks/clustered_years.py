"""Evidence over a year of weekly windows whose records depend on each other: false retrains, and changes found.

The sums alone are quick. Whole checks add the comparison of each newest window, in which clusters on both sides change
sides pair by pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from benchmarks.cluster_feeds import FEEDS, SCHEMA, WITHOUT, Feed, Population
from benchmarks.clusters import CORRELATIONS, DRIFT, SHIFT
from benchmarks.rates import Rate, stream
from driftloop import Baseline, Evidence, Policy, Schema, Window, check
from driftloop.profile.builder import ProfileBuilder
from driftloop.profile.sampling.sample import Sample
from driftloop.sequential.clustered_sums import sketch_of
from driftloop.sequential.reference_features import features_of_sample
from driftloop.sequential.stretches import strongest_stretch
from driftloop.sequential.window_sums import Block, compact

WEEKS = 52
FOUND_WITHIN = 12
"""Weeks: a quarter."""
ON_BOTH_SIDES = tuple(
    feed for feed in FEEDS if feed.name.startswith(("10 wards, all", "10 wards, half", "12 wards stay", "16 wards"))
)
"""Feeds that are checked as a whole for a year: with fewer pairs than the budget asks for, with some, and with more."""


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
class CheckedYears:
    """Years of whole weekly checks with evidence: those without a change that see a false retrain, and all checks.

    `found`: series with a shift from the first week on that were found within 12 checks; in how many at median.
    """

    design: str
    correlation: float
    years: Rate
    checks: Rate
    found: Rate
    median: float


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
    features = features_of_sample(schema.features, sample_of(made.baseline(feed), schema))
    for week in range(weeks):
        sample = sample_of(made.window(feed, week, shift), schema)
        sketch = None if sample.clusters is None else sketch_of(sample.clusters, sample.weights.astype(float))
        blocks = compact((*blocks, Block.of(1, None, features.sums(sample), sketch)))
        if strongest_stretch(features, blocks, None, None, Policy()).p <= Policy().evidence_level:
            return week + 1
    return None


def checked_years(scale: float, full: int = 60) -> list[CheckedYears]:
    """Whole checks of feeds whose clusters are on both sides."""
    results = []
    for feed in ON_BOTH_SIDES:
        for correlation in CORRELATIONS:
            years, seed = max(2, round(full * scale)), (FEEDS.index(feed), round(100 * correlation))
            quiet = [_first_retrain(feed, correlation, stream(20, *seed, year), 0.0, WEEKS) for year in range(years)]
            moved = [
                _first_retrain(feed, correlation, stream(21, *seed, year), SHIFT, FOUND_WITHIN)
                for year in range(max(2, years // 2))
            ]
            hits = sum(week is not None for week in quiet)
            found = Rate(sum(week is not None for week in moved), len(moved))
            median = float(np.median([week or np.inf for week in moved]))
            results.append(CheckedYears(feed.name, correlation, Rate(hits, years), _per_check(quiet), found, median))
            print(
                f"checked years: {feed.name}, {correlation}: {hits} of {years} years, {hits} in "
                f"{results[-1].checks.tries} checks; found {found}, median {median:g}",
                flush=True,
            )
    return results


def _first_retrain(feed: Feed, correlation: float, rng: np.random.Generator, shift: float, weeks: int) -> int | None:
    """The week of the first drift or incident, from 1; None where there is none."""
    made = Population(correlation, rng)
    baseline, evidence = Baseline.build(made.baseline(feed), SCHEMA), Evidence()
    for week in range(weeks):
        found = check(baseline, Window.build(made.window(feed, week, shift), SCHEMA), Policy(), evidence)
        if found.verdict.value in DRIFT:
            return week + 1
        assert found.evidence is not None
        evidence = found.evidence
    return None


def sample_of(table: pa.Table, schema: Schema) -> Sample:
    return ProfileBuilder(schema).take(table).sample()


def _per_check(ends: Sequence[int | None]) -> Rate:
    """False retrains of all checks that were made."""
    return Rate(sum(week is not None for week in ends), sum(week or WEEKS for week in ends))
