"""Made covariate shifts: records of a real table, drawn with odds that depend on one to three random columns.

Each split has 1,000 records to fit a model on (linear, forest, boosting in turn) and 500 to hold out. Two windows of
500 are drawn from the rest, one with a shift and one without. Most of the time goes into the fits, so both share them.
The outcome given the inputs stays what it is. Beside them lie the cross-fitted predictions of the records that were
fitted on, as a training makes them while it chooses among models.

The expected error of a window is the mean error of all records that it was drawn from. Each is weighted by its
probability of being drawn. It has hardly any label noise, because it rests on thousands of labels.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

Floats = npt.NDArray[np.float64]

FIT, HELD_OUT, WINDOW = 1000, 500, 500
KINDS = ("linear", "forest", "boosting")
STRENGTHS = (0.3, 1.5)
"""Log odds for a standard deviation of the columns that the shift depends on."""
SEED = 7
"""Of the windows that are reported; choices are made with others."""
FOLDS = 5
"""As training/learning/candidates.py has."""


def make_windows(table: Path, out: Path, runs: Iterable[int], *, seed: int = SEED) -> None:
    """The splits of a table by their numbers, in one file: records with predictions and outcomes.

    Sides are h (held out), f (fitted, with cross-fitted predictions), w (window with a shift) and s (without one).
    """
    warnings.simplefilter("ignore")
    # Threads of a boosting of 1,000 records wait for one another: with them a fit takes ten times as long.
    threadpool_limits(1)
    found = np.load(table)
    x, y, categorical, classes = found["X"], found["y"], found["cat"], int(found["classes"])
    fit, held, size = (FIT, HELD_OUT, WINDOW) if len(y) >= 4500 else (min(FIT, len(y) // 5), HELD_OUT, 300)
    rows: dict[str, list[Any]] = defaultdict(list)
    for run in runs:
        rng = np.random.default_rng([seed, run, sum(map(ord, table.stem))])
        order = rng.permutation(len(y))
        learnt, held_out, pool = order[:fit], order[fit : fit + held], order[fit + held :]
        kind = KINDS[run % 3]
        model = _model(kind, classes == 0, categorical, x.shape[1])
        np.random.seed(rng.integers(2**31))  # what scikit-learn draws from where no state is given
        model.fit(x[learnt], y[learnt])
        said = _predicted(model, x[pool], classes)
        losses = np.abs(said[:, 0] - y[pool]) if classes == 0 else (said.argmax(1) != y[pool]).astype(float)
        shifted = _odds(x[pool], categorical, rng, rng.uniform(*STRENGTHS))
        kept = {
            "Xh": x[held_out],
            "yh": y[held_out],
            "ph": _predicted(model, x[held_out], classes),
            "kind": kind,
            "Xf": x[learnt],
            "yf": y[learnt],
            "pf": _cross_fitted((kind, categorical), x[learnt], y[learnt], classes),
        }
        for side, odds in (("w", shifted), ("s", np.ones(len(pool)))):
            # The largest of log odds and Gumbel noise are a draw without replacement with these odds (Efraimidis 2006).
            taken = np.argsort(-(np.log(odds) + rng.gumbel(size=len(odds))))[:size]
            of_side = {"X": x[pool[taken]], "y": y[pool[taken]], "p": said[taken]}
            kept |= {name + side: values for name, values in of_side.items()}
            kept[f"expected_{side}"] = inclusion(odds, size) @ losses / size
        for name, value in kept.items():
            rows[name].append(value)
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(out, **{name: np.array(each) for name, each in rows.items()}, cat=categorical, classes=classes)


def inclusion(odds: Floats, size: int) -> Floats:
    """The probability of each record to be among the `size` that are drawn without replacement with these odds.

    An exponential clock of each record's odds rings before the time t with probability 1 - exp(-odds t). The first
    `size` to ring are the draw (Efraimidis and Spirakis 2006); t is where that many are expected.
    """
    low, high = 0.0, size / odds.min()
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if -np.expm1(-odds * middle).sum() < size else (low, middle)
    return np.asarray(-np.expm1(-odds * high))


def _cross_fitted(how: tuple[str, npt.NDArray[np.int64]], x: Floats, y: Floats, classes: int) -> Floats:
    """What a model that was fitted without a record says of it."""
    kind, categorical = how
    found = np.zeros((len(y), max(classes, 1)))
    for fold in range(FOLDS):
        held = np.arange(len(y)) % FOLDS == fold
        model = _model(kind, classes == 0, categorical, x.shape[1]).fit(x[~held], y[~held])
        found[held] = _predicted(model, x[held], classes)
    return found


def _model(kind: str, is_number: bool, categorical: npt.NDArray[np.int64], width: int) -> Any:
    numeric = [column for column in range(width) if column not in set(categorical.tolist())]
    if kind == "linear":
        one_hot = OneHotEncoder(handle_unknown="ignore", min_frequency=5)
        prepared = make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), numeric),
            (make_pipeline(SimpleImputer(strategy="most_frequent"), one_hot), categorical.tolist()),
        )
        return make_pipeline(prepared, Ridge(1.0) if is_number else LogisticRegression(max_iter=300))
    if kind == "forest":
        forest = RandomForestRegressor if is_number else RandomForestClassifier
        return make_pipeline(SimpleImputer(), forest(30, min_samples_leaf=5, n_jobs=1))
    boosting = HistGradientBoostingRegressor if is_number else HistGradientBoostingClassifier
    return boosting(max_iter=60, max_leaf_nodes=8)


def _predicted(model: Any, x: Floats, classes: int) -> Floats:
    if classes == 0:
        return np.asarray(model.predict(x))[:, None]
    said = np.zeros((len(x), classes))
    said[:, model.classes_.astype(int)] = model.predict_proba(x)
    return said


def _odds(x: Floats, categorical: npt.NDArray[np.int64], rng: np.random.Generator, strength: float) -> Floats:
    count, width = x.shape
    chosen = rng.integers(1, 4)
    score = np.zeros(count)
    for column in rng.choice(width, min(chosen, width), replace=False):
        values = x[:, column]
        known = ~np.isnan(values)
        if column in categorical:
            u = (values == rng.choice(np.unique(values[known]))).astype(float)
        else:
            u = np.full(count, 0.5)
            ranks = np.argsort(np.argsort(values[known] + 1e-9 * rng.random(known.sum())))
            u[known] = ranks / max(known.sum() - 1, 1)
        spread = u.std()
        if spread > 0:
            score += rng.choice([-1, 1]) * (u - u.mean()) / spread
    return np.exp(strength * np.clip(score / np.sqrt(chosen), -2.5, 2.5))
