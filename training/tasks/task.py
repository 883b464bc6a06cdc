"""What every task has, and the one that a model's settings name.

`outcomes` are numbers (n,) in the target's unit, or the index (n,) of each record's class. `predicted` are numbers
(n,), or probabilities (n, classes) whose rows sum to 1.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from driftloop.sequential.label_shift import LabelSummary
from training.tasks.answer import Answer

Vector = NDArray[np.float64]
Outcomes = NDArray[Any]
Measures = dict[str, float | None]
"""Metrics by name; None where one is not defined, as the area under a curve of a single class."""


class Task(Protocol):
    """One kind of target."""

    @property
    def answer(self) -> Answer:
        """What is predicted, and how."""

    def outcomes(self, values: Sequence[Any]) -> Outcomes:
        """Outcomes as they are computed with. Raises InputError for a class that the model does not know."""

    def losses(self, outcomes: Outcomes, predicted: Vector) -> Vector:
        """The loss of each record: what candidates are chosen by and what the gate compares."""

    def imagined(self, challenger: Vector, reference: Vector) -> tuple[Vector, Vector]:
        """Losses under both of records that the holdout may lack, to be tested with those that it has; none of
        numbers.
        """

    def summary(self, losses: Vector) -> float:
        """A mean loss as people read it: the root of a squared one, which is in the target's unit again."""

    def constant(self, outcomes: Outcomes) -> Vector:
        """What the simplest model answers for any record: a mean or median, or each class's frequency."""

    def measures(self, outcomes: Outcomes, predicted: Vector) -> Measures:
        """The metrics that people read."""

    def confusion(self, outcomes: Outcomes, predicted: Vector) -> list[list[int]]:
        """Records by true class (rows) and predicted class (columns); empty for numbers."""

    def labels(self, outcomes: Outcomes) -> LabelSummary:
        """Outcomes in short, for later ones to be compared with."""

    def nonconformity(self, outcomes: Outcomes, predicted: Vector) -> Vector:
        """How badly each outcome fits its prediction: what intervals and sets are calibrated by."""

    def predictions(self, predicted: Vector) -> list[Any]:
        """The answer for each record: a number or a class."""

    def reply(self, predicted: Vector) -> dict[str, list[Any]]:
        """All that the endpoint says: `predictions`, and `intervals`, or `probabilities` and `sets`."""


def repeated(constant: Vector, rows: int) -> Vector:
    """A constant answer for so many records."""
    return np.repeat(constant[None, ...], rows, axis=0)
