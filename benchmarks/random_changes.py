"""Twenty smooth changes drawn at random, of random columns of six tables: no choice in the engine looked at them.

A change makes some records likelier: a record with the rank u (0 to 1) in a column is taken with odds exp(a h(u)). The
shape h is one of four kinds, or two columns have one each. Its place, width and sign are random. So is its strength a:
the standardised difference that the best test of this very change sees lies between 3 and 4.5. That is the root of n D,
where 1 / n = 1 / window + 1 / baseline and D is the variance of the odds over their mean. There a test that knows the
change finds 85 to 99 % at 5 %, and one that searches finds some.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.changes import Case
from benchmarks.rates import stream
from benchmarks.tables import Source, table

Floats = npt.NDArray[np.float64]
Shape = Callable[[Floats], Floats]

SEED = 14
NUMBER = 20
KINDS = ("mixture", "bump", "split", "tail", "two columns")
TABLES = ("diabetes", "tumours", "wines", "admissions", "irises", "digits")
ROWS = (80, 100, 150, 250)
BASELINE_ROWS = 350
STRENGTH = (3.0, 4.5)
MOST = 3.0
"""Largest a: a record becomes at most 20 times as likely, or a 20th. Where that is too little the change is weaker."""
POOL = 20_000
"""Records that ranks and strengths are taken from: their error is below a hundredth."""
FEWEST_VALUES = 10
"""A column of fewer values has no place for a bump."""


@dataclass(frozen=True)
class Reweighted:
    """A source of which some records are likelier: each is kept with a probability proportional to its odds."""

    source: Source
    columns: tuple[str, ...]
    shapes: tuple[Shape, ...]
    pools: tuple[Floats, ...]
    strength: float

    def sample(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """n records, drawn independently."""
        parts, found = [], 0
        most = np.exp(abs(self.strength) * len(self.columns))  # shapes lie between 0 and 1
        low = min(0.0, self.strength) * len(self.columns)
        while found < n:
            frame = self.source.sample(8 * n, rng)
            odds = np.exp(self.strength * self.exponent(frame) - low)
            part = frame[rng.random(len(frame)) < odds / most]
            parts.append(part)
            found += len(part)
        return pd.concat(parts, ignore_index=True).iloc[:n]

    def exponent(self, frame: pd.DataFrame) -> Floats:
        """The sum of the shapes at each record's ranks; a missing value counts as the shape's mean."""
        total = np.zeros(len(frame))
        for name, shape, pool in zip(self.columns, self.shapes, self.pools, strict=True):
            values = frame[name].to_numpy(float)
            known = ~np.isnan(values)
            total[known] += shape(_ranks(values[known], pool))
            total[~known] += float(shape(_ranks(pool, pool)).mean())
        return total


def _ranks(values: Floats, pool: Floats) -> Floats:
    """The part of the sorted pool below each value, half of equal ones counted."""
    below = np.searchsorted(pool, values, "left") + np.searchsorted(pool, values, "right")
    return np.asarray(below / (2.0 * len(pool)))


def _shape(kind: str, rng: np.random.Generator) -> tuple[str, Shape]:
    """A random shape of one kind, and its words."""
    if kind == "mixture":
        # A normal component's share of a mixture of two, in units of the middle of both.
        centre, width = rng.uniform(0.25, 0.75), rng.uniform(0.05, 0.2)
        return f"a component around rank {centre:.2f}", lambda u: 1 / (1 + np.exp(-(u - centre) / width))
    if kind == "bump":
        centre, width = rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.2)
        return f"a bump at rank {centre:.2f}", lambda u: np.exp(-(((u - centre) / width) ** 2) / 2)
    if kind == "split":
        border = rng.uniform(0.15, 0.85)
        return f"a split at rank {border:.2f}", lambda u: (u < border).astype(float)
    border, upper = rng.uniform(0.7, 0.9), bool(rng.integers(2))
    words = f"a tail from rank {border if upper else 1 - border:.2f}"
    return words, lambda u: np.clip(((u if upper else 1 - u) - border) / (1 - border), 0, 1)


def _strength(exponent: Floats, wanted: float, sign: int) -> float:
    """a such that the variance of the odds exp(a h) over their mean is `wanted`, by halving."""
    low, high = 0.0, MOST
    for _ in range(60):
        middle = (low + high) / 2
        odds = np.exp(sign * middle * exponent)
        low, high = (middle, high) if float(np.var(odds / odds.mean())) < wanted else (low, middle)
    return sign * low


@cache
def _pool(name: str) -> pd.DataFrame:
    return table(name).source.sample(POOL, stream(SEED, 0, TABLES.index(name)))


def _numeric(pool: pd.DataFrame) -> list[str]:
    numbers = pool.select_dtypes("number").columns
    return [str(column) for column in numbers if pool[column].nunique() >= FEWEST_VALUES]


def _case(number: int) -> Case:
    rng, kind = stream(SEED, 1, number), KINDS[number % len(KINDS)]
    name = TABLES[number % len(TABLES)]
    rows = int(rng.choice(ROWS))
    pool = _pool(name)
    columns = tuple(str(c) for c in rng.choice(_numeric(pool), 2 if kind == "two columns" else 1, replace=False))
    kinds = [str(each) for each in rng.choice(KINDS[:-1], 2)] if kind == "two columns" else [kind]
    words, shapes = zip(*(_shape(each, rng) for each in kinds), strict=True)
    pools = tuple(np.sort(pool[c].dropna().to_numpy(float)) for c in columns)
    sign, wanted = (1 if rng.integers(2) else -1), float(rng.uniform(*STRENGTH))
    flat = Reweighted(table(name).source, columns, shapes, pools, 0.0)
    size = 1 / (1 / rows + 1 / BASELINE_ROWS)
    strength = _strength(flat.exponent(pool), wanted**2 / size, sign)
    changed = Reweighted(flat.source, columns, shapes, pools, strength)
    said = " and ".join(f"{column}: {word}" for column, word in zip(columns, words, strict=True))
    odds = f"odds {np.exp(strength):.2f}"
    return Case(f"{name}, {said}, {odds}", rows, lambda _: changed, table=name)


@cache
def random_cases() -> tuple[Case, ...]:
    """The twenty changes, always the same."""
    return tuple(_case(number) for number in range(NUMBER))
