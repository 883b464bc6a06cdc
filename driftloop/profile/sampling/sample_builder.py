"""Gathering the sample while rows stream by: only rows whose key is small enough to stay are looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from driftloop.data.columns.numbers import Numbers
from driftloop.data.columns.texts import Texts
from driftloop.data.levels import recode, values_of
from driftloop.profile.sampling.sample import MAX_ROWS, Sample
from driftloop.stats.sorting import distinct_values

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

EVERY = np.uint64(0xFFFFFFFFFFFFFFFF)
"""The largest key: nothing has been left out yet."""
SORT_FROM = 4 * MAX_ROWS
"""Rows of one batch from which sorting their keys first costs less than copying them all."""
COMPACT_FROM, COMPACT_AT_MOST = 2 * MAX_ROWS, 8 * MAX_ROWS
"""Rows that are held before they are cut down to a sample: of few columns many, of many columns few."""
HELD_NUMBERS = 1 << 20
"""Numbers that may be held between: 8 MB. A sample of 80 columns or fewer is cut down as seldom as is useful."""


class SampleBuilder:
    """Takes rows with their keys, gives their sample."""

    def __init__(self, width: int, *, clusters: bool = False, seasons: bool = False) -> None:
        self._has_clusters, self._has_seasons = clusters, seasons
        self._width = width
        self._compact_from = min(max(HELD_NUMBERS // max(width, 1), COMPACT_FROM), COMPACT_AT_MOST)
        self._limit = EVERY
        self._keys: list[Keys] = []
        self._values: list[Floats] = []
        self._clusters: list[Keys] = []
        self._seasons: list[Integers] = []
        self._held = 0
        self._levels: list[dict[str, int]] = [{} for _ in range(width)]
        self._sample: Sample | None = None

    def consider(
        self,
        keys: Keys,
        columns: Sequence[Numbers | Texts | None],
        clusters: Keys | None = None,
        seasons: Integers | None = None,
    ) -> None:
        """Look at rows: their keys, and their values by column (None where a file lacks the column).

        Also their dependent groups and seasons: of every batch or of none.
        """
        chosen = np.flatnonzero(keys <= self._limit)
        if len(chosen) > SORT_FROM:
            ordered = np.sort(keys[chosen])
            different = ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]
            if len(different) > MAX_ROWS:
                # This batch alone fills the sample, so no larger key can end in it.
                self._limit = different[MAX_ROWS - 1]
                chosen = chosen[keys[chosen] <= self._limit]
        if not len(chosen):
            return
        values = np.full((len(chosen), self._width), np.nan)
        for column_index, part in enumerate(columns):
            if isinstance(part, Numbers):
                values[:, column_index] = part.values[chosen]
            elif part is not None:
                values[:, column_index] = self._coded(part, chosen, self._levels[column_index])
        self._keys.append(keys[chosen])
        self._values.append(values)
        if clusters is not None:
            self._clusters.append(clusters[chosen])
        if seasons is not None:
            self._seasons.append(seasons[chosen])
        self._held += len(chosen)
        if self._held > self._compact_from:
            self._compact()

    def sample(self) -> Sample:
        """The sample of all rows so far."""
        self._compact()
        if self._sample is None:
            clusters = np.empty(0, np.uint64) if self._has_clusters else None
            seasons = np.empty(0, np.int64) if self._has_seasons else None
            return self._of(np.empty(0, np.uint64), np.empty((0, self._width)), clusters, seasons)
        return self._sample

    @staticmethod
    def _coded(part: Texts, chosen: Integers, levels: dict[str, int]) -> Floats:
        """The categories of some rows as indices into `levels`, to which new ones are added."""
        codes = part.codes[chosen]
        occurring = distinct_values(codes[codes >= 0])
        names = [part.levels[code] for code in occurring]
        for name in names:
            levels.setdefault(name, len(levels))
        compact = np.where(codes >= 0, np.searchsorted(occurring, codes), -1)
        return values_of(recode(compact, names, list(levels)))

    def _compact(self) -> None:
        if not self._held:
            return
        clusters = np.concatenate(self._clusters) if self._clusters else None
        seasons = np.concatenate(self._seasons) if self._seasons else None
        sample = self._of(np.concatenate(self._keys), np.concatenate(self._values), clusters, seasons)
        self._sample = sample if self._sample is None else self._sample.merge(sample)
        if not self._sample.complete:
            self._limit = self._sample.keys[-1]
        self._keys, self._values, self._held = [], [], 0
        self._clusters, self._seasons = [], []
        self._levels = [{} for _ in range(self._width)]

    def _of(self, keys: Keys, values: Floats, clusters: Keys | None = None, seasons: Integers | None = None) -> Sample:
        levels = tuple(tuple(names) for names in self._levels)
        weights = np.ones(len(keys), np.int64)
        complete = bool(self._limit == EVERY)
        return Sample.of(keys, values, weights, levels, complete=complete, clusters=clusters, seasons=seasons)
