"""Calibrates class probabilities by one number: sharper or flatter than the estimator said, whatever it is."""

import numpy as np
from scipy.optimize import minimize_scalar

from training.tasks.probabilities import SMALLEST, tempered
from training.tasks.task import Outcomes, Vector

WIDEST = 4.0  # a temperature of 1/4 to 4: an estimator beyond is not fixed by one number
SURE = 2.0  # standard errors by which the loss must fall: the number itself is estimated, and costs a little


def temperature(outcomes: Outcomes, predicted: Vector) -> float:
    """The temperature with the smallest logarithmic loss on records that were predicted without being fitted on. It is
    1 where that is not surely better than what the estimator said.
    """

    def losses(logarithm: float) -> Vector:
        p = tempered(predicted, float(np.exp(logarithm)))[np.arange(len(outcomes)), outcomes]
        return np.asarray(-np.log(np.maximum(p, SMALLEST)))

    best = minimize_scalar(
        lambda logarithm: float(losses(logarithm).mean()),
        bounds=(-np.log(WIDEST), np.log(WIDEST)),
        method="bounded",
    )
    fall = losses(0.0) - losses(float(best.x))
    error = float(fall.std(ddof=1) / np.sqrt(len(fall))) if len(fall) > 1 else np.inf
    return float(np.exp(best.x)) if fall.mean() > SURE * error else 1.0
