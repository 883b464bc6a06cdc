"""Has the error of the model in service grown by more than the user tolerates?

Labels come late and only for a part of the records. Whatever has been labelled since the last look is one batch; the
last 1, 2, 4, ... batches together are compared with the errors the model made on its own holdout, one-sided, under the
same budget and by the same argument as `driftloop.sequential.evidence`: at most one false alarm in N looks on average.

The hypothesis is that errors are at most (1 + tolerance) times what they were. At its border the window's errors and
the holdout's, stretched by (1 + tolerance), are exchangeable, so the sum of the window's is a random draw from both
together: its mean, variance, skewness and kurtosis are those of sampling without replacement, and its tail is
Pearson's (`driftloop.stats.moments`). Assumed: which records are labelled does not depend on how wrong the model was,
and a batch's errors come from the model in service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from driftloop.config.policy import ERROR_SHARE
from driftloop.errors import InputError
from driftloop.sequential.window_sums import Block, Sums, compact, is_too_late, select_stretches
from driftloop.stats.moments import moments_p, shape_of_difference, shape_of_raw

if TYPE_CHECKING:
    from driftloop.config.policy import Policy

FEWEST_LABELS = 20  # a stretch with fewer says nothing yet
REMEMBERED = 64
POWERS = 4


class ErrorMoments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Moments of a model's errors on some labelled records: their number and the sums of their powers 1 to 4.

    An error is at least 0: the absolute difference of prediction and outcome, or 0 and 1 for right and wrong.
    """

    rows: int
    totals: tuple[float, float, float, float]

    @classmethod
    def of(cls, errors: Sequence[float] | npt.NDArray[Any]) -> ErrorMoments:
        """From the errors themselves. Raises InputError for one that is negative or not finite."""
        values = np.asarray(errors, dtype=float)
        if not np.isfinite(values).all() or (values < 0).any():
            raise InputError("errors of the model must be finite and not negative: pass |prediction - outcome|")
        first, second, third, fourth = (float((values**power).sum()) for power in range(1, POWERS + 1))
        return cls(len(values), (first, second, third, fourth))

    @property
    def mean(self) -> float:
        """The mean error; 0 without records."""
        return self.totals[0] / self.rows if self.rows else 0.0


class Performance(msgspec.Struct, frozen=True, omit_defaults=True):
    """What labels have said since the last retrain. `Performance()` is a fresh start; stored as JSON in the ledger.

    Answers: `degraded`; `p` and `certainty` = 1 - p as in `Evidence`; `growth`: the mean error over the strongest
    stretch (or over all, while none is strong), as a part of what it was on the holdout (0.2: grown by a fifth);
    `labels`, how many records it rests on; `since`, the time of the first, None while calm.
    State: as in `Evidence`. `baseline` names the model whose errors these are.
    """

    epoch: int = 0
    checks: int = 0
    p: float = 1.0
    degraded: bool = False
    growth: float | None = None
    labels: int = 0
    since: str | None = None
    baseline: str | None = None
    after: str | None = None
    blocks: tuple[Block, ...] = ()
    seen: tuple[str, ...] = ()

    @property
    def certainty(self) -> float:
        """1 - p: the share of looks without growth whose evidence would be weaker."""
        return 1.0 - self.p


def update(
    performance: Performance,
    holdout: ErrorMoments,
    errors: ErrorMoments,
    *,
    baseline: str,
    window_id: str,
    since: str | None,
    last: str | None,
    policy: Policy,
) -> Performance:
    """What is known after one more batch of labels.

    `holdout`: errors on the model's own holdout; `errors`: of the newly labelled records; `baseline`: names the model
    in service; `window_id`: names the batch; `since` and `last`: times of its first and last record, ISO 8601.
    A batch without labels, one seen before, or one that ends before the last reset's `after` changes nothing.
    Raises InputError when the holdout has too few records or its errors are all 0.
    """
    if holdout.rows < FEWEST_LABELS or holdout.mean <= 0:
        raise InputError(f"the model's holdout has too few errors to compare with: {FEWEST_LABELS} records are needed")
    if performance.baseline not in {None, baseline}:
        performance = reset(performance)
    if errors.rows == 0 or window_id in performance.seen or is_too_late(last, performance.after):
        return performance
    blocks = compact((*performance.blocks, Block.of(1, since, _sums(errors, holdout.mean))))
    stretches = select_stretches(blocks)
    old = _sums(holdout, holdout.mean)
    telling = [s for s in stretches if s.unpacked.rows[0] >= FEWEST_LABELS]
    tested = [(min(1.0, growth_p(s.unpacked, old, policy.tolerance) * len(telling)), s) for s in telling]
    p, strongest = min(tested, key=lambda pair: pair[0], default=(1.0, stretches[-1]))
    if p >= 1:
        strongest = stretches[-1]
    sums = strongest.unpacked
    degraded = p <= ERROR_SHARE / policy.budget
    return msgspec.structs.replace(
        performance,
        checks=performance.checks + 1,
        p=p,
        degraded=degraded,
        growth=float(sums.totals[0] / sums.rows[0] - 1),
        labels=int(sums.rows[0]),
        since=strongest.since if degraded else None,
        baseline=baseline,
        blocks=blocks,
        seen=(*performance.seen, window_id)[-REMEMBERED:],
    )


def reset(performance: Performance, after: str | None = None) -> Performance:
    """A new epoch, after a retrain; labels of records before `after` belong to the old model and do not count."""
    return Performance(epoch=performance.epoch + 1, after=after or performance.after, seen=performance.seen)


def _sums(errors: ErrorMoments, unit: float) -> Sums:
    """Rows and sums of powers, in units of the holdout's mean error."""
    scale = unit ** np.arange(1, POWERS + 1)
    return Sums(np.full(POWERS, float(errors.rows)), np.array(errors.totals) / scale)


def growth_p(window: Sums, holdout: Sums, tolerance: float) -> float:
    """One-sided p of the hypothesis that the window's errors are at most (1 + tolerance) times the holdout's.

    With n of the window and m of the holdout, pooled variance s^2, skewness g and kurtosis k: the difference of means
    has variance s^2 (1/n + 1/m), skewness g (1/n^2 - 1/m^2) / (1/n + 1/m)^1.5 and excess kurtosis
    (k - 3) (1/n^3 + 1/m^3) / (1/n + 1/m)^2.
    """
    n, m = window.rows[0], holdout.rows[0]
    stretched = holdout.totals * (1 + tolerance) ** np.arange(1, POWERS + 1)
    difference = window.totals[0] / n - stretched[0] / m
    shape = shape_of_raw((window.totals + stretched) / (n + m))
    if shape.variance <= 0 or difference <= 0:
        return 1.0
    z = difference / np.sqrt(shape.variance * (n + m) / (n + m - 1) * (1 / n + 1 / m))
    skew, excess = shape_of_difference(shape.skew, shape.kurtosis, n, m)
    return float(moments_p(z, skew, excess) / 2)
