"""The law of the statistics when nothing has changed: the same records, relabelled at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Law:
    """`seen[j]`: statistic j of the window as it came; `drawn[b, j]`: under relabelling b."""

    seen: Floats
    drawn: Singles


def relabelled(matrix: Floats, window: npt.NDArray[np.bool_], times: int, seed: int) -> Law:
    """Standardised sums of each score over the window, for the real labels and for `times` random ones.

    `matrix` (records by scores) is centred; `window` marks the window's records. Under relabelling a sum of scores over
    m of n records has mean 0 and variance m (n - m) / (n (n - 1)) times the scores' sum of squares (Hajek, Sidak 1967).
    """
    n, m = len(matrix), int(np.count_nonzero(window))
    deviation = np.sqrt(m * (n - m) / (n * (n - 1.0)) * (matrix**2).sum(axis=0))
    standard = (matrix / deviation).astype(np.float32)
    labels = np.empty((times + 1, n), np.float32)
    labels[0] = window
    random = np.random.Generator(np.random.PCG64(seed))
    keys = random.random((times, n), dtype=np.float32)
    chosen = np.argpartition(keys, m, axis=1)[:, :m]
    labels[1:] = 0
    np.put_along_axis(labels[1:], chosen, 1, axis=1)
    sums = labels @ standard
    return Law(sums[0].astype(np.float64), sums)
