"""How well a score puts the records of a class before the others."""

import numpy as np
from numpy.typing import NDArray

from training.tasks.task import Vector


def roc_auc(truth: NDArray[np.bool_], score: Vector) -> float | None:
    """Area under the ROC curve: the chance that a record of the class has the higher score, ties counting half. None
    where all or none are of the class.
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, score)) if 0 < truth.sum() < len(truth) else None


def average_precision(truth: NDArray[np.bool_], score: Vector) -> float | None:
    """Precision averaged over the recalls that are reached. None where no record is of the class."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(truth, score)) if truth.any() else None


def ratio(part: int, whole: int) -> float | None:
    """A share; None of nothing."""
    return part / whole if whole else None
