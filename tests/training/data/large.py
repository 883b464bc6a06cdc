"""A feed of thousands of records with two features and a class, for data that outgrow a limit."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from driftloop.data.schema import Column, Schema
from training.data.collect import Source
from training.settings import Data, Settings, Split

SCHEMA = Schema(
    columns=(
        Column("id", role="id", kind="categorical"),
        Column("at", role="timestamp", kind="datetime"),
        Column("x", range=(-50.0, 50.0)),
        Column("ward", kind="categorical"),
        Column("y", role="target", kind="categorical", categories=("no", "yes")),
    )
)
START = datetime(2030, 1, 1, tzinfo=UTC)
HISTORIC, NEW = 12_000, 18_000  # records: three times as many as the smallest sample
CHANGE = 28_500  # from this record on x is larger: within the newest 5,000


def settings(max_rows: int = 10_000, **split: float) -> Settings:
    """Of a binary task with such a limit."""
    return Settings(task="binary", data=Data(max_rows=max_rows), split=Split(**split))  # type: ignore[arg-type]


def moment(number: int) -> datetime:
    """When a record was made."""
    return START + timedelta(seconds=number)


def feed(folder: Path, *, new: int = NEW, change: int = CHANGE, seed: int = 3) -> Source:
    """Historic records, and incoming ones with labels in several files; some come twice, some are impossible."""
    rng = np.random.default_rng(seed)
    count = HISTORIC + new
    x = rng.normal(0, 1, count) + 3 * (np.arange(count) >= change)
    x[::997] = 99.0
    table = pa.table(
        {
            "id": [f"R{number}" for number in range(count)],
            "at": pa.array([moment(number) for number in range(count)], pa.timestamp("us", "UTC")),
            "x": x,
            "ward": rng.choice(["east", "north", "west"], count).tolist(),
            "y": np.where(rng.random(count) < 0.04 + 0.1 * (x > 1), "yes", "no").tolist(),
        }
    )
    (folder / "incoming" / "records").mkdir(parents=True)
    (folder / "incoming" / "labels").mkdir()
    pq.write_table(table.slice(0, HISTORIC), folder / "historic.parquet")
    if not new:
        return Source(folder / "historic.parquet")
    fresh = table.slice(HISTORIC)
    thirds = [fresh.slice(first, new // 3) for first in range(0, new, new // 3)]
    for number, part in enumerate((*thirds, thirds[0].slice(0, 300))):  # the first 300 are delivered again
        pq.write_table(part.drop_columns("y"), folder / "incoming" / "records" / f"{number}.parquet")
    labelled = fresh.filter(pa.array(np.arange(new) % 5 > 0))  # a fifth has none
    pq.write_table(labelled.select(["id", "y"]), folder / "incoming" / "labels" / "1.parquet")
    return Source(folder / "historic.parquet", folder / "incoming")
