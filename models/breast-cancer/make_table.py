"""Writes table.csv: scikit-learn's breast-cancer data as a clinic might have it, the same on every run.

Of the 569 tumours all 357 benign ones are kept and 80 of the malignant ones, because in a clinic they are rare. Seven
measurements, with some values missing; who sent the patient, which is made up and goes with the tumour's size; an id
and a time over one year.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer

MALIGNANT = 80  # of 437: 18 %
MISSING = {"texture": 0.04, "symmetry": 0.02}  # share of values that a feed of records usually lacks
MEASURED = {
    "mean radius": "radius",
    "mean texture": "texture",
    "mean smoothness": "smoothness",
    "mean compactness": "compactness",
    "mean concavity": "concavity",
    "mean symmetry": "symmetry",
    "mean fractal dimension": "fractal_dimension",
}


def table() -> pd.DataFrame:
    """The records in order of time."""
    rng = np.random.default_rng(569)
    data = load_breast_cancer(as_frame=True)
    frame = data.frame[list(MEASURED)].rename(columns=MEASURED)
    frame["diagnosis"] = np.where(data.target == 1, "benign", "malignant")
    malignant = rng.choice(np.flatnonzero(frame["diagnosis"] == "malignant"), MALIGNANT, replace=False)
    kept = np.concatenate([np.flatnonzero(frame["diagnosis"] == "benign"), malignant])
    frame = frame.iloc[rng.permutation(kept)].reset_index(drop=True)
    large = frame["radius"].rank(pct=True) + rng.normal(0, 0.4, len(frame))
    sent = pd.cut(large, [-np.inf, 0.45, 0.95, np.inf], labels=["screening", "practice", "hospital"]).astype(str)
    frame.insert(len(MEASURED), "referral", sent.mask(rng.random(len(frame)) < 0.02, ""))
    for name, share in MISSING.items():
        frame[name] = frame[name].mask(rng.random(len(frame)) < share)
    minutes = np.sort(rng.integers(0, 365 * 24 * 60, len(frame)))
    frame.insert(0, "record_id", [f"T{number:04}" for number in range(1, len(frame) + 1)])
    frame.insert(1, "recorded_at", pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(minutes, unit="min"))
    return frame


if __name__ == "__main__":
    table().to_csv(Path(__file__).with_name("table.csv"), index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
