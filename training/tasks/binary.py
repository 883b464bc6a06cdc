"""The target is one of two classes, of which one is the positive: the one that is looked for."""

from dataclasses import dataclass

import numpy as np

from training.tasks.probabilities import Probabilities
from training.tasks.ranking import average_precision, ratio, roc_auc
from training.tasks.task import Measures, Outcomes, Vector


@dataclass(frozen=True)
class Binary(Probabilities):
    """A `Task`; see `training.tasks.task`."""

    @property
    def _positive(self) -> int:
        return self.classes.index(self.answer.positive)

    def chosen(self, predicted: Vector) -> Outcomes:
        """The positive class where its probability is at least the threshold."""
        yes = self._positive
        return np.where(predicted[:, yes] >= self.answer.threshold, yes, 1 - yes)

    def measures(self, outcomes: Outcomes, predicted: Vector) -> Measures:
        truth, said = outcomes == self._positive, self.chosen(predicted) == self._positive
        score = predicted[:, self._positive]
        hits = int(np.sum(truth & said))
        return {
            "roc_auc": roc_auc(truth, score),
            "average_precision": average_precision(truth, score),
            "log_loss": float(np.mean(-np.log(np.maximum(self._of_true(outcomes, predicted), 1e-15)))),
            "brier": float(np.mean(self.brier(outcomes, predicted))),
            "accuracy": float(np.mean(truth == said)),
            "f1": ratio(2 * hits, int(truth.sum()) + int(said.sum())),
        }
