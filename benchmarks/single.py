"""One check at alpha 0.05: how often it cries wolf without drift, and how often it finds what changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from benchmarks.changes import CASES, Case
from benchmarks.held_out import HELD_OUT
from benchmarks.plain import plain_p
from benchmarks.random_changes import random_cases
from benchmarks.rates import Rate, stream
from benchmarks.tables import TABLES, as_table, table
from driftloop import Baseline, Schema, Window, check

REFERENCE_ROWS = 350
ALPHA = 0.05
WINDOWS = {25: 2_000, 50: 2_000, 100: 2_000, 250: 2_000, 2_500: 2_000, 100_000: 100}


@dataclass(frozen=True)
class FalseAlarms:
    """Windows without drift: how often the check and the plain tests raise an alarm, and with which verdicts."""

    table: str
    rows: int
    driftloop: Rate
    plain: Rate | None
    verdicts: dict[str, int]


@dataclass(frozen=True)
class Detection:
    """Windows with a change: how often the check and the plain tests find it; the worst column's rate."""

    case: str
    rows: int
    driftloop: Rate
    plain: Rate
    goal: float | None
    worst: tuple[str, float]
    verdicts: dict[str, int]


def verdict(reference: pa.Table, window: pa.Table, schema: Schema) -> str:
    """What `driftloop check` answers."""
    return check(Baseline.build(reference, schema), Window.build(window, schema)).verdict.value


def schema_of(name: str) -> Schema:
    """The schema that a user gets by default: inferred from a reference file."""
    return Schema.infer(table(name).draw(REFERENCE_ROWS, stream(1)).to_batches())


def false_alarms(scale: float) -> list[FalseAlarms]:
    """Every table and window size; `scale` shrinks the number of windows."""
    results = []
    for index, name in enumerate(TABLES):
        schema, source = schema_of(name), table(name)
        for rows, full in WINDOWS.items():
            tries = max(2, round(full * scale))
            rng, seen, plain = stream(2, index, rows), Counter[str](), 0
            for _ in range(tries):
                reference, window = source.draw(REFERENCE_ROWS, rng), source.draw(rows, rng)
                seen[verdict(reference, window, schema)] += 1
                plain += rows <= 2_500 and plain_p(reference, window) <= ALPHA
            alarms = Rate(seen["drift"] + seen["incident"], tries)
            results.append(FalseAlarms(name, rows, alarms, Rate(plain, tries) if rows <= 2_500 else None, dict(seen)))
            print(f"false alarms: {name}, n={rows}: {alarms}", flush=True)
    return results


def detection(scale: float) -> list[Detection]:
    """Every case of the detection table."""
    return [_detected(case, stream(3, index), max(2, round(1_000 * scale))) for index, case in enumerate(CASES)]


def held_out(scale: float) -> list[Detection]:
    """Every case that no choice in the engine was made by."""
    return [_detected(case, stream(10, index), max(2, round(400 * scale))) for index, case in enumerate(HELD_OUT)]


def random_changes(scale: float) -> list[Detection]:
    """Every change that was drawn at random."""
    return [
        _detected(case, stream(15, index), max(2, round(1_000 * scale))) for index, case in enumerate(random_cases())
    ]


def _detected(case: Case, rng: np.random.Generator, tries: int) -> Detection:
    before, schema = table(case.table), schema_of(case.table)
    populations = {column: case.make(column) for column in case.columns}
    found: dict[str, list[bool]] = {column: [] for column in case.columns}
    seen, plain = Counter[str](), 0
    for number in range(tries):
        column = case.columns[number % len(case.columns)]
        reference = before.draw(REFERENCE_ROWS, rng)
        window = as_table(populations[column].sample(case.rows, rng))
        answer = verdict(reference, window, schema)
        seen[answer] += 1
        found[column].append(answer in case.verdicts)
        plain += plain_p(reference, window) <= ALPHA
    hits = Rate(sum(sum(each) for each in found.values()), tries)
    worst = min(found, key=lambda column: float(np.mean(found[column])))
    print(f"detection: {case.name}: {hits}, plain {Rate(plain, tries)}", flush=True)
    rate = float(np.mean(found[worst]))
    return Detection(case.name, case.rows, hits, Rate(plain, tries), case.goal, (worst, rate), dict(seen))
