"""The target is a number: squared or absolute error, prediction intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftloop.sequential.label_shift import LabelSummary
from training.tasks.answer import Answer
from training.tasks.task import Measures, Outcomes, Vector


@dataclass(frozen=True)
class Regression:
    """A `Task`; see `training.tasks.task`."""

    answer: Answer

    def outcomes(self, values: Sequence[Any]) -> Vector:
        return np.asarray(values, dtype=np.float64)

    def losses(self, outcomes: Outcomes, predicted: Vector) -> Vector:
        residual = outcomes - predicted
        losses: Vector = residual**2 if self.answer.loss == "squared" else np.abs(residual)
        return losses

    def imagined(self, challenger: Vector, reference: Vector) -> tuple[Vector, Vector]:
        del challenger, reference
        return np.empty(0), np.empty(0)

    def summary(self, losses: Vector) -> float:
        mean = float(np.mean(losses))
        return float(np.sqrt(mean)) if self.answer.loss == "squared" else mean

    def constant(self, outcomes: Outcomes) -> Vector:
        """The mean for squared errors, the median for absolute ones: the best that a constant can do."""
        return np.asarray(np.mean(outcomes) if self.answer.loss == "squared" else np.median(outcomes))

    def measures(self, outcomes: Outcomes, predicted: Vector) -> Measures:
        residual = outcomes - predicted
        around = float(np.sum((outcomes - np.mean(outcomes)) ** 2))
        return {
            "rmse": float(np.sqrt(np.mean(residual**2))),
            "mae": float(np.mean(np.abs(residual))),
            "r2": 1 - float(np.sum(residual**2)) / around if around > 0 else None,
        }

    def confusion(self, outcomes: Outcomes, predicted: Vector) -> list[list[int]]:
        del outcomes, predicted
        return []

    def labels(self, outcomes: Outcomes) -> LabelSummary:
        return LabelSummary.of_numbers(outcomes)

    def nonconformity(self, outcomes: Outcomes, predicted: Vector) -> Vector:
        return np.asarray(np.abs(outcomes - predicted), dtype=np.float64)

    def predictions(self, predicted: Vector) -> list[float]:
        return [float(value) for value in predicted]

    def reply(self, predicted: Vector) -> dict[str, list[Any]]:
        said = self.predictions(predicted)
        margin = self.answer.margin
        intervals = [None if margin is None else [value - margin, value + margin] for value in said]
        return {"predictions": said, "intervals": intervals}
