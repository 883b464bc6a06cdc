"""Gathering the sample while rows stream by: only rows whose key is small enough to stay are looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from driftloop.data.columns import Numbers, Texts
from driftloop.profile.sample import MOST_ROWS, Sample

Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]

EVERY = np.uint64(0xFFFFFFFFFFFFFFFF)
"""The largest key: nothing has been left out yet."""


class SampleBuilder:
    """Takes rows with their keys, gives their sample."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._limit = EVERY
        self._keys: list[Keys] = []
        self._values: list[Floats] = []
        self._held = 0
        self._levels: list[dict[str, int]] = [{} for _ in range(width)]
        self._sample: Sample | None = None

    def consider(self, keys: Keys, columns: Sequence[Numbers | Texts | None]) -> None:
        """Look at rows: their keys, and their values by column (None where a file lacks the column)."""
        places = np.flatnonzero(keys <= self._limit)
        if len(places) > 4 * MOST_ROWS:
            ordered = np.sort(keys[places])
            distinct = ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]
            if len(distinct) > MOST_ROWS:
                # This batch alone fills the sample, so no larger key can end in it.
                self._limit = distinct[MOST_ROWS - 1]
                places = places[keys[places] <= self._limit]
        if not len(places):
            return
        values = np.full((len(places), self._width), np.nan)
        for column, part in enumerate(columns):
            if isinstance(part, Numbers):
                values[:, column] = part.values[places]
            elif part is not None:
                values[:, column] = self._coded(part, places, self._levels[column])
        self._keys.append(keys[places])
        self._values.append(values)
        self._held += len(places)
        if self._held > 8 * MOST_ROWS:
            self._compact()

    def sample(self) -> Sample:
        """The sample of all rows so far."""
        self._compact()
        if self._sample is None:
            return self._of(np.empty(0, np.uint64), np.empty((0, self._width)))
        return self._sample

    @staticmethod
    def _coded(part: Texts, places: npt.NDArray[np.int64], levels: dict[str, int]) -> Floats:
        codes = part.codes[places]
        recode = np.full(len(part.levels) + 1, np.nan)  # one more at the end: code -1 (missing) picks it
        for code in np.unique(codes[codes >= 0]):
            recode[code] = levels.setdefault(part.levels[code], len(levels))
        return recode[codes]

    def _compact(self) -> None:
        if not self._held:
            return
        sample = self._of(np.concatenate(self._keys), np.concatenate(self._values))
        self._sample = sample if self._sample is None else self._sample.merge(sample)
        if not self._sample.complete:
            self._limit = self._sample.keys[-1]
        self._keys, self._values, self._held = [], [], 0
        self._levels = [{} for _ in range(self._width)]

    def _of(self, keys: Keys, values: Floats) -> Sample:
        levels = tuple(tuple(names) for names in self._levels)
        return Sample.of(keys, values, np.ones(len(keys), np.int64), levels, bool(self._limit == EVERY))
