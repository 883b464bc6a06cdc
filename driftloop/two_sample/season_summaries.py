"""A column on both sides of a comparison by season: the baseline with the window's mix of seasons."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from driftloop.data.levels import codes_of
from driftloop.profile.sampling.sample import Sample
from driftloop.profile.sampling.season_codes import covered
from driftloop.profile.summary import Summary

Floats = npt.NDArray[np.float64]


def matched_summaries(baseline: Sample, window: Sample, column_index: int) -> tuple[Summary, Summary]:
    """What people read of a column: of the sampled records that are compared, the baseline's with the window's mix.

    A baseline's record weighs the window's share of its season over the baseline's (direct standardisation).
    """
    before, after = covered(baseline, window), covered(window, baseline)
    assert before.seasons is not None
    assert after.seasons is not None
    own = np.bincount(before.seasons, before.weights, minlength=1)
    asked = np.bincount(after.seasons, after.weights, minlength=len(own)) * (before.rows / max(after.rows, 1))
    weights = before.weights * (asked[before.seasons] / own[before.seasons]) if len(before.keys) else np.empty(0)
    return _summary(before, weights, column_index), _summary(after, after.weights.astype(float), column_index)


def _summary(sample: Sample, weights: Floats, column_index: int) -> Summary:
    values, total = sample.values[:, column_index], float(weights.sum())
    known = ~np.isnan(values)
    missing = float(weights[~known].sum()) / total if total else 0.0
    levels = sample.levels[column_index]
    if levels:
        counts = np.bincount(codes_of(values)[known], weights[known], minlength=len(levels))
        shares = counts / max(float(counts.sum()), 1e-9)
        named = sorted(zip(levels, shares.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
        return Summary(sample.rows, missing, shares=tuple(pair for pair in named if pair[1] > 0))
    finite = np.isfinite(values)
    if not weights[finite].sum() > 0:
        return Summary(sample.rows, missing)
    mean = float(np.average(values[finite], weights=weights[finite]))
    variance = float(np.average((values[finite] - mean) ** 2, weights=weights[finite]))
    rows = float(weights[finite].sum())
    return Summary(sample.rows, missing, mean, (variance * rows / max(rows - 1, 1)) ** 0.5)
