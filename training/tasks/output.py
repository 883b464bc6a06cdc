"""What a fitted estimator says of records: numbers, or the probability of each class."""

from typing import Any

import numpy as np

from driftloop.data.schema import Schema
from training.features import Matrix, frame
from training.tasks.answer import Answer
from training.tasks.probabilities import tempered
from training.tasks.task import Vector


def given(values: Matrix, schema: Schema, answer: Answer) -> Any:
    """Records in the form that the estimator reads."""
    return values if answer.reads == "matrix" else frame(values, schema)


def output(estimator: Any, values: Matrix, schema: Schema, answer: Answer) -> Vector:
    """Return predictions (n,), or probabilities (n, classes) in the order of the answer's classes.

    Classes are fitted by their index; one that the estimator never saw has probability 0.

    Parameters
    ----------
    estimator : a fitted scikit-learn estimator.
    values : array of shape (n, features)
    schema : Schema
        Whose features the columns of `values` are.
    answer : Answer
        The task and its classes.
    """
    if answer.task == "regression":
        return np.asarray(estimator.predict(given(values, schema, answer)), dtype=np.float64)
    said = np.asarray(estimator.predict_proba(given(values, schema, answer)), dtype=np.float64)
    placed = np.zeros((len(values), len(answer.classes)))
    placed[:, np.asarray(estimator.classes_, dtype=np.int64)] = said
    return tempered(placed, answer.temperature)
