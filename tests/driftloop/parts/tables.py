"""Tables in many files, for the tests of their parts."""

import os
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from driftloop import Column, Schema

SCHEMA = Schema(
    (
        Column("id", kind="categorical", role="id"),
        Column("at", kind="datetime", role="timestamp"),
        Column("size"),
        Column("price"),
        Column("ward", kind="categorical"),
    )
)
AN_HOUR = 3600


def table(rows: int, seed: int) -> pa.Table:
    """Rows with missing and repeated values, many categories, and numbers far from one another."""
    random = np.random.default_rng(seed)
    sizes = np.round(random.normal(50, 9, rows), 1)
    prices = random.lognormal(3, 2, rows) * np.where(random.random(rows) < 0.1, -1, 1)
    return pa.table(
        {
            "id": [f"{seed}-{number}" for number in range(rows)],
            "at": pa.array(1_700_000_000 + seed * 86_400 + np.arange(rows)).cast(pa.timestamp("s")),
            "size": pa.array(sizes, mask=random.random(rows) < 0.05),
            "price": prices,
            "ward": [f"w{number}" for number in random.integers(0, 1_500, rows)],
        }
    )


def settle(path: Path) -> Path:
    """The file as if it had been written an hour ago: only then is it looked up in a cache."""
    os.utime(path, (time.time() - AN_HOUR,) * 2)
    return path


def write_parquet(data: pa.Table, path: Path, row_group: int = 1 << 20) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(data, path, row_group_size=row_group)
    return settle(path)


def write_csv(data: pa.Table, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pa_csv.write_csv(data, path)
    return settle(path)


def write_days(folder: Path, days: int, rows: int = 400, first: int = 0) -> Path:
    for day in range(first, first + days):
        write_parquet(table(rows, day), folder / f"day-{day:04}.parquet")
    return folder
