"""The estimators that are tried where a model brings none of its own: penalised linear or logistic regression, and
gradient boosting.
"""

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from driftloop.data.schema import Column
from training.learning.offers import Offer
from training.learning.search import expand, spaces
from training.settings import Loss, Search, Task

# Penalties on standardised columns, from next to none to strong for some hundred records.
RIDGES = (1.0, 10.0, 30.0, 100.0)
INVERSE_PENALTIES = (0.01, 0.1, 1.0, 10.0)
# Stumps, which are additive, and pairs of columns; few trees, because more overfit some hundred records.
BOOSTERS: tuple[dict[str, Any], ...] = ({"max_depth": 1, "n_estimators": 80}, {"max_depth": 2, "n_estimators": 40})
STEPS = 1_000  # of the logistic regression's solver: standardised columns take less than a hundred
WEIGHTS = "estimator__sample_weight"


def offers(task: Task, loss: Loss | str, columns: tuple[Column, ...], search: Search | None = None) -> list[Offer]:
    """The built-in estimators for a task; with a search, one for each of its trials."""
    if search is not None:
        listed = expand([(name, None, space) for name, space in spaces(task)], search)
        tried = [(name, parameters) for name, _, parameters in listed]
    else:
        linear = (
            [("ridge", {"alpha": alpha}) for alpha in RIDGES]
            if task == "regression"
            else [("logistic regression", {"C": inverse}) for inverse in INVERSE_PENALTIES]
        )
        tried = [*linear, *(("gradient boosting", parameters) for parameters in BOOSTERS)]
    return [
        Offer(name, parameters, _pipeline(_estimator(name, task, loss, parameters), columns), WEIGHTS)
        for name, parameters in tried
    ]


def _estimator(name: str, task: Task, loss: Loss | str, parameters: dict[str, Any]) -> Any:
    if name == "ridge":
        return Ridge(**parameters)
    if name == "logistic regression":
        return LogisticRegression(max_iter=STEPS, **parameters)
    return _booster(task, loss, parameters)


def _booster(task: Task, loss: Loss | str, parameters: dict[str, Any]) -> Any:
    # A slow rate and subsampling, because labels are noisy; leaves of ten records estimate a mean at all.
    common = {"learning_rate": 0.12, "min_samples_leaf": 10, "subsample": 0.8, "random_state": 0, **parameters}
    if task == "regression":
        kind = "absolute_error" if loss == "absolute" else "squared_error"
        return GradientBoostingRegressor(loss=kind, **common)
    return GradientBoostingClassifier(**common)


def _pipeline(estimator: Any, columns: tuple[Column, ...]) -> Pipeline:
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
    return Pipeline([("columns", ColumnTransformer(parts)), ("estimator", estimator)])
