"""The limits of a rule moved to where its statistic is largest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.subgroups.beam import GROWN, SHRUNK
from driftloop.subgroups.candidates import content_z, may_be_named, share_z
from driftloop.subgroups.conditions import Condition, met_by, short_limit

if TYPE_CHECKING:
    from driftloop.two_sample.score_matrix import PooledRecords

Singles = npt.NDArray[np.float32]

STEPS = np.arange(0.02, 0.985, 0.01)
"""Quantiles that a limit is moved to: of 1,000 records one step is ten, fewer than chance moves a limit by."""
ROUNDS = 3
"""Times that all limits are moved: each depends on the others."""


@dataclass(frozen=True)
class Change:
    """What changed: the sides as marks (n,) of the window's records; the content's scores (n,), None for a share."""

    change: str
    labels: Singles
    scores: Singles | None = None

    def z(self, marks: Singles) -> Singles:
        """The statistic (k,) of subgroups given by marks (n, k); 0 for those that may not be named."""
        records, inside, size = len(marks), self.labels @ marks, marks.sum(axis=0)
        if self.scores is None:
            sign = {GROWN: 1, SHRUNK: -1}[self.change]
            z = sign * share_z(records, float(self.labels.sum(dtype=np.float64)), size, inside)
        else:
            weighted = marks * self.scores[:, None]
            z = content_z(
                size,
                inside,
                weighted.sum(axis=0),
                self.labels @ weighted,
                (weighted * self.scores[:, None]).sum(axis=0),
            )
        return np.where(may_be_named(size, records), np.maximum(z, 0), 0)


@dataclass
class Limits:
    """The records of both sides, and what each condition marks among them."""

    pooled: PooledRecords
    _moved: dict[tuple[int, bool], tuple[list[Condition], Singles]] = field(default_factory=dict)

    def move(self, rule: tuple[Condition, ...], change: Change) -> tuple[tuple[Condition, ...], float]:
        """The rule with better limits, and its statistic."""
        for _ in range(ROUNDS):
            before = rule
            for index, condition in enumerate(rule):
                if condition.limit is None:
                    continue
                others, marks = self._others(condition)
                rest = self.met(rule[:index] + rule[index + 1 :])[:, None]
                z, own = change.z(rest * marks), change.z(self.met(rule)[:, None])[0]
                if z.max() > own:
                    rule = (*rule[:index], others[int(z.argmax())], *rule[index + 1 :])
            if rule == before:
                break
        return rule, float(change.z(self.met(rule)[:, None])[0])

    def met(self, rule: tuple[Condition, ...]) -> Singles:
        """A mark (n,) for each record that meets a rule."""
        return met_by(rule, self.pooled.values).astype(np.float32)

    def _others(self, condition: Condition) -> tuple[list[Condition], Singles]:
        """The condition with other limits, and the records (n, k) that meet each."""
        key = condition.column_index, condition.at_least
        if key not in self._moved:
            values = self.pooled.values[:, condition.column_index]
            known = values[~np.isnan(values)]
            limits = sorted({short_limit(known, float(limit)) for limit in np.quantile(known, STEPS)})
            others = [
                Condition(condition.column_index, condition.column, limit, condition.at_least) for limit in limits
            ]
            marks = np.column_stack([each.met(self.pooled.values) for each in others]).astype(np.float32)
            self._moved[key] = others, marks
        return self._moved[key]
