"""`answer.json`: how a saved model's output becomes an answer. Numbers and names alone, no code."""

from typing import Literal

import msgspec

from training.settings import Loss, Task

Reads = Literal["matrix", "frame"]


class Answer(msgspec.Struct, frozen=True):
    """What a model predicts, and how.

    Attributes
    ----------
    task, loss : as in `model.toml`.
    target : the outcome's column.
    classes : of a classifier, in the order of its probabilities.
    positive, threshold : binary only: the class that is predicted where its probability is at least the threshold.
    coverage : share of outcomes that intervals or sets are to hold.
    margin : half the width of an interval, in the target's unit; of classes, 1 less the smallest probability of a class
        in the set. None where the held-out records are too few for the coverage.
    temperature : class probabilities are p^(1 / temperature), divided by their sum.
    reads : `matrix` for the built-in estimators, `frame` for a model's own.
    """

    task: Task = "regression"
    loss: Loss = "squared"
    target: str = ""
    classes: tuple[str, ...] = ()
    positive: str = ""
    threshold: float = 0.5
    coverage: float = 0.9
    margin: float | None = None
    temperature: float = 1.0
    reads: Reads = "matrix"
