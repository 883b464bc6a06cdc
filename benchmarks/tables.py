"""Populations without drift: real tables smoothed (`sandbox.population`), and one that is hard on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from sandbox.population import Population, diabetes

WARDS = 60
PIXELS = 10
DIAGNOSES = ("circulatory", "respiratory", "digestive", "injury", "other")


class Source(Protocol):
    """Anything that records can be drawn from."""

    def sample(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """n records, drawn independently."""


@dataclass(frozen=True)
class Admissions:
    """Hospital admissions: Zipf-like wards, tied counts, heavy-tailed costs, values missing for a reason."""

    def sample(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """n admissions; `severity`, which is not recorded, ties the columns together."""
        severity = rng.normal(size=n)
        ward = np.minimum(rng.zipf(1.6, n), WARDS)
        diagnosis = np.clip(np.floor(2.2 + 0.9 * severity + rng.normal(size=n)), 0, len(DIAGNOSES) - 1).astype(int)
        frame = pd.DataFrame(
            {
                "ward": [f"W{number:02}" for number in ward],
                "diagnosis": np.array(DIAGNOSES)[diagnosis],
                "emergency": rng.random(n) < 1 / (1 + np.exp(0.8 - severity)),
                "previous_stays": rng.poisson(np.exp(0.3 * severity)),
                "days": 1 + rng.negative_binomial(2, 1 / (1 + np.exp(1 + 0.5 * severity))),
                "cost": np.round(np.exp(6 + 0.6 * severity + 0.5 * rng.standard_t(3, n).clip(-12, 12)), 2),
                "lactate": np.round(np.abs(1.2 + 0.5 * severity + rng.standard_t(2.5, n)), 1),
                "heart_rate": np.round(80 + 8 * severity + rng.normal(0, 12, n)),
                "discharge_score": np.round(rng.normal(50, 10, n) - 3 * severity, 2),
            }
        )
        frame.loc[rng.random(n) < 1 / (1 + np.exp(1 + severity)), "lactate"] = np.nan
        frame.loc[rng.random(n) < 0.05, "diagnosis"] = None
        return frame


def tumours() -> Population:
    """Breast-cancer measurements (sklearn), the ten means: correlated up to 0.998, skewed."""
    from sklearn.datasets import load_breast_cancer

    frame = load_breast_cancer(as_frame=True).frame
    return Population(frame[[name for name in frame.columns if name.startswith("mean ")]])


def wines() -> Population:
    """Wine analyses (sklearn): 13 columns that come in three clusters."""
    from sklearn.datasets import load_wine

    frame = load_wine(as_frame=True).frame
    return Population(frame.drop(columns="target"))


def irises() -> Population:
    """Fisher's irises (sklearn): four columns of one decimal in three clusters."""
    from sklearn.datasets import load_iris

    return Population(load_iris(as_frame=True).frame.drop(columns="target"))


def digits() -> Population:
    """Ten pixels of handwritten digits (sklearn), those that vary most: whole numbers, 0 to 16, tied at the ends."""
    from sklearn.datasets import load_digits

    frame = load_digits(as_frame=True).frame.drop(columns="target")
    most = list(frame.var().sort_values(ascending=False).index[:PIXELS])
    return Population(frame[most], ranges=dict.fromkeys(most, (0.0, 16.0)))


@dataclass(frozen=True)
class Table:
    """A population by name, with the columns that are compared."""

    name: str
    source: Source

    def draw(self, n: int, rng: np.random.Generator) -> pa.Table:
        """n records as they would be read from a file: what a model gets, without the outcome."""
        return as_table(self.source.sample(n, rng))


def as_table(frame: pd.DataFrame) -> pa.Table:
    """A frame as Arrow: without the outcome, codes as whole numbers."""
    frame = frame.drop(columns="progression", errors="ignore")
    if "sex" in frame:
        frame = frame.astype({"sex": "Int64"})
    return pa.Table.from_pandas(frame, preserve_index=False)


TABLES: dict[str, Callable[[], Source]] = {
    "diabetes": diabetes,
    "tumours": tumours,
    "wines": wines,
    "admissions": Admissions,
}


MORE_TABLES: dict[str, Callable[[], Source]] = {"irises": irises, "digits": digits}
"""Of the random changes only (`benchmarks/random_changes.py`)."""


def table(name: str) -> Table:
    """The table of that name, one of `TABLES` or `MORE_TABLES`."""
    return Table(name, (TABLES | MORE_TABLES)[name]())
