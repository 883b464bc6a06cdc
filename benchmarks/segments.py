"""Is a segment that changed named, and none where nothing has? One column moves inside one segment."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np

from benchmarks.rates import Rate, stream
from benchmarks.single import schema_of
from benchmarks.tables import as_table, table
from driftloop import Baseline, Policy, Schema, Window
from driftloop.segments.verdicts import judge_segments

BASELINE_ROWS, WINDOW_ROWS = 600, 500
SEGMENTS = {"diabetes": "sex", "admissions": "diagnosis"}
"""The column that each table is judged by: two segments, and five."""
SHIFTS = (0.0, 0.5, 1.0)
"""Standard deviations of a column, inside one segment; 0: nothing changes."""


@dataclass(frozen=True)
class SegmentRate:
    """`named`: windows in which the changed segment is called drift (without a change: any); `others`: another one."""

    table: str
    shift: float
    named: Rate
    others: Rate


def segment_rates(scale: float, full: int = 1000) -> list[SegmentRate]:
    """Every table and shift; without a change four times as many windows as with one."""
    results = []
    for index, (name, column) in enumerate(SEGMENTS.items()):
        schema = _judged_by(schema_of(name), column)
        for number, shift in enumerate(SHIFTS):
            runs = max(2, round(full * scale / (4 if shift else 1)))
            found = [_named(name, schema, column, shift, stream(9, index, number, run)) for run in range(runs)]
            named, others = (Rate(sum(each[place] for each in found), runs) for place in (0, 1))
            results.append(SegmentRate(name, shift, named, others))
            print(f"segments: {name}: {shift} sd: {named}, another one {others}", flush=True)
    return results


def _judged_by(schema: Schema, column: str) -> Schema:
    return Schema(
        tuple(
            msgspec.structs.replace(each, kind="categorical", segment=True) if each.name == column else each
            for each in schema.columns
        )
    )


def _named(name: str, schema: Schema, column: str, shift: float, rng: np.random.Generator) -> tuple[bool, bool]:
    """Whether the changed segment is called drift, and whether another one is."""
    source = table(name)
    baseline = Baseline.build(source.draw(BASELINE_ROWS, rng), schema)
    frame = source.source.sample(WINDOW_ROWS, rng)
    value = frame[column].dropna().iloc[int(rng.integers(len(frame[column].dropna())))]
    numeric = [each.name for each in schema.features if each.kind == "numeric" and each.name != column]
    moved = numeric[int(rng.integers(len(numeric)))]
    frame[moved] = frame[moved].astype(float) + shift * float(frame[moved].std()) * (frame[column] == value).to_numpy()
    found = judge_segments(baseline, Window.build(as_table(frame), schema), Policy(), 0.05)
    named = set() if found is None else {each.value for each in found.drifted}
    changed = {f"{value:g}" if isinstance(value, float) else str(value)}
    return (bool(named), False) if not shift else (bool(named & changed), bool(named - changed))
