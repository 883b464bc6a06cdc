"""The baseline's mean scores with a stretch of windows' own mix of seasons.

Let p_s be the share of season s among the windows' records, and b_s, y_s the baseline's records and mean score of it.
The reference is sum p_s y_s (direct standardisation); its variance is that of m = 1 / sum (p_s^2 / b_s) records. So a
stretch of Mondays is compared with the baseline's Mondays, and a whole week with a whole week.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.profile.sampling.season_codes import NAMES
from driftloop.sequential.window_sums import NO_ROWS, Sums
from driftloop.stats.sorting import distinct_values

if TYPE_CHECKING:
    from driftloop.profile.sampling.sample import Sample

Floats = npt.NDArray[np.float64]

MOST_SEASONS = max(map(len, NAMES.values()))
"""Places for counts, whatever the season: zeros cost nothing when stored."""


@dataclass(frozen=True)
class SeasonSums:
    """Of each season (k): the baseline's records (k,), and those with a value and their sum for each feature (k, f)."""

    records: Floats
    rows: Floats
    totals: Floats

    def reference(self, counts: Floats) -> tuple[Sums, Floats]:
        """The baseline as stretches with these counts of seasons (s, k) have it: sums (s, f), and m of each (s,).

        Examples
        --------
        >>> sums = SeasonSums(np.array([10.0, 40.0]), np.array([[10.0], [40.0]]), np.array([[30.0], [40.0]]))
        >>> reference, records = sums.reference(np.array([[5.0, 0.0], [4.0, 4.0]]))
        >>> records.tolist(), (reference.totals / reference.rows).tolist()
        ([10.0, 32.0], [[3.0], [2.0]])
        """
        known = np.where(self.records > 0, counts, 0.0)
        shares = known / np.maximum(known.sum(axis=1, keepdims=True), NO_ROWS)
        some = np.maximum(self.records, NO_ROWS)
        records = 1 / np.maximum((shares**2 / some).sum(axis=1), NO_ROWS)
        present = shares @ (self.rows / some[:, None])
        values = shares @ (self.totals / some[:, None])
        rows = present * records[:, None]
        means = np.divide(values, present, out=np.zeros_like(values), where=present > 0)
        return Sums(rows, means * rows), records


def season_sums(matrix: Floats, sample: Sample, weights: Floats) -> SeasonSums | None:
    """Of a baseline's scores (rows, f), NaN where there is no value; None where no season is asked for."""
    if sample.seasons is None:
        return None
    member = sample.seasons[None, :] == np.arange(MOST_SEASONS)[:, None]
    weighted = member * weights
    present = ~np.isnan(matrix)
    return SeasonSums(weighted.sum(axis=1), weighted @ present, weighted @ np.where(present, matrix, 0.0))


def season_counts(sample: Sample, weights: Floats) -> tuple[float, ...]:
    """How many records of a window are of each season; none where no season is asked for."""
    if sample.seasons is None:
        return ()
    known = sample.seasons >= 0
    counts = np.bincount(sample.seasons[known], weights[known], minlength=MOST_SEASONS)
    return tuple(counts.tolist())


def less_season_means(matrix: Floats, sample: Sample) -> Floats:
    """Scores (rows, f), moved so that each season has the overall mean: their variance is that within seasons."""
    if sample.seasons is None:
        return matrix
    weights = sample.weights.astype(float)
    present = ~np.isnan(matrix)
    filled = np.where(present, matrix, 0.0)
    overall = weights @ filled / np.maximum(weights @ present, NO_ROWS)
    found = matrix.copy()
    for season in distinct_values(sample.seasons):
        mine = sample.seasons == season
        rows = np.maximum(weights[mine] @ present[mine], NO_ROWS)
        found[mine] += overall - weights[mine] @ filled[mine] / rows
    return found
