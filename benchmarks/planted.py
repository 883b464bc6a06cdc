"""Random rules in random tables, whose share or content changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.single import schema_of
from benchmarks.tables import as_table, table
from driftloop import Baseline, Window
from driftloop.data.schema import Column
from driftloop.subgroups.conditions import Condition
from driftloop.two_sample.score_matrix import PooledRecords

BASELINE_ROWS, WINDOW_ROWS = 600, 500
SHARES = {0.1: 0.25, 0.3: 0.5}
"""Of the records before and after, where the share changes."""
SHIFT = 1.0
"""Standard deviations of a column, inside the subgroup, where its content changes."""
POOL = 4_000
"""Records that a rule is drawn from, and that a changed window is drawn from."""
TRIES = 2_000

Marks = npt.NDArray[np.bool_]
Part = tuple[str, str, float | str | None]


@dataclass(frozen=True)
class Planted:
    """Both sides; the window's records, the rule, the column whose content moved (None: the share), who meets it."""

    baseline: Baseline
    window: Window
    records: pd.DataFrame
    rule: tuple[Part, ...]
    column: str | None
    inside: Marks


def planted(name: str, share: float, kind: str, rng: np.random.Generator) -> Planted:
    """A baseline, and a window in which the share or the content of a random subgroup changed."""
    source, schema = table(name), schema_of(name)
    baseline = Baseline.build(source.draw(BASELINE_ROWS, rng), schema)
    pool = source.source.sample(POOL, rng)
    columns = [column for column in schema.features if column.kind != "datetime"]
    rule = _rule(pool, columns, share, rng)
    parts = [condition.parts for condition in rule]
    inside = met(parts, pool)
    if kind == "share":
        wanted = round(SHARES[share] * WINDOW_ROWS)
        rows = np.concatenate([
            rng.choice(np.flatnonzero(inside), wanted), rng.choice(np.flatnonzero(~inside), WINDOW_ROWS - wanted)
        ])  # fmt: skip
        records = pool.iloc[rows].reset_index(drop=True)
        return Planted(
            baseline, Window.build(as_table(records), schema), records, tuple(parts), None, met(parts, records)
        )
    records = pool.iloc[rng.choice(POOL, WINDOW_ROWS, replace=False)].reset_index(drop=True)
    marks = met(parts, records)
    named = {condition.column for condition in rule}
    free = [c.name for c in columns if c.kind == "numeric" and c.name not in named]
    column = free[int(rng.integers(len(free)))]
    records[column] = shifted(records[column], marks, SHIFT * float(pool[column].std()))
    return Planted(baseline, Window.build(as_table(records), schema), records, tuple(parts), column, marks)


def shifted(values: pd.Series, planted: Marks, by: float) -> pd.Series:
    """A column of which the planted records moved; whole numbers stay whole.

    >>> shifted(pd.Series([1, 2]), np.array([True, False]), 1.4).tolist()
    [2, 2]
    """
    return values + planted * (round(by) if values.dtype.kind == "i" else by)


def _rule(pool: pd.DataFrame, columns: Sequence[Column], share: float, rng: np.random.Generator) -> list[Condition]:
    """One to three random conditions on different columns that as many records meet, to within a fifth of it."""
    for _ in range(TRIES):
        size = int(rng.integers(1, 4))
        each = share ** (1 / size)
        rule = []
        for place in rng.choice(len(columns), size, replace=False):
            column, values = columns[place], pool[columns[place].name]
            if column.kind == "categorical":
                counts = values.astype(str).value_counts()
                level = str(rng.choice(counts.index[:5]))
                rule.append(Condition(int(place), column.name, level=0.0, level_name=level))
            else:
                low = bool(rng.integers(2))
                limit = float(values.quantile(each if low else 1 - each))
                rule.append(Condition(int(place), column.name, limit=limit, at_least=not low))
        if abs(met([condition.parts for condition in rule], pool).mean() - share) <= share / 5:
            return rule
    raise RuntimeError("no rule of this share was drawn: look at the table's columns")


def met(conditions: Sequence[Part], records: pd.DataFrame) -> Marks:
    """Which of the drawn records meet all conditions."""
    marks = np.ones(len(records), bool)
    for column, operator, value in conditions:
        values = records[column]
        if operator == "=":
            text = values.map(lambda each: f"{each:g}" if isinstance(each, float) else str(each))
            marks &= (text.str.lower() == str(value).lower()).to_numpy()
        elif operator == "is missing":
            marks &= values.isna().to_numpy()
        else:
            marks &= (values >= value if operator == ">=" else values < value).to_numpy()
    return marks


def jaccard(first: Marks, second: Marks) -> float:
    """How far two sets of records agree: 1 where they are the same."""
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 0.0


def meets(rule: Sequence[Part], pooled: PooledRecords, columns: Sequence[Column]) -> Marks:
    """Which records of both sides meet a rule of limits and categories."""
    marks = np.ones(len(pooled.values), bool)
    for name, operator, value in rule:
        place = [column.name for column in columns].index(name)
        values = pooled.values[:, place]
        if operator == "=":
            levels = [level.lower() for level in pooled.levels[place]]
            wanted = str(value).lower()
            marks &= values == (levels.index(wanted) if wanted in levels else -1)
        else:
            marks &= values >= float(value or 0) if operator == ">=" else values < float(value or 0)
    return marks
