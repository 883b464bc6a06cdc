"""What the peers estimate: `python peer_estimates.py WINDOWS OUT`. In their environment: imports nothing of ours.

CBPE and DLE are NannyML's, with their defaults, the window as one chunk. PAPE is not in the public package: it is made
from its paper. That is Bialek, Kivimaki, Kuberski, Perrakis 2024, "Estimating model performance under covariate shift
without labels". It takes a density ratio by LightGBM, and isotonic calibration weighted by it.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from typing import Any

import lightgbm
import nannyml
import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression


def frame_of(x: np.ndarray, said: np.ndarray, y: np.ndarray, classes: int) -> pd.DataFrame:
    """Records with predictions and outcomes, as the estimators want them."""
    frame = pd.DataFrame(x, columns=[f"x{column}" for column in range(x.shape[1])])
    if classes == 0:
        return frame.assign(pred=said[:, 0], y=y)
    if classes == 2:
        return frame.assign(proba=said[:, 1], pred=said.argmax(1), y=y)
    for index in range(classes):
        frame[f"p{index}"] = said[:, index]
    return frame.assign(pred=[f"c{index}" for index in said.argmax(1)], y=[f"c{index}" for index in y])


def _asked(estimator: Any, reference: pd.DataFrame, window: pd.DataFrame, metric: str) -> float:
    estimator.fit(reference)
    found = estimator.estimate(window).filter(period="analysis").to_df()
    return float(found[(metric, "value")].iloc[0])


def dle(reference: pd.DataFrame, window: pd.DataFrame, width: int) -> float:
    """The mean absolute error by direct loss estimation."""
    names = [f"x{column}" for column in range(width)]
    given = {"y_pred": "pred", "y_true": "y", "metrics": ["mae"], "chunk_size": len(window)}
    return _asked(nannyml.DLE(feature_column_names=names, **given), reference, window, "mae")


def cbpe(reference: pd.DataFrame, window: pd.DataFrame, classes: int) -> float:
    """The share of wrong answers by confidence-based performance estimation."""
    said = "proba" if classes == 2 else {f"c{index}": f"p{index}" for index in range(classes)}
    kind = "classification_binary" if classes == 2 else "classification_multiclass"
    given = {"y_pred": "pred", "y_true": "y", "metrics": ["accuracy"], "chunk_size": len(window)}
    return 1 - _asked(nannyml.CBPE(y_pred_proba=said, problem_type=kind, **given), reference, window, "accuracy")


def pape(xh: np.ndarray, ph: np.ndarray, yh: np.ndarray, xw: np.ndarray, pw: np.ndarray) -> float:
    """The share of wrong answers by weighted calibration."""
    both, side = np.vstack([xh, xw]), np.r_[np.zeros(len(xh)), np.ones(len(xw))]
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1}
    odds = np.clip(lightgbm.train(settings, lightgbm.Dataset(both, side), 100).predict(xh), 1e-6, 1 - 1e-6)
    weights, classes = odds / (1 - odds) * len(xh) / len(xw), ph.shape[1]
    columns = []
    for index in [1] if classes == 2 else range(classes):
        fitted = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1)
        columns.append(fitted.fit(ph[:, index], yh == index, sample_weight=weights).predict(pw[:, index]))
    said = np.column_stack([1 - columns[0], columns[0]] if classes == 2 else columns)
    said /= np.maximum(said.sum(1, keepdims=True), 1e-9)
    return float(1 - said[np.arange(len(pw)), pw.argmax(1)].mean())


def main(windows: str, out: str) -> None:
    """Every peer's estimate for every window of a file."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    if hasattr(os, "sched_setaffinity"):
        # One core: LightGBM's threads wait for one another over 500 records, and it takes more than its setting allows.
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})
    runs = np.load(windows)
    classes, found = int(runs["classes"]), {"dle": [], "cbpe": [], "pape": []}
    for run in range(len(runs["yh"])):
        xh, xw, ph, pw, yh, yw = (runs[name][run] for name in ("Xh", "Xw", "ph", "pw", "yh", "yw"))
        reference, window = frame_of(xh, ph, yh, classes), frame_of(xw, pw, yw, classes).drop(columns="y")
        if classes == 0:
            found["dle"].append(dle(reference, window, xh.shape[1]))
        else:
            found["cbpe"].append(cbpe(reference, window, classes))
            found["pape"].append(pape(xh, ph, yh, xw, pw))
    np.savez(out, **{name: np.array(values) for name, values in found.items() if values})


if __name__ == "__main__":
    main(*sys.argv[1:])
