"""Writes table.csv: scikit-learn's wine data (three cultivars of one Italian region), the same on every run.

Eight of the thirteen measurements, an id, and a time over one year.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_wine

MEASURED = (
    "alcohol",
    "malic_acid",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "color_intensity",
    "hue",
    "proline",
)
CULTIVARS = ("barolo", "grignolino", "barbera")


def table() -> pd.DataFrame:
    """The records in order of time."""
    rng = np.random.default_rng(178)
    data = load_wine(as_frame=True)
    frame = data.frame[list(MEASURED)].assign(cultivar=[CULTIVARS[index] for index in data.target])
    frame = frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
    minutes = np.sort(rng.integers(0, 365 * 24 * 60, len(frame)))
    frame.insert(0, "bottle", [f"W{number:04}" for number in range(1, len(frame) + 1)])
    frame.insert(1, "tasted_at", pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(minutes, unit="min"))
    return frame


if __name__ == "__main__":
    table().to_csv(Path(__file__).with_name("table.csv"), index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
