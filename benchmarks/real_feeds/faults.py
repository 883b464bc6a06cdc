"""Feeds that are broken, each of which a check must call an incident; and conversions of units, whole and in part.

A fault takes an ordinary window and the baseline's records, and gives what a broken pipeline would deliver.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Rng = np.random.Generator
Fault = Callable[[pd.DataFrame, pd.DataFrame, Rng], pd.DataFrame]


def clinic(n: int, rng: Rng) -> pd.DataFrame:
    """The table that is broken: correlated measurements, a count, a share, names, a flag, a time."""
    common = rng.normal(size=n)
    other = lambda weight: weight * common + np.sqrt(1 - weight**2) * rng.normal(size=n)  # noqa: E731
    return pd.DataFrame(
        {
            "bmi": (26.4 + 4.4 * other(0.6)).round(1),
            "pressure": (94.6 + 13.8 * other(0.5)).round(1),
            "glucose": np.exp(4.5 + 0.12 * other(0.5)).round(1),
            "cost": np.exp(6 + 1.0 * other(0.3)).round(2),
            "visits": rng.poisson(np.exp(1 + 0.3 * common)),
            "adherence": rng.beta(6, 2, n).round(3),
            "sex": np.where(rng.random(n) < 0.47, "female", "male"),
            "ward": rng.choice(["cardiology", "oncology", "gériatrie", "orthopédie"], n, p=[0.4, 0.3, 0.2, 0.1]),
            "smoker": rng.random(n) < 0.3,
            "height": (170 + 9 * other(0.2)).round(1),
        }
    )


def _some(n: int, part: float, rng: Rng) -> npt.NDArray[np.bool_]:
    hit = np.zeros(n, bool)
    hit[rng.choice(n, max(1, round(part * n)), replace=False)] = True
    return hit


def _column(name: str, change: Callable[[pd.Series[Any]], Any], part: float = 1.0) -> Fault:
    def fault(window: pd.DataFrame, _: pd.DataFrame, rng: Rng) -> pd.DataFrame:
        if part == 1.0:
            return window.assign(**{name: change(window[name])})
        return window.assign(**{name: window[name].mask(_some(len(window), part, rng), change(window[name]))})

    return fault


def _whole(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Fault:
    return lambda window, _, __: change(window)


def _shifted_cells(window: pd.DataFrame) -> pd.DataFrame:
    """Each value one column to the left, as after a lost separator."""
    numeric = ["bmi", "pressure", "glucose", "cost"]
    moved = window[numeric].shift(-1, axis=1)
    return window.assign(**{name: moved[name] for name in numeric})


def _duplicated_header(window: pd.DataFrame) -> pd.DataFrame:
    """Files with headers, joined as they are: the names stand among the records again and again."""
    header = pd.DataFrame([list(window.columns)] * 4, columns=window.columns)
    return pd.concat([window.astype(object), header])


BROKEN: dict[str, Fault] = {
    "a column is gone": _whole(lambda w: w.drop(columns="glucose")),
    "a column went blank": _whole(lambda w: w.assign(glucose=np.nan)),
    "two thirds went blank": _column("bmi", lambda _: np.nan, 0.67),
    "texts in place of numbers": _column("bmi", lambda s: s.astype(str) + " kg"),
    "mmol/l for all": _column("glucose", lambda s: (s / 18.0156).round(2)),
    "inches in part": _column("height", lambda s: (s / 2.54).round(1), 0.3),
    "delivered twice": _whole(lambda w: pd.concat([w, w])),
    "records of the baseline": lambda w, b, rng: b.sample(len(w), random_state=int(rng.integers(1 << 30))),
    "placeholder": _column("pressure", lambda _: -999.0, 0.13),
    "infinite": _column("bmi", lambda _: np.inf, 0.1),
    "other names": _column("sex", lambda s: s.map({"female": "F", "male": "M"})),
    # Twelve more.
    "sensor stuck": _whole(lambda w: w.assign(pressure=w["pressure"].iloc[0])),
    "sensor stuck for a third": lambda w, _, rng: w.assign(
        pressure=w["pressure"].mask(_some(len(w), 0.33, rng), w["pressure"].iloc[0])
    ),
    "swapped columns": _whole(lambda w: w.assign(bmi=w["pressure"], pressure=w["bmi"])),
    "cells shifted along the row": _whole(_shifted_cells),
    "duplicated header": _whole(_duplicated_header),
    "half of the file is blank": lambda w, _, __: w.where(
        (np.arange(len(w)) < len(w) / 2)[:, None] & np.ones(w.shape, bool)
    ),
    "unit in a part": _column("glucose", lambda s: (s / 18.0156).round(2), 0.25),
    "sign flipped": _column("bmi", lambda s: -s),
    "percent in place of a fraction": _column("adherence", lambda s: 100 * s),
    "fraction in place of percent": _column("pressure", lambda s: s / 100),
    "defaults filled in": _column("cost", lambda _: 0.0, 0.3),
    "truncated texts": _column("ward", lambda s: s.str[:4]),
    "wrong encoding": _column("ward", lambda s: s.map(lambda name: name.encode().decode("latin-1")), 1.0),
}


def _times(factor: float, part: float) -> Fault:
    return _column("cost", lambda s: s * factor, part)


FACTORS = (10.0, 18.0156, 100.0, 2.54, 2.20462, 1000.0, 38.67, 60.0)
CONVERTED: dict[str, tuple[str, float, float]] = {
    f"{column} {'times' if factor > 1 else 'divided by'} {max(factor, 1 / factor):g} in {part:.0%}": (
        column,
        factor,
        part,
    )
    for column in ("glucose", "height")
    for size in FACTORS
    for factor in (size, 1 / size)
    for part in (1.0, 0.2)
}


def converted(column: str, factor: float, part: float) -> Fault:
    """A column in another unit, for all rows or a part."""
    return _column(column, lambda s: s * factor, part)
