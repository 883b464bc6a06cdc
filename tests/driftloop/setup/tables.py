"""Tables for `driftloop init`, and running it without a terminal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from driftloop.data.schema import Schema
from driftloop.setup.choice import take_suggestion
from driftloop.setup.decisions import Said
from driftloop.setup.proposal import Proposal, propose
from driftloop.setup.table import open_table


def houses(rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """A regression with everything: id, time, numbers, categories, prose, an empty column and one of the calendar."""
    times = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.sort(rng.uniform(0, 200, rows)), unit="D")
    size = rng.normal(100, 20, rows)
    return pd.DataFrame(
        {
            "house": [f"H{number:06d}" for number in range(rows)],
            "sold_at": times,
            "size": size.round(1),
            "town": rng.choice(["Ulm", "Bonn", "Mainz"], rows),
            "garden": rng.choice(["yes", "no"], rows),
            "rooms": rng.integers(1, 7, rows),
            "note": [f"a house with number {number} and a view" for number in range(rows)],
            "nothing": [None] * rows,
            "month": times.month,
            "price": (3_000 * size + rng.normal(0, 30_000, rows)).round(),
        }
    )


def saved(frame: pd.DataFrame, path: Path) -> Path:
    """The frame in a file of the format that the path's name says."""
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True, date_format="iso")
    else:
        frame.to_csv(path, index=False)
    return path


def proposed(path: Path, **said: str) -> Proposal:
    """What the table suggests, nobody asked."""
    return propose(open_table(path), Said(**said), take_suggestion)


def roles(schema: Schema) -> dict[str, str]:
    return {column.name: column.role for column in schema.columns}
