"""The stretch of windows whose scores differ most from the baseline's, corrected for all stretches and features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from driftloop.sequential.clustered_sums import Design, concentration_of
from driftloop.sequential.mean_test import difference_p
from driftloop.sequential.reference_features import ReferenceFeatures
from driftloop.sequential.window_sums import (
    NO_ROWS,
    Block,
    Floats,
    Recent,
    Sums,
    select_stretches,
)

if TYPE_CHECKING:
    from driftloop.config.policy import Policy

WINDOW_ITSELF = "the newest window by itself"


class WindowComparison(Protocol):
    """What is needed of `driftloop.two_sample.compare.Comparison`, which lies beside this folder, not below it."""

    @property
    def p(self) -> float: ...

    @property
    def matters(self) -> bool: ...


class Accepted(msgspec.Struct, frozen=True):
    """A regime that differs from the baseline and was kept: its sums, and how its scores spread."""

    block: Block
    recent: Recent


class StretchResult(msgspec.Struct, frozen=True):
    """The stretch with the smallest p, corrected for all that was looked at."""

    p: float
    feature: str | None
    windows: int
    since: str | None


CALM = StretchResult(1.0, None, 0, None)


def strongest_stretch(
    features: ReferenceFeatures,
    blocks: tuple[Block, ...],
    comparison: WindowComparison | None,
    accepted: Accepted | None,
    policy: Policy,
) -> StretchResult:
    """The smallest p over all stretches and features, corrected for having looked at them all.

    Bonferroni: each stretch's p is multiplied by their number, and that of the newest window by 2 more, since it is
    compared in two ways.
    """
    stretches = select_stretches(blocks)
    sums = [stretch.unpacked for stretch in stretches]
    together = Sums(np.array([each.rows for each in sums]), np.array([each.totals for each in sums]))
    reference, part = features.baseline_sums, np.ones(len(stretches))
    if features.seasons is not None:
        reference, records = features.seasons.reference(np.array([stretch.seasons for stretch in stretches]))
        part = records / features.seasons.records.sum()
    # At worst the records of some seasons are of as small a part of the clusters.
    lies = (1.0 if features.clusters is None else features.clusters.concentration) / part
    design = _design(features, stretches, together, reference, lies)
    p, names = difference_p(features, together, reference, policy, design=design)
    if comparison is not None:
        alone = comparison.p if comparison.matters else 1.0
        if alone < p[0]:
            p[0], names[0] = alone, WINDOW_ITSELF
        p[0] *= 2
    if accepted is not None:
        # Far from the baseline scores spread differently; the larger of the two variances gives the larger p.
        variance = np.maximum(features.variance, accepted.recent.variance)
        regime = accepted.block.unpacked
        lies = np.full(len(stretches), _concentration(accepted.block))
        design = _design(features, stretches, together, regime, lies)
        p = np.maximum(p, difference_p(features, together, regime, policy, variance, design=design)[0])
    p = p * len(stretches)
    best = int(p.argmin())
    if p[best] >= 1:
        return CALM
    return StretchResult(float(p[best]), names[best], stretches[best].windows, stretches[best].since)


def _design(
    features: ReferenceFeatures, stretches: list[Block], windows: Sums, reference: Sums, of_reference: Floats
) -> Design | None:
    """What clusters make of the numbers of records; None where the schema names none.

    `of_reference` (s,) says how the records that each stretch is compared with lie in clusters (`concentration_of`).
    """
    if features.clusters is None:
        return None
    rows = np.maximum(windows.rows, NO_ROWS)
    concentration = np.array([_concentration(stretch) for stretch in stretches])
    return features.clusters.design(rows, concentration, np.maximum(reference.rows, NO_ROWS), of_reference)


def _concentration(block: Block) -> float:
    sketch = block.sketch
    return 1.0 if sketch is None else concentration_of(sketch, float(block.unpacked.rows.max(initial=0.0)))
