"""Counting how often something happens, with the error of the count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv


@dataclass(frozen=True)
class Rate:
    """`hits` of `tries`."""

    hits: int
    tries: int

    @property
    def value(self) -> float:
        """The share of hits."""
        return self.hits / self.tries if self.tries else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the true rate (Clopper and Pearson, 1934)."""
        low = betaincinv(self.hits, self.tries - self.hits + 1, 0.025) if self.hits else 0.0
        high = betaincinv(self.hits + 1, self.tries - self.hits, 0.975) if self.hits < self.tries else 1.0
        return float(low), float(high)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def stream(*seed: int) -> np.random.Generator:
    """Random numbers that depend on the seed alone, so that each number of the report can be made again."""
    return np.random.default_rng(list(seed))
