"""A year of weekly checks: how often evidence calls for a retrain without drift, and how fast with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.changes import COLUMNS, moved
from benchmarks.plain import plain_p
from benchmarks.rates import Rate, stream
from benchmarks.single import ALPHA, REFERENCE_ROWS, schema_of
from benchmarks.tables import TABLES, Source, Table, table
from driftloop import Baseline, Evidence, Policy, Schema, Window, check
from driftloop.config.policy import DRIFT_SHARE
from driftloop.power.simulation import evidence_p
from driftloop.profile.sampling.sample import Sample
from driftloop.sequential.reference_features import derive_reference_features

WEEKS = 52
ROWS = 50
QUIET_WEEKS = 10
GIVE_UP = 60


@dataclass(frozen=True)
class NullYears:
    """Years without drift. A year ends with its first false retrain, as a retrain would start evidence again."""

    table: str
    years: Rate
    checks: Rate
    plain_years: Rate | None
    plain_checks: Rate | None


@dataclass(frozen=True)
class Delay:
    """Weekly windows until a shift of one column is found: from the first week, and after quiet weeks."""

    deviations: float
    asked: int
    median: float
    ninety: float
    after_quiet_median: float
    plain_median: float
    years: int


def first_alarm(baseline: Baseline, source: Table, schema: Schema, weeks: int, rng: np.random.Generator) -> int | None:
    """The week of the first alarm, from 1; None for a quiet year."""
    evidence: Evidence | None = Evidence()
    for week in range(1, weeks + 1):
        result = check(baseline, Window.build(source.draw(ROWS, rng), schema), Policy(), evidence)
        evidence = result.evidence
        if result.drift:
            return week
    return None


def null_years(scale: float, full: int = 2_000, plain_full: int = 200) -> list[NullYears]:
    """Every table; the plain tests, which are slow, on fewer years of the first."""
    results = []
    for index, name in enumerate(TABLES):
        source, schema = table(name), schema_of(name)
        years, rng = max(2, round(full * scale)), stream(4, index)
        ends = [first_false_alarm(source, schema, rng) for _ in range(years)]
        hits, checks = sum(week is not None for week in ends), sum(week or WEEKS for week in ends)
        plain = _plain_years(source, max(2, round(plain_full * scale)), rng) if name == "diabetes" else (None, None)
        results.append(NullYears(name, Rate(hits, years), Rate(hits, checks), *plain))
        print(
            f"years without drift: {name}: {Rate(hits, years)}, one in {checks / max(hits, 1):,.0f} checks", flush=True
        )
    return results


def first_false_alarm(source: Table, schema: Schema, rng: np.random.Generator) -> int | None:
    """The week of the first alarm of a year drawn from one population; None for a quiet year."""
    baseline = Baseline.build(source.draw(REFERENCE_ROWS, rng), schema)
    p = year_of_p(baseline, drawn_samples(source, schema, rng))
    alarms = np.flatnonzero(p <= DRIFT_SHARE / Policy().budget)
    return int(alarms[0]) + 1 if len(alarms) else None


def drawn_samples(source: Table, schema: Schema, rng: np.random.Generator) -> list[Sample]:
    """A year of windows. Half a year is read at once and cut: its rows lie in the order of their hashes, at random."""
    half = WEEKS // 2
    found = []
    for _ in range(2):
        whole = Window.build(source.draw(half * ROWS, rng), schema).profile.sample
        found += [part(whole, week * ROWS, (week + 1) * ROWS) for week in range(half)]
    return found


def part(sample: Sample, first: int, last: int) -> Sample:
    """Some of a sample's rows as a sample of their own."""
    rows = slice(first, last)
    return Sample(sample.keys[rows], sample.values[rows], sample.weights[rows], sample.levels, sample.complete)


def year_of_p(baseline: Baseline, samples: Sequence[Sample]) -> npt.NDArray[np.float64]:
    """What `driftloop.sequential.evidence.update` makes of each window, in one sweep: a test holds the two together."""
    features = derive_reference_features(baseline)
    sums = [features.sums(sample) for sample in samples]
    rows, totals = (np.array([[getattr(each, part) for each in sums]]) for part in ("rows", "totals"))
    return evidence_p(features, rows, totals, Policy())[0]


def _plain_years(source: Table, years: int, rng: np.random.Generator) -> tuple[Rate, Rate]:
    with_alarm = alarms = 0
    for _ in range(years):
        reference = source.draw(REFERENCE_ROWS, rng)
        raised = sum(plain_p(reference, source.draw(ROWS, rng)) <= ALPHA for _ in range(WEEKS))
        with_alarm, alarms = with_alarm + (raised > 0), alarms + raised
    return Rate(with_alarm, years), Rate(alarms, years * WEEKS)


def delays(scale: float, full: int = 90) -> list[Delay]:
    """Shifts of 0.35, 0.5 and 1 standard deviation of one column of the diabetes data, the columns in turn."""
    schema, before = schema_of("diabetes"), table("diabetes")
    results = []
    for index, (deviations, asked) in enumerate(((0.35, 12), (0.5, 4), (1.0, 1))):
        years, rng = max(2, round(full * scale)), stream(5, index)
        fresh, quiet, plain = [], [], []
        for number in range(years):
            after = Table("moved", _moved(COLUMNS[number % len(COLUMNS)], deviations))
            reference = before.draw(REFERENCE_ROWS, rng)
            baseline = Baseline.build(reference, schema)
            fresh.append(first_alarm(baseline, after, schema, GIVE_UP, rng) or GIVE_UP)
            quiet.append(_after_quiet(baseline, before, after, schema, rng))
            plain.append(
                next((w for w in range(1, GIVE_UP) if plain_p(reference, after.draw(ROWS, rng)) <= ALPHA), GIVE_UP)
            )
        results.append(
            Delay(
                deviations,
                asked,
                float(np.median(fresh)),
                float(np.percentile(fresh, 90)),
                float(np.median(quiet)),
                float(np.median(plain)),
                years,
            )
        )
        print(f"delay: {deviations} sd: median {np.median(fresh):g} weeks, asked {asked}", flush=True)
    return results


def _moved(column: str, deviations: float) -> Source:
    return moved(column, deviations)


def _after_quiet(baseline: Baseline, before: Table, after: Table, schema: Schema, rng: np.random.Generator) -> int:
    evidence: Evidence | None = Evidence()
    for _ in range(QUIET_WEEKS):
        evidence = check(baseline, Window.build(before.draw(ROWS, rng), schema), Policy(), evidence).evidence
    for week in range(1, GIVE_UP + 1):
        result = check(baseline, Window.build(after.draw(ROWS, rng), schema), Policy(), evidence)
        evidence = result.evidence
        if result.drift:
            return week
    return GIVE_UP
