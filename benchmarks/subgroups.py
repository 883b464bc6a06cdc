"""Are planted subgroups named? Random rules in random tables, whose share or content changes; and nothing planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.rates import Rate, stream
from benchmarks.single import schema_of
from benchmarks.tables import TABLES, as_table, table
from driftloop import Baseline, Window
from driftloop.data.schema import Column
from driftloop.subgroups.conditions import Condition
from driftloop.subgroups.found import Subgroup, find_subgroups

BASELINE_ROWS, WINDOW_ROWS = 600, 500
SHARES = {0.1: 0.25, 0.3: 0.5}
"""Of the records before and after, where the share changes."""
SHIFT = 1.0
"""Standard deviations of a column, inside the subgroup, where its content changes."""
SIMILAR = 0.7
"""Jaccard index of the named and the planted records of the window."""
POOL = 4_000
"""Records that a rule is drawn from, and that a changed window is drawn from."""
TRIES = 2_000

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Named:
    """How often a planted subgroup was named."""

    table: str
    share: float
    kind: str
    rate: Rate


def named_subgroups(scale: float, full: int = 200) -> list[Named]:
    """Every table, share and kind; and how often something is named without a change (kind `none`, share 0)."""
    results = []
    for index, name in enumerate(TABLES):
        runs = max(2, round(full * scale))
        for number, (share, kind) in enumerate(
            [(0.0, "none")] + [(s, k) for s in SHARES for k in ("share", "content")]
        ):
            hits = sum(_is_named(name, share, kind, stream(8, index, number, run)) for run in range(runs))
            results.append(Named(name, share, kind, Rate(hits, runs)))
            print(f"subgroups: {name}: {share:.0%} {kind}: {results[-1].rate}", flush=True)
    return results


def _is_named(name: str, share: float, kind: str, rng: np.random.Generator) -> bool:
    source, schema = table(name), schema_of(name)
    baseline = Baseline.build(source.draw(BASELINE_ROWS, rng), schema)
    if kind == "none":
        return bool(find_subgroups(baseline, Window.build(source.draw(WINDOW_ROWS, rng), schema)).found)
    pool = source.source.sample(POOL, rng)
    columns = [column for column in schema.features if column.kind != "datetime"]
    rule = _rule(pool, columns, share, rng)
    inside = _met(rule, pool)
    if kind == "share":
        wanted = round(SHARES[share] * WINDOW_ROWS)
        rows = np.concatenate([
            rng.choice(np.flatnonzero(inside), wanted), rng.choice(np.flatnonzero(~inside), WINDOW_ROWS - wanted)
        ])  # fmt: skip
        window = pool.iloc[rows].reset_index(drop=True)
        planted = _met(rule, window)
    else:
        window = pool.iloc[rng.choice(POOL, WINDOW_ROWS, replace=False)].reset_index(drop=True)
        planted = _met(rule, window)
        named = {condition.column for condition in rule}
        free = [c.name for c in columns if c.kind == "numeric" and c.name not in named]
        column = free[int(rng.integers(len(free)))]
        window[column] = shifted(window[column], planted, SHIFT * float(pool[column].std()))
    found = find_subgroups(baseline, Window.build(as_table(window), schema)).found
    return any(_jaccard(_applied(each, window), planted) >= SIMILAR for each in found)


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
        if abs(_met(rule, pool).mean() - share) <= share / 5:
            return rule
    raise RuntimeError("no rule of this share was drawn: look at the table's columns")


def _met(rule: Sequence[Condition], records: pd.DataFrame) -> Marks:
    return _all_of([condition.parts for condition in rule], records)


def _applied(subgroup: Subgroup, records: pd.DataFrame) -> Marks:
    return _all_of(subgroup.conditions, records)


def _all_of(conditions: Sequence[tuple[str, str, float | str | None]], records: pd.DataFrame) -> Marks:
    met = np.ones(len(records), bool)
    for column, operator, value in conditions:
        values = records[column]
        if operator == "=":
            text = values.map(lambda each: f"{each:g}" if isinstance(each, float) else str(each))
            met &= (text.str.lower() == str(value).lower()).to_numpy()
        elif operator == "is missing":
            met &= values.isna().to_numpy()
        else:
            met &= (values >= value if operator == ">=" else values < value).to_numpy()
    return met


def _jaccard(first: Marks, second: Marks) -> float:
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 0.0
