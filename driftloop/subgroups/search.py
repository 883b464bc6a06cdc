"""The subgroup whose share of the records, or whose content, has changed most; valid after having searched.

Candidates are all conditions and all pairs of them. Two kinds of statistic are looked at, both standardised so that
without a change their mean is 0 and their variance 1 given the pooled records:

share    (window's count in the subgroup - its expectation) / sd, hypergeometric
content  of a column's normal scores inside the subgroup: difference of the two sides' means / its standard error

The largest of each kind is compared with the largest under random permutations of the records' sides, and the smaller
of both p with its own distribution (max-statistic and min-p, Westfall and Young 1993). So the search itself is
accounted for, whatever the dependence of the candidates. Which subgroup is named, and its refinement below, use the
observed sides only and decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.subgroups.conditions import Condition, build_conditions, short_limit
from driftloop.two_sample.clusters import cluster_labels
from driftloop.two_sample.min_p import Family, combine
from driftloop.two_sample.permutation import mark_smallest
from driftloop.two_sample.seasons import labels_within

if TYPE_CHECKING:
    from driftloop.data.schema import Column
    from driftloop.two_sample.score_matrix import PooledRecords

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Marks = npt.NDArray[np.bool_]

PERMUTATIONS = 199
"""p is then told in steps of 1/200: enough for a level of 0.05, and seconds for ten columns."""
LEAST_RECORDS = 20
"""Of a subgroup on both sides together, as of a window: fewer say too little."""
LEAST_ON_A_SIDE = 10
"""Records of each side inside a subgroup whose content is compared: means of fewer have heavy tails, and the largest of
thousands of them would hide everything else."""
MOST_SHARE = 0.6
"""Of all records: what is larger is no subgroup; its complement is."""
WORTH_A_CONDITION = 1.0
"""Standard errors that one more condition must add: of many candidates the best adds a little by chance."""
MOST_CONDITIONS = 3
"""What a person can keep in mind."""
AT_ONCE = 512
"""Candidates that are counted together: with 3,000 records they take 6 MB, and a processor's cache holds most of it."""
STEPS = np.arange(0.02, 0.99, 0.01)
"""Quantiles that a limit of the rule is moved to."""
SHARE, CONTENT = "share", "content"
ALL: tuple[Condition, ...] = ()
"""The rule that every record meets: for content alone."""


@dataclass(frozen=True)
class Finding:
    """The largest statistic: its rule, the column whose content changed (None: the share did), its p."""

    rule: tuple[Condition, ...]
    content: int | None
    z: float
    p: float


def search(
    pooled: PooledRecords, columns: Sequence[Column], scores: Floats, *, seed: int, times: int = PERMUTATIONS
) -> Finding | None:
    """The subgroup that changed most, with a p that accounts for the search; None where there is no candidate.

    Parameters
    ----------
    pooled : records of both sides.
    columns : the d compared columns.
    scores : a score of each record and column (n, d), 0 where a value is missing: what content is measured by.
    seed : of the permutations.
    times : number of permutations.
    """
    conditions = build_conditions(pooled, columns)
    marks = [each.met(pooled.values) for each in conditions]
    rules = [ALL, *((each,) for each in conditions), *_pairs(conditions)]
    by_condition = dict(zip(conditions, marks, strict=True))
    labels = _labels(pooled, times, seed)
    kinds = {SHARE: _Largest.of(len(labels)), CONTENT: _Largest.of(len(labels))}
    categorical = np.array([column.kind == "categorical" for column in columns], bool)
    for block in _blocks(rules, by_condition, len(pooled.values), categorical):
        for content, z in _statistics(block.matrix, labels, scores, block.columns):
            kinds[SHARE if content is None else CONTENT].look(z, block.rules, content)
    families = [Family(name, 1.0, each.largest[:1], each.largest) for name, each in kinds.items()]
    combined = combine(families)
    # Of two that chance never reached, the one that stands farther above what chance brings to its kind.
    name = min(kinds, key=lambda kind: (float(combined.adjusted[kind][0]), -kinds[kind].excess))
    best = kinds[name]
    if not best.largest[0]:
        return None

    def z_of(candidate: tuple[Condition, ...]) -> float:
        met = np.ones(len(pooled.values), bool)
        for condition in candidate:
            met &= condition.met(pooled.values)
        if candidate and not LEAST_RECORDS <= np.count_nonzero(met) <= MOST_SHARE * len(met):
            return 0.0
        block = _block([candidate], [met], categorical)
        return float(dict(_statistics(block.matrix, labels[:1], scores, block.columns))[best.content][0, 0])

    rule = _shortened(best.rule, z_of, least=0 if best.content is not None else 1)
    rule = _moved_limits(_lengthened(rule, z_of, conditions), z_of, pooled)
    return Finding(rule, best.content, float(best.largest[0]), combined.p)


