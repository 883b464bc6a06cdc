"""Minimum effect sizes: with a million rows everything is significant, and not everything is worth a retrain."""

from __future__ import annotations

from driftloop.config.policy import Policy
from driftloop.two_sample.column_scores import BUMP, CENTRE, DEPENDENCE, GIVEN, LOCATION, PAIR, SIDE, SPREAD, Score
from driftloop.two_sample.count_scores import ScoreMean

SPREAD_GAIN = 2.0
"""Let the column's standard deviation grow by a part s. The spread score z^2 + e^2 has a standard deviation near 2 and
then a mean of 2 (1 + s)^2. It moves by about 4 s, which is 2 s of its own standard deviations.
"""


def is_large_enough(score: Score, mean: ScoreMean, policy: Policy) -> bool:
    """Whether a change reaches the policy's minimum, in the units that the policy speaks of.

    Shares of rows: `min_share`. In standard deviations of the score. It is `min_correlation` of dependence and
    products, `min_shift` of a location, a centre, a side, a bump or a residual. It is twice `min_spread` of a spread.
    """
    difference = abs(mean.window_mean - mean.baseline_mean)
    if score.kind not in (LOCATION, CENTRE, SIDE, BUMP, GIVEN, SPREAD, DEPENDENCE, PAIR):
        return difference >= policy.min_share
    standard = difference / mean.deviation if mean.deviation > 0 else 0.0
    if score.kind in (DEPENDENCE, PAIR):
        return standard >= policy.min_correlation
    return standard >= (SPREAD_GAIN * policy.min_spread if score.kind == SPREAD else policy.min_shift)
