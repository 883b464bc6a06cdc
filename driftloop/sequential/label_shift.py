"""Have the outcomes themselves moved? Labels that have landed, against those of the model's own holdout.

Reported, and no more: whether the model errs more is what a retrain depends on (`driftloop.sequential.model_error`).
Numbers are compared by the difference of means, z = (m1 - m2) / (s sqrt(1/n1 + 1/n2)) with s pooled. Classes are
compared by Fisher's exact test of each class, times their number (Bonferroni). At most one false report in `budget`
looks, as for drift.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import erfc, sqrt
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from driftloop.config.policy import Policy
from driftloop.data.redaction import named
from driftloop.stats.fisher import share_p
from driftloop.wording.counts import count_of

if TYPE_CHECKING:
    from driftloop.data.schema import Column, Schema

FEWEST = 20  # labels; fewer say nothing yet
MOST_CLASSES = 100  # that are counted one by one; a target with more is no class


class LabelSummary(msgspec.Struct, frozen=True):
    """Outcomes in short. How many; for numbers the sums of values, of squares and of squared deviations from the mean;
    for classes the count of each.

    `deviations` is None in summaries of earlier versions. `squares` alone loses the spread of numbers far from zero.
    """

    rows: int
    total: float = 0.0
    squares: float = 0.0
    counts: dict[str, int] = {}
    deviations: float | None = None

    @classmethod
    def of_numbers(cls, outcomes: npt.NDArray[Any]) -> LabelSummary:
        """Of finite numbers, shape (rows,)."""
        if not len(outcomes):
            return cls(0, deviations=0.0)
        total, mean = float(np.sum(outcomes)), float(np.mean(outcomes))
        squares, deviations = (float(np.sum(np.square(values))) for values in (outcomes, outcomes - mean))
        return cls(len(outcomes), total, squares, deviations=deviations)

    @classmethod
    def of_classes(cls, counts: Mapping[str, int]) -> LabelSummary:
        """Of classes, from the count of each. Of more than `MOST_CLASSES` the most frequent are kept."""
        kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_CLASSES]
        return cls(sum(counts.values()), counts=dict(kept))

    @property
    def mean(self) -> float:
        """Of numbers."""
        return self.total / self.rows

    @property
    def within(self) -> float:
        """The sum of squared deviations from the mean, of numbers."""
        return self.deviations if self.deviations is not None else max(self.squares - self.rows * self.mean**2, 0.0)

    def share(self, name: str) -> float:
        """Of a class."""
        return self.counts.get(name, 0) / self.rows


def moved_labels(
    schema: Schema,
    baseline_labels: LabelSummary | None,
    window_labels: LabelSummary | None,
    policy: Policy | None = None,
) -> tuple[str, ...]:
    """Say where a window's labels have moved against the baseline's, as they stand in the tables themselves.

    Parameters
    ----------
    schema : Schema
        Its target says whether labels are numbers or classes.
    baseline_labels, window_labels : LabelSummary, optional
        None where a side holds no labels: nothing is said.
    policy : Policy, optional
        Error rate and smallest effects.
    """
    target = schema.role("target")
    if target is None or baseline_labels is None or window_labels is None:
        return ()
    sentence = shift_of(target, window_labels, baseline_labels, policy or Policy(), of="in the reference")
    return () if sentence is None else (sentence,)


def shift_of(
    target: Column, labels: LabelSummary, holdout: LabelSummary, policy: Policy, *, of: str = "on the model's holdout"
) -> str | None:
    """Say whether outcomes have moved beyond chance, by more than what matters; None where they have not.

    Parameters
    ----------
    target : Column
        Numeric, or categorical for classes.
    labels : LabelSummary
        Of the window.
    holdout : LabelSummary
        The earlier outcomes.
    policy : Policy
        Error rate and smallest effects.
    of : str
        Says in the sentence where the earlier outcomes are from.
    """
    if min(labels.rows, holdout.rows) < FEWEST:
        return None
    sentence = (_classes if target.kind == "categorical" else _numbers)(target, labels, holdout, policy)
    return None if sentence is None else f"{sentence} {of}"


def _numbers(target: Column, labels: LabelSummary, holdout: LabelSummary, policy: Policy) -> str | None:
    rows = labels.rows + holdout.rows
    spread = ((labels.within + holdout.within) / (rows - 2)) ** 0.5
    if spread == 0.0:
        return None
    shift = (labels.mean - holdout.mean) / spread
    z = shift / (1 / labels.rows + 1 / holdout.rows) ** 0.5
    if two_sided(z) > 1 / policy.budget or abs(shift) < policy.min_shift:
        return None
    unit = f" {target.unit}" if target.unit else ""
    return (
        f"outcomes have moved: {target.name} is {labels.mean:.4g}{unit} on average over "
        f"{count_of(labels.rows, 'label')}, {holdout.mean:.4g}{unit}"
    )


def _classes(target: Column, labels: LabelSummary, holdout: LabelSummary, policy: Policy) -> str | None:
    names = sorted({*labels.counts, *holdout.counts})
    hits = [np.array([float(side.counts.get(name, 0)) for name in names]) for side in (labels, holdout)]
    rows = [np.full(len(names), float(side.rows)) for side in (labels, holdout)]
    p = share_p(hits[0], rows[0], hits[1], rows[1])
    growth = hits[0] / rows[0] - hits[1] / rows[1]
    p[np.abs(growth) < policy.min_share] = 1.0
    most = int(np.lexsort((-growth, p))[0])  # of two classes that say the same, the one that comes more often
    if p[most] * len(names) > 1 / policy.budget:
        return None
    name = names[most]
    called = named(name, target, holdout.counts.get(name, 0))
    return (
        f"outcomes have moved: {target.name} is {called} in {labels.share(name):.0%} of "
        f"{count_of(labels.rows, 'label')}, {holdout.share(name):.0%}"
    )


def two_sided(z: float) -> float:
    """The chance of a standard normal value at least as far from 0: 2 (1 - Phi(|z|)) = erfc(|z| / sqrt 2)."""
    return erfc(abs(z) / sqrt(2.0))