@dataclass
class _Largest:
    """The largest statistic of one kind: of each row of labels, and of which rule the observed one is."""

    largest: Singles
    rule: tuple[Condition, ...] = ()
    content: int | None = None

    @classmethod
    def of(cls, rows: int) -> _Largest:
        return cls(np.zeros(rows, np.float32))

    def look(self, z: Floats, rules: Sequence[tuple[Condition, ...]], content: int | None) -> None:
        """Look at |z| of some rules (B + 1, k)."""
        place = int(z[0].argmax())
        if z[0, place] > self.largest[0]:
            self.rule, self.content = rules[place], content
        self.largest = np.maximum(self.largest, z.max(axis=1).astype(np.float32))

    @property
    def excess(self) -> float:
        """The observed one, in units of the 95 % quantile of what chance brings."""
        return float(self.largest[0] / max(float(np.quantile(self.largest[1:], 0.95)), 1e-9))


@dataclass(frozen=True)
class _Block:
    """Some rules with the records that meet them: matrix (n, k), and which columns each rule is about (k, d).

    The rule that all records meet counts as being about each categorical column: the share of a category is a rule.
    """

    rules: list[tuple[Condition, ...]]
    matrix: Singles
    columns: Marks


def _pairs(conditions: Sequence[Condition]) -> Iterator[tuple[Condition, Condition]]:
    """Pairs on two columns, or a range on one."""
    for first, second in combinations(conditions, 2):
        limits = first.limit is not None and second.limit is not None
        if first.column_index != second.column_index or (limits and first.at_least != second.at_least):
            yield first, second


def _blocks(
    rules: Sequence[tuple[Condition, ...]], marks: dict[Condition, Marks], records: int, categorical: Marks
) -> Iterator[_Block]:
    kept: list[tuple[Condition, ...]] = []
    columns: list[Marks] = []
    for rule in rules:
        met = np.ones(records, bool)
        for condition in rule:
            met &= marks[condition]
        count = np.count_nonzero(met)
        if rule and not LEAST_RECORDS <= count <= MOST_SHARE * records:
            continue
        kept.append(rule)
        columns.append(met)
        if len(kept) == AT_ONCE:
            yield _block(kept, columns, categorical)
            kept, columns = [], []
    if kept:
        yield _block(kept, columns, categorical)


def _block(rules: list[tuple[Condition, ...]], met: list[Marks], categorical: Marks) -> _Block:
    about = np.zeros((len(rules), len(categorical)), bool)
    for place, rule in enumerate(rules):
        about[place, [condition.column_index for condition in rule]] = True
        if not rule:
            about[place] = categorical
    return _Block(rules, np.column_stack(met).astype(np.float32), about)


