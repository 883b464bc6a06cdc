"""Tables of two sides: plain ones, and by season with dependent records."""

import numpy as np
import pandas as pd
import pyarrow as pa

from driftloop import Baseline, Column, Schema, Window
from driftloop.two_sample.score_matrix import pool_samples

SCHEMA = Schema((Column("x"), Column("y"), Column("code")))


def frame(rows, seed, shift=0.0, codes=(0.25, 0.25, 0.25, 0.25)):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"x": rng.normal(shift, 1, rows), "y": rng.normal(size=rows), "code": rng.choice(4, rows, p=codes)}
    )


def sides(rows=(300, 100), schema=SCHEMA, **change):
    return Baseline.build(frame(rows[0], 1), schema), Window.build(frame(rows[1], 2, **change), schema)


MONDAY = np.datetime64("2024-01-01T12:00", "us")
TIMED = (
    Column("x"),
    Column("g", "categorical"),
    Column("at", "datetime", role="timestamp"),
    Column("ward", "categorical", role="cluster"),
)
BY_SEASON = Schema(TIMED, season="weekday").with_roles(ignore=["ward"])
BY_BOTH = Schema(TIMED, season="weekday")


def timed(seed, days, groups):
    rng = np.random.default_rng(seed)
    rows = len(days)
    return pa.table(
        {
            "x": rng.normal(size=rows) + 3.0 * np.asarray(days),
            "g": list(groups),
            "at": pa.array(MONDAY + np.asarray(days) * np.timedelta64(1, "D")),
            "ward": [f"{seed}-{row // 4}" for row in range(rows)],
        }
    )


def of_seasons(schema):
    """Mondays and Sundays: of the baseline's 40 each, 10 and 30 are b; of the window's 10 and 30, 5 and 30."""
    baseline = timed(1, [0] * 40 + [6] * 40, "a" * 30 + "b" * 10 + "a" * 10 + "b" * 30)
    window = timed(2, [0] * 10 + [6] * 30, "a" * 5 + "b" * 35)
    return Baseline.build(baseline, schema), Window.build(window, schema)


def pooled_of(both):
    return pool_samples(*(side.profile.sample for side in both))
