"""The records behind a drift: the few subgroups that changed most, and whether anything else has moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from driftloop.config.policy import Policy
from driftloop.profile.contents import comparable_samples
from driftloop.subgroups.candidates import LEAST_RECORDS
from driftloop.subgroups.conditions import met_by
from driftloop.subgroups.search import NamedRule, search
from driftloop.two_sample.compare import compare_records
from driftloop.two_sample.dependence.seasons import matching
from driftloop.two_sample.large_tables import thin_samples
from driftloop.two_sample.score_matrix import PooledRecords, pool_samples
from driftloop.wording.number_formats import format_number, format_share, with_p

if TYPE_CHECKING:
    from driftloop.data.schema import Column
    from driftloop.profile.window import Baseline, Window

Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

MOST_SUBGROUPS = 3
"""More would be a table, not an answer."""


@dataclass(frozen=True)
class Subgroup:
    """One subgroup, as a rule that a person can read.

    `rule`: its conditions; none: every record. `conditions`: the same as column, operator and value. `content`: the
    column whose values moved inside it, None where its share of the records did. `baseline` and `window`: that share,
    or the mean of that column inside the subgroup. `p`:
    the chance that a search would find as much without a change.
    """

    rule: tuple[str, ...]
    conditions: tuple[tuple[str, str, float | str | None], ...]
    content: str | None
    baseline: float
    window: float
    baseline_records: int
    window_records: int
    p: float
    sentence: str


@dataclass(frozen=True)
class Subgroups:
    """`found`: what changed most, first. `rest_p`: the p of what remains when these are taken out; None: too few."""

    found: tuple[Subgroup, ...]
    rest_p: float | None
    alpha: float

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a person reads: each subgroup, and whether anything else has moved."""
        if not self.found:
            return ("no subgroup stands out",)
        said = tuple(each.sentence for each in self.found)
        if self.rest_p is None or any(not each.rule for each in self.found):
            return said
        rest = "something else has moved too" if self.rest_p <= self.alpha else "nothing else has moved"
        return (*said, f"without these records: {rest} ({with_p(self.rest_p)})")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def find_subgroups(baseline: Baseline, window: Window, policy: Policy | None = None) -> Subgroups:
    """Where a change comes from: at most three subgroups, each found among the records that are not in those before.

    Parameters
    ----------
    baseline, window : read with one schema.
    policy : its `alpha` is the chance that anything is named without a change.

    Returns
    -------
    No subgroup where none stands out from what chance brings to a search.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, driftloop
    >>> def visits(rng, women):
    ...     sex = np.where(rng.random(400) < women, "f", "m")
    ...     return pa.table({"sex": sex, "age": rng.integers(20, 90, 400).astype(float)})
    >>> before = driftloop.Baseline.build(visits(np.random.default_rng(1), 0.4))
    >>> after = driftloop.Window.build(visits(np.random.default_rng(2), 0.7), before.schema)
    >>> find_subgroups(before, after).found[0].rule
    ('sex = f',)
    """
    policy = policy or Policy()
    columns = baseline.schema.features
    seed = int.from_bytes(sha256(f"where{baseline.sha256}{window.sha256}".encode()).digest()[:8], "little")
    samples = thin_samples(*comparable_samples(baseline.profile, window.profile), seed)
    pooled = matching(pool_samples(*samples))
    found: list[Subgroup] = []
    rest = np.ones(len(pooled.values), bool)
    while len(found) < MOST_SUBGROUPS:
        part = matching(pooled.chosen(rest))
        if min(np.count_nonzero(part.window), np.count_nonzero(~part.window)) < LEAST_RECORDS:
            break
        rule_found = search(part, columns, seed=seed + len(found), level=policy.alpha)
        if rule_found is None or rule_found.p > policy.alpha:
            break
        met = met_by(rule_found.rule, pooled.values)
        found.append(_described(rule_found, pooled, rest & met, rest, columns))
        rest &= ~met
    return Subgroups(tuple(found), _rest_p(pooled, rest, columns, policy, seed) if found else None, policy.alpha)


def _described(
    rule_found: NamedRule, pooled: PooledRecords, inside: Marks, among: Marks, columns: Sequence[Column]
) -> Subgroup:
    sides = [inside & ~pooled.window, inside & pooled.window]
    records = [int(np.count_nonzero(side)) for side in sides]
    rule = tuple(condition.text for condition in rule_found.rule)
    parts = tuple(condition.parts for condition in rule_found.rule)
    who = " and ".join(rule) or "all records"
    if rule_found.content is None:
        in_baseline = records[0] / max(int(np.count_nonzero(among & ~pooled.window)), 1)
        in_window = records[1] / max(int(np.count_nonzero(among & pooled.window)), 1)
        content, said = None, f"{who}: {format_share(in_baseline)} to {format_share(in_window)} of records"
    else:
        column = columns[rule_found.content]
        content, unit = column.name, f" {column.unit}" if column.unit else ""
        in_baseline, in_window = (_mean(pooled.values[side, rule_found.content]) for side in sides)
        said = f"{who}: {column.name} mean {format_number(in_baseline)} to {format_number(in_window)}{unit}"
    return Subgroup(
        rule,
        parts,
        content,
        in_baseline,
        in_window,
        records[0],
        records[1],
        rule_found.p,
        f"{said} ({with_p(rule_found.p)})",
    )


def _mean(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")


def _rest_p(pooled: PooledRecords, rest: Marks, columns: Sequence[Column], policy: Policy, seed: int) -> float | None:
    """The single check's p of the records that are in no subgroup."""
    part = matching(pooled.chosen(rest))
    if min(np.count_nonzero(part.window), np.count_nonzero(~part.window)) < policy.min_rows:
        return None
    found = compare_records(part, columns, range(len(columns)), policy, times=policy.permutations, seed=seed)
    return found.p
