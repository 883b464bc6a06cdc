"""`metrics.json`: what was chosen, how well it predicts, and on which data it was trained and judged."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftloop.sequential.label_shift import LabelSummary
from driftloop.sequential.model_error import ErrorMoments
from training.candidates import Score
from training.data.provenance import Provenance

Vector = NDArray[np.float64]


class PredictionErrors(msgspec.Struct, frozen=True):
    """A model's error on a set of records, in the target's unit."""

    rmse: float
    mae: float


class SubgroupErrors(msgspec.Struct, frozen=True):
    """A subgroup's size and the model's error on it."""

    n: int
    errors: PredictionErrors


class Metrics(msgspec.Struct, frozen=True):
    """The file as a whole. `holdout_errors` are the moments that the drift check compares new errors with,
    `holdout_labels` the outcomes that it compares new ones with.
    """

    regressor: str
    parameters: dict[str, Any]
    older_weight: float
    cross_validated: list[Score]
    holdout: PredictionErrors
    holdout_errors: ErrorMoments
    target_mean: float
    subgroups: dict[str, SubgroupErrors]
    importances: dict[str, float]
    data: Provenance
    holdout_labels: LabelSummary | None = None


def prediction_errors(target: Vector, prediction: Vector) -> PredictionErrors:
    """Root mean squared and mean absolute error of predictions.

    Parameters
    ----------
    target, prediction : arrays of shape (n,), n >= 1
        Outcomes and predictions in the target's unit.

    Examples
    --------
    >>> prediction_errors(np.array([0.0, 0.0]), np.array([3.0, -1.0]))
    PredictionErrors(rmse=2.23606797749979, mae=2.0)
    """
    residual = target - prediction
    return PredictionErrors(rmse=float(np.sqrt(np.mean(residual**2))), mae=float(np.mean(np.abs(residual))))
