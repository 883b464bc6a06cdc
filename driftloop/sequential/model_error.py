"""Has the error of the model in service grown by more than the user tolerates?

Labels come late and only for a part of the records. Whatever has been labelled since the last look is one batch. The
last 1, 2, 4, ... batches together are compared with the errors the model made on its own holdout, one-sided. Budget and
argument are those of `driftloop.sequential.evidence`: at most one false alarm in N looks on average.

The hypothesis is that errors are at most (1 + tolerance) times what they were. At its border the window's errors and
the holdout's, stretched by (1 + tolerance), are exchangeable: the window's sum is a random draw from both together. Its
mean, variance, skewness and kurtosis are those of sampling without replacement, its tail is Pearson's
(`driftloop.stats.moments`). Assumed: which records are labelled does not depend on how wrong the model was, and a
batch's errors come from the model in service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from driftloop.errors import InputError
from driftloop.sequential.window_sums import REMEMBERED, Block, Sums, compact, is_too_late, select_stretches
from driftloop.stats.moments import moments_p, shape_of_difference, shape_of_raw

if TYPE_CHECKING:
    from driftloop.config.policy import Policy

FEWEST_LABELS = 20
"""A stretch or a holdout with fewer says nothing yet: its own skewness and kurtosis would be guesses."""
POWERS = 4
"""Of an error, summed: as many as variance, skewness and kurtosis need."""


class ErrorMoments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Moments of a model's errors on some labelled records: their number and the sums of their powers 1 to 4.

    An error is at least 0: the absolute difference of prediction and outcome, or 0 and 1 for right and wrong.

    Examples
    --------
    >>> ErrorMoments.of([1.0, 3.0])
    ErrorMoments(rows=2, totals=(4.0, 10.0, 28.0, 82.0))
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

    Answers
    -------
    p : the probability that one look shows growth this strong while the error is within tolerance; `certainty` is
        1 - p.
    degraded : whether p is at most what the budget allows.
    growth : of the mean error over the stretch with the smallest p (over all batches where none is below 1), relative
        to the holdout's: 0.2 means grown by a fifth.
    labels : records that this rests on.
    since : time of the first of them, ISO 8601; None while not degraded.

    State
    -----
    As in `Evidence`. `baseline` names the model whose errors these are.
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

    A batch without labels, one seen before, or one that ends at or before the last reset's `after` changes nothing.

    Parameters
    ----------
    performance : as it was; `Performance()` at first.
    holdout : errors on the model's own holdout.
    errors : of the newly labelled records, in the same unit.
    baseline : names the model in service; another one starts a new epoch.
    window_id : names the batch, so that it counts once.
    since, last : times of its first and last record, ISO 8601.

    Raises
    ------
    InputError
        When the holdout has fewer than `FEWEST_LABELS` records or its errors are all 0.
    """
    if holdout.rows < FEWEST_LABELS or holdout.mean <= 0:
        raise InputError(f"the model's holdout has too few errors to compare with: {FEWEST_LABELS} records are needed")
    if performance.baseline not in {None, baseline}:
        performance = reset(performance)
    if errors.rows == 0 or window_id in performance.seen or is_too_late(last, performance.after):
        return performance
    blocks = compact((*performance.blocks, Block.of(1, since, _sums(errors, holdout.mean))))
    stretches = select_stretches(blocks)
    expected = _sums(holdout, holdout.mean)
    telling = [stretch for stretch in stretches if stretch.unpacked.rows[0] >= FEWEST_LABELS]
    # Bonferroni over the stretches that are tested.
    tested = [(min(1.0, growth_p(s.unpacked, expected, policy.tolerance) * len(telling)), s) for s in telling]
    p, strongest = min(tested, key=lambda pair: pair[0], default=(1.0, stretches[-1]))
    if p >= 1:
        strongest = stretches[-1]
    sums = strongest.unpacked
    degraded = p <= policy.error_level
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
    """A new epoch, after a retrain: records up to `after` were predicted by the model before, and do not count."""
    return Performance(epoch=performance.epoch + 1, after=after or performance.after, seen=performance.seen)


def _sums(errors: ErrorMoments, unit: float) -> Sums:
    """Rows and sums of powers, in units of the holdout's mean error."""
    scale = unit ** np.arange(1, POWERS + 1)
    return Sums(np.full(POWERS, float(errors.rows)), np.array(errors.totals) / scale)


def growth_p(window: Sums, holdout: Sums, tolerance: float) -> float:
    """One-sided p-value of the hypothesis that the window's errors are at most (1 + tolerance) times the holdout's.

    Take n records of the window and m of the holdout, stretched, of pooled variance s^2. The difference of means is
    standardised by s sqrt((1/n + 1/m) (n + m) / (n + m - 1)), for sampling without replacement. Its skewness and
    kurtosis follow from the pooled ones (`driftloop.stats.moments.shape_of_difference`).

    Parameters
    ----------
    window, holdout : rows (4,), all alike, and sums of the errors' powers 1 to 4 (4,), in one unit.
    tolerance : growth that is tolerated; 0.1 for a tenth.

    Returns
    -------
    Half the two-sided p-value; 1 where the mean has not grown beyond the tolerance.
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