def _labels(pooled: PooledRecords, times: int, seed: int) -> Singles:
    """Row 0: which records are the window's; the others: random choices of as many, of clusters or within seasons."""
    window = pooled.window
    if pooled.clusters is not None:
        drawn = [cluster_labels(window, pooled.clusters, times, seed)]
    elif pooled.seasons is not None:
        drawn = [*labels_within(window, pooled.seasons, times, seed)]
    else:
        random = np.random.Generator(np.random.SFC64(seed))
        few = int(np.count_nonzero(window))
        drawn = [mark_smallest(random.random((1, len(window)), dtype=np.float32), few) for _ in range(times)]
    return np.concatenate([window.astype(np.float32)[None, :], *drawn])


def _statistics(met: Singles, labels: Singles, scores: Floats, about: Marks) -> Iterator[tuple[int | None, Floats]]:
    """|z| of the share, then of each column's content, of k rules under each row of labels (B + 1, k).

    The content of a column that a rule is about is left out: its limits have cut that column already.
    """
    records, few = len(met), labels.sum(axis=1, dtype=np.float64)[:, None]
    size = met.sum(axis=0, dtype=np.float64)
    inside = (labels @ met).astype(np.float64)
    everyone = size == records
    variance = few * (records - few) / (records - 1.0) * (size / records) * (1 - size / records)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.abs(inside - few * size / records) / np.sqrt(variance)
    yield None, np.where(everyone | (variance <= 0), 0.0, share)
    outside = size - inside
    for column in range(scores.shape[1]):
        score = scores[:, column].astype(np.float32)
        weighted = met * score[:, None]
        total, squares = weighted.sum(axis=0, dtype=np.float64), (weighted**2).sum(axis=0, dtype=np.float64)
        mean = total / size
        spread = np.sqrt(np.maximum(squares / size - mean**2, 0.0) * size / np.maximum(size - 1, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            difference = (labels @ weighted).astype(np.float64) - inside * mean
            z = np.abs(difference) / (spread * np.sqrt(inside * outside / size))
        usable = (inside >= LEAST_ON_A_SIDE) & (outside >= LEAST_ON_A_SIDE) & (spread > 1e-9) & ~about[:, column]
        yield column, np.where(usable, z, 0.0)


def _shortened(
    rule: tuple[Condition, ...], z_of: Callable[[tuple[Condition, ...]], float], *, least: int
) -> tuple[Condition, ...]:
    """Without the conditions that add too little."""
    while len(rule) > least:
        shorter = [rule[:place] + rule[place + 1 :] for place in range(len(rule))]
        best = max(shorter, key=z_of)
        if z_of(best) < z_of(rule) - WORTH_A_CONDITION:
            break
        rule = best
    return rule


def _lengthened(
    rule: tuple[Condition, ...], z_of: Callable[[tuple[Condition, ...]], float], conditions: Sequence[Condition]
) -> tuple[Condition, ...]:
    """With one more condition, as long as it adds enough."""
    while rule and len(rule) < MOST_CONDITIONS:
        taken = {condition.column_index for condition in rule}
        longer = [(*rule, each) for each in conditions if each.column_index not in taken]
        best = max(longer, key=z_of, default=rule)
        if z_of(best) < z_of(rule) + WORTH_A_CONDITION:
            break
        rule = best
    return rule


def _moved_limits(
    rule: tuple[Condition, ...], z_of: Callable[[tuple[Condition, ...]], float], pooled: PooledRecords
) -> tuple[Condition, ...]:
    """With each limit where the statistic is largest; twice, since a limit depends on the others."""
    for _ in range(2):
        for place, condition in enumerate(rule):
            others = [(*rule[:place], each, *rule[place + 1 :]) for each in _moved(condition, pooled)]
            rule = max(others, key=z_of)
    return rule


def _moved(condition: Condition, pooled: PooledRecords) -> list[Condition]:
    """The condition, and the same with other limits."""
    if condition.limit is None:
        return [condition]
    values = pooled.values[:, condition.column_index]
    known = values[~np.isnan(values)]
    limits = {short_limit(known, float(limit)) for limit in np.quantile(known, STEPS)}
    return [
        condition,
        *(Condition(condition.column_index, condition.column, limit, condition.at_least) for limit in sorted(limits)),
    ]
