"""Tables of many columns that did not change: how often one check raises an alarm, and what it costs.

The columns of one table depend on each other by common factors, as laboratory values and claims do. A fifth are skewed
and rounded, a fifth are categories, and in a tenth of them one value in fifty is missing.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from benchmarks.rates import Rate, stream
from driftloop import Baseline, Schema, Window, check

COLUMNS = (500, 2_000)
WINDOWS = 400
# Few rows, so that 400 windows of 2,000 columns take half an hour of a core: with 10,000 rows they would take five.
# What multiplicity does depends on the columns; rates by rows are in the false alarms of tables.
BASELINE_ROWS, WINDOW_ROWS = 200, 40
FACTORS = 20  # common causes: each pair of columns is correlated a little, as in tables of one source
SAID_EVERY = 10  # windows; a long run that is stopped has then told how far it came


@dataclass(frozen=True)
class WideAlarms:
    """Windows without drift of a table of so many columns; `cpu`: seconds of processor time a check."""

    columns: int
    rows: int
    alarms: Rate
    verdicts: dict[str, int]
    cpu: float


def wide_alarms(scale: float) -> list[WideAlarms]:
    """Every width; `scale` shrinks the number of windows."""
    return [measured(columns, max(2, round(WINDOWS * scale))) for columns in COLUMNS]


def measured(columns: int, tries: int) -> WideAlarms:
    """So many windows of one width, each against a baseline of its own.

    Parameters
    ----------
    columns : int
        Of the table.
    tries : int
        Windows to draw.
    """
    rng, seen = stream(30, columns), Counter[str]()
    loadings = stream(31, columns).normal(size=(FACTORS, columns)) / np.sqrt(FACTORS)
    schema = Schema.infer(wide_table(BASELINE_ROWS, loadings, stream(32, columns)))
    used = time.process_time()
    for number in range(1, tries + 1):
        baseline = Baseline.build(wide_table(BASELINE_ROWS, loadings, rng), schema)
        window = Window.build(wide_table(WINDOW_ROWS, loadings, rng), schema)
        seen[check(baseline, window).verdict.value] += 1
        found = WideAlarms(
            columns,
            WINDOW_ROWS,
            Rate(seen["drift"] + seen["incident"], number),
            dict(seen),
            (time.process_time() - used) / number,
        )
        if number % SAID_EVERY == 0 or number == tries:
            print(f"wide: {columns} columns: {found.alarms} of {number}, {found.cpu:.2f} CPU s a check", flush=True)
    return found


def wide_table(rows: int, loadings: np.ndarray, rng: np.random.Generator) -> pa.Table:
    """Records of one population: `loadings` (factors by columns) say how its columns hang together."""
    columns = loadings.shape[1]
    values = rng.normal(size=(rows, len(loadings))) @ loadings + rng.normal(size=(rows, columns))
    missing = rng.random((rows, columns)) < 0.02
    found: dict[str, pa.Array] = {}
    for number in range(columns):
        column, gone = values[:, number], missing[:, number] if number % 10 == 3 else None
        match number % 5:
            case 0:
                found[f"skewed_{number:04}"] = pa.array(np.round(np.exp(column), 1), mask=gone)
            case 1:
                level = np.searchsorted((-1.0, 0.5, 1.5), column)
                found[f"group_{number:04}"] = pa.array(np.array(["a", "b", "c", "d"])[level], mask=gone)
            case _:
                found[f"value_{number:04}"] = pa.array(column, mask=gone)
    return pa.table(found)
