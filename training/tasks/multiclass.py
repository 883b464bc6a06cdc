"""The target is one of several classes. What speaks of one class against the others is averaged over the classes."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from training.tasks.probabilities import Probabilities
from training.tasks.ranking import average_precision, ratio, roc_auc
from training.tasks.task import Measures, Outcomes, Vector


@dataclass(frozen=True)
class Multiclass(Probabilities):
    """A `Task`; see `training.tasks.task`."""

    def measures(self, outcomes: Outcomes, predicted: Vector) -> Measures:
        said = self.chosen(predicted)
        each = range(len(self.classes))
        return {
            "roc_auc": _mean(roc_auc(outcomes == k, predicted[:, k]) for k in each),
            "average_precision": _mean(average_precision(outcomes == k, predicted[:, k]) for k in each),
            "log_loss": float(np.mean(-np.log(np.maximum(self._of_true(outcomes, predicted), 1e-15)))),
            "brier": float(np.mean(self.brier(outcomes, predicted))),
            "accuracy": float(np.mean(outcomes == said)),
            "f1": _mean(
                ratio(2 * int(np.sum((outcomes == k) & (said == k))), int(np.sum(outcomes == k) + np.sum(said == k)))
                for k in each
            ),
        }


def _mean(values: Iterable[float | None]) -> float | None:
    """Of those that are defined: a class that no record has does not count."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
