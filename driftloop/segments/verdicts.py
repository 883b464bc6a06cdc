"""A verdict for each segment that the schema names: each ward, each region, judged by itself.

The records of a segment, of both sides, are compared by the single check's statistics and permutations. A segment's own
records are exchangeable when nothing has changed inside it, whatever its share of all records does. The p-values of all
segments of all columns are adjusted together by Holm's procedure. So without a change any segment is called `drift`
with a chance of at most the level.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.config.policy import Policy
from driftloop.data.levels import codes_of
from driftloop.data.redaction import may_name
from driftloop.profile.contents import comparable_samples
from driftloop.segments.segments import Segment, Segments
from driftloop.stats.holm import holm
from driftloop.two_sample.compare import REFINED_BELOW, REFINED_PERMUTATIONS, Comparison, compare_records
from driftloop.two_sample.dependence.clusters import smallest_p_of
from driftloop.two_sample.dependence.seasons import matching
from driftloop.two_sample.large_tables import thin_samples
from driftloop.two_sample.score_matrix import PooledRecords, pool_samples
from driftloop.wording.number_formats import with_p

if TYPE_CHECKING:
    from driftloop.data.schema import Column
    from driftloop.profile.window import Baseline, Window

Marks = npt.NDArray[np.bool_]

MOST_SEGMENTS = 50
"""Judged, those with the most records first: more would be a table that nobody reads, and each costs all others power.
The rest are counted."""
HITS = 5
"""Permutations that reach the observed statistic, at the level that Holm asks of the smallest p. With so many, that p
is known to about half of itself.
"""
MOST_PERMUTATIONS = 30_000
"""Of a segment: enough for 50 segments at a budget of 520 checks, and below a second each."""


def judge_segments(
    baseline: Baseline, window: Window, policy: Policy, level: float, excluded: Collection[int] = ()
) -> Segments | None:
    """A verdict for each value of the columns with `segment = true`; None where the schema has none.

    Parameters
    ----------
    baseline, window : read with one schema.
    policy : minimum effects, permutations, and `min_rows`: a segment with fewer records on a side is `insufficient`.
    level : the chance that any segment is called `drift` without a change.
    excluded : indices (among the schema's features) of columns to leave out.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, driftloop
    >>> def visits(seed, by):
    ...     rng = np.random.default_rng(seed)
    ...     ward = rng.choice(["north", "south"], 400)
    ...     return pa.table({"ward": ward, "age": rng.normal(60, 10, 400) + by * (ward == "south")})
    >>> schema = driftloop.Schema([driftloop.Column("ward", "categorical", segment=True), driftloop.Column("age")])
    >>> sides = driftloop.Baseline.build(visits(1, 0), schema), driftloop.Window.build(visits(2, 8), schema)
    >>> found = judge_segments(*sides, driftloop.Policy(), 0.05)
    >>> [(each.value, each.verdict, each.moved) for each in found.found]
    [('north', 'stable', ()), ('south', 'drift', ('age',))]
    """
    columns = baseline.schema.features
    by = [index for index, column in enumerate(columns) if column.segment and index not in excluded]
    if not by:
        return None
    seed = int.from_bytes(sha256(f"segments{baseline.sha256}{window.sha256}".encode()).digest()[:8], "little")
    samples = thin_samples(*comparable_samples(baseline.profile, window.profile), seed)
    pooled = matching(pool_samples(*samples))
    parts, not_judged = _parts(pooled, columns, by)
    judged = [part for part in parts if part.is_enough(pooled, policy)]
    used = [index for index, column in enumerate(columns) if column.retrains and index not in excluded]
    compared = [
        _compare(part.of(pooled), columns, used, policy, share=level / len(judged), seed=seed + number)
        for number, part in enumerate(judged)
    ]
    adjusted = dict(zip(judged, holm([each.p for each in compared]).tolist(), strict=True))
    answers = dict(zip(judged, compared, strict=True))
    found = tuple(_described(part, columns, answers.get(part), adjusted.get(part), level) for part in parts)
    return Segments(found, level, not_judged)


@dataclass(frozen=True, eq=False)
class _Part:
    """A segment's records among the pooled ones (n,), and how many of baseline and window they are."""

    column: Column
    value: str
    chosen: Marks
    records: tuple[int, int]

    def of(self, pooled: PooledRecords) -> PooledRecords:
        return pooled.chosen(self.chosen)

    def is_enough(self, pooled: PooledRecords, policy: Policy) -> bool:
        """Whether there are enough records on both sides, and enough groups where records depend on each other."""
        if min(self.records) < policy.min_rows:
            return False
        mine = self.of(pooled)
        return mine.clusters is None or smallest_p_of(mine.clusters, mine.window) <= policy.check_level


def _parts(pooled: PooledRecords, columns: Sequence[Column], by: Sequence[int]) -> tuple[list[_Part], int]:
    """The segments in the order of columns and names, and how many values are none."""
    every = [part for index in by for part in _values(pooled, columns[index], index)]
    named = [part for part in every if may_name(part.value, part.column, part.records[0])]
    kept = set(sorted(named, key=lambda part: -min(part.records))[:MOST_SEGMENTS])
    return [part for part in named if part in kept], len(every) - len(kept)


def _values(pooled: PooledRecords, column: Column, index: int) -> Iterator[_Part]:
    codes = codes_of(pooled.values[:, index])
    for code, value in enumerate(pooled.levels[index]):
        chosen = codes == code
        of_window = int(np.count_nonzero(chosen & pooled.window))
        if chosen.any():
            yield _Part(column, value, chosen, (int(np.count_nonzero(chosen)) - of_window, of_window))


def _compare(
    part: PooledRecords, columns: Sequence[Column], used: Sequence[int], policy: Policy, *, share: float, seed: int
) -> Comparison:
    """The comparison of a segment; where its p is small, enough permutations to tell a p of `share`.

    Both are permutation p-values, and the second is taken where the first is small. A p up to `REFINED_BELOW` is then
    always the second one. A larger one is at most as often too small as the first, so the level holds.
    """
    found = compare_records(part, columns, used, policy, times=policy.permutations, seed=seed, level=share)
    wanted = min(max(REFINED_PERMUTATIONS, ceil(HITS / share)), MOST_PERMUTATIONS)
    if found.p <= REFINED_BELOW and policy.permutations < wanted:
        return compare_records(part, columns, used, policy, times=wanted, seed=seed, level=share)
    return found


def _described(
    part: _Part, columns: Sequence[Column], compared: Comparison | None, p: float | None, level: float
) -> Segment:
    who = f"{part.column.name} = {part.value}"
    of = (part.column.name, part.value)
    if compared is None or p is None:
        return Segment(*of, "insufficient", *part.records, None, (), f"{who}: too few records to say anything")
    if p > level or not compared.matters:
        why = "no change beyond chance" if p > level else "a change beyond chance, but too small to matter"
        return Segment(*of, "stable", *part.records, p, (), f"{who}: {why} ({with_p(p)})")
    moved = _moved(columns, compared, level)
    return Segment(*of, "drift", *part.records, p, moved, f"{who}: {', '.join(moved)} moved ({with_p(p)})")


def _moved(columns: Sequence[Column], compared: Comparison, level: float) -> tuple[str, ...]:
    """The columns that stand out inside the segment, the surest first; where none does by itself, the surest."""
    results = sorted(compared.results, key=lambda result: (result.p, -abs(result.z)))
    sure = [result for result in results if result.p <= level and result.matters] or results[:1]
    return tuple(dict.fromkeys(columns[index].name for result in sure for index in result.score.column_indexes))
