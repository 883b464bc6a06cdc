"""Which model, and how much older records count: chosen by cross-validation on the newest regime.

Each candidate is a regressor together with the weight of older records: 1 trusts them as much as recent ones, 0 forgets
them. Folds are cut from the recent records only, so that a candidate is judged by how it predicts the regime it is
meant for; older records, at their weight, are in every fold's training part. A real change of concept makes forgetting
win; where nothing changed, more data wins.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from driftloop.data.schema import Column

# As much as a recent record, a fifth, nothing: whether the old regime still holds, helps a little, or misleads.
OLDER_WEIGHTS = (1.0, 0.2, 0.0)
FOLDS = 5  # each fit has four fifths of the recent records; ten folds would take twice as long for a little more
SMALLEST_FIT = 30  # records with full weight below which a candidate that forgets the rest is not tried
# Penalties on standardised columns, from next to none to strong for some hundred records.
RIDGES = (1.0, 10.0, 30.0, 100.0)
# Stumps, which are additive, and pairs of columns; few trees, because more overfit some hundred records.
BOOSTERS = ({"max_depth": 1, "n_estimators": 80}, {"max_depth": 2, "n_estimators": 40})

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Candidate:
    """A regressor by name and parameters, and the weight of the records before the newest regime."""

    regressor: str
    parameters: dict[str, Any]
    older_weight: float


class Score(msgspec.Struct, frozen=True):
    """A candidate's cross-validated root mean squared error on recent records, in the target's unit."""

    regressor: str
    parameters: dict[str, Any]
    older_weight: float
    rmse: float


def candidates(recent: int, older: int) -> Iterator[Candidate]:
    """Every candidate that is tried, given how many recent and older records there are."""
    enough = recent * (FOLDS - 1) / FOLDS >= SMALLEST_FIT
    for weight in OLDER_WEIGHTS if older else (1.0,):
        if weight == 0 and not enough:
            continue
        for alpha in RIDGES:
            yield Candidate("ridge", {"alpha": alpha}, weight)
        for parameters in BOOSTERS:
            yield Candidate("gradient boosting", parameters, weight)


def choose(x: Matrix, y: Matrix, recent: Mask, columns: tuple[Column, ...]) -> list[Score]:
    """Every candidate's score on the recent records, best first.

    Parameters
    ----------
    x, y : arrays of shape (n, columns) and (n,)
        All labelled records to fit on; NaN in `x` means missing, categories are their index in the schema.
    recent : mask of shape (n,)
        Which of them belong to the newest regime.
    columns : tuple of Column
        What the columns of `x` are.
    """
    where = np.flatnonzero(recent)
    folds = np.array_split(np.random.default_rng(len(where)).permutation(where), min(FOLDS, len(where)))

    def rmse(candidate: Candidate) -> float:
        squared = 0.0
        for fold in folds:
            train = np.ones(len(y), dtype=bool)
            train[fold] = False
            model = fitted(candidate, x[train], y[train], recent[train], columns)
            squared += float(np.sum((model.predict(x[fold]) - y[fold]) ** 2))
        return float(np.sqrt(squared / len(where)))

    tried = candidates(len(where), len(recent) - len(where))
    scores = [Score(c.regressor, c.parameters, c.older_weight, rmse(c)) for c in tried]
    return sorted(scores, key=lambda score: score.rmse)


def fitted(choice: Candidate | Score, x: Matrix, y: Matrix, recent: Mask, columns: tuple[Column, ...]) -> Pipeline:
    """The candidate's pipeline, fitted; records of weight 0 are left out altogether."""
    weight = np.where(recent, 1.0, choice.older_weight)
    used = weight > 0
    pipeline = _pipeline(choice, columns)
    pipeline.fit(x[used], y[used], regressor__sample_weight=weight[used])
    return pipeline


def importances(model: Pipeline, x: Matrix, columns: tuple[Column, ...]) -> dict[str, float]:
    """How far predictions move when a column is shuffled, as shares of 1: exactly 0 for a column that the model does
    not use.

    Breiman (2001), "Random Forests", section 10, with the prediction in place of the error: labels' noise cannot hide a
    column.
    """
    rng = np.random.default_rng(len(x))
    plain, moved = model.predict(x), {}
    for column_index, column in enumerate(columns):
        shuffled = x.copy()
        shuffled[:, column_index] = rng.permutation(shuffled[:, column_index])
        moved[column.name] = float(np.sqrt(np.mean((model.predict(shuffled) - plain) ** 2)))
    total = sum(moved.values()) or 1.0
    return {name: value / total for name, value in moved.items()}


def _pipeline(choice: Candidate | Score, columns: tuple[Column, ...]) -> Pipeline:
    numeric = [column_index for column_index, column in enumerate(columns) if column.kind != "categorical"]
    categorical = [column_index for column_index, column in enumerate(columns) if column.kind == "categorical"]
    categories = [np.arange(len(columns[index].categories), dtype=np.float64) for index in categorical]
    encode = OneHotEncoder(categories=categories, handle_unknown="ignore", sparse_output=False)
    parts = [
        (
            "numeric",
            Pipeline([("fill", SimpleImputer(keep_empty_features=True)), ("scale", StandardScaler())]),
            numeric,
        ),
        ("categorical", encode, categorical),
    ]
    return Pipeline([("columns", ColumnTransformer(parts)), ("regressor", _regressor(choice))])


def _regressor(choice: Candidate | Score) -> Ridge | GradientBoostingRegressor:
    if choice.regressor == "ridge":
        return Ridge(**choice.parameters)
    # A slow rate and subsampling, because labels are noisy; leaves of ten records estimate a mean at all.
    return GradientBoostingRegressor(
        learning_rate=0.12, min_samples_leaf=10, subsample=0.8, random_state=0, **choice.parameters
    )
