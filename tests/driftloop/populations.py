"""Small populations to draw from: independent records, so that none occurs twice."""

import numpy as np
import pandas as pd

from driftloop import Baseline, Column, Schema, Window, check

SCHEMA = Schema(
    (
        Column("bmi", unit="kg/m2"),
        Column("pressure", unit="mmHg"),
        Column("glucose", unit="mg/dl"),
        Column("sex", "categorical"),
    )
)
BASELINE_ROWS = 350


def draw(rows, rng):
    """Correlated measurements, recorded to one decimal, and a category."""
    common = rng.normal(size=rows)
    return pd.DataFrame(
        {
            "bmi": np.round(26.4 + 4.4 * (0.6 * common + 0.8 * rng.normal(size=rows)), 1),
            "pressure": np.round(94.6 + 13.8 * (0.5 * common + np.sqrt(0.75) * rng.normal(size=rows)), 1),
            "glucose": np.round(np.exp(4.5 + 0.12 * (0.5 * common + np.sqrt(0.75) * rng.normal(size=rows))), 1),
            "sex": np.where(rng.random(rows) < 0.47, "female", "male"),
        }
    )


def compared(window, seed=0, schema=SCHEMA, **options):
    """The check of a window against a baseline drawn with the seed."""
    reference = draw(BASELINE_ROWS, np.random.default_rng([1, seed]))
    return check(Baseline.build(reference, schema), Window.build(window, schema), **options)


def fresh(rows, seed=0):
    """An ordinary window."""
    return draw(rows, np.random.default_rng([2, seed]))
