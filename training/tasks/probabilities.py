"""What binary and multiclass tasks share: class probabilities, their proper losses, prediction sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftloop.errors import InputError
from driftloop.sequential.label_shift import LabelSummary
from driftloop.wording.counts import count_of
from training.tasks.answer import Answer
from training.tasks.task import Outcomes, Vector

# A smaller probability counts as this in a logarithmic loss: a few hundred held-out records cannot tell 1 in 1,000 from
# less, and one outcome that was called impossible must not outweigh all others (its loss is 6.9).
SMALLEST = 1e-3

IMAGINED = 2  # records of each class: with one, the gate's error rate still rises to 6 % (docs/training.md)


@dataclass(frozen=True)
class Probabilities:
    """The part of a `Task` that is the same for two classes and for several."""

    answer: Answer

    @property
    def classes(self) -> tuple[str, ...]:
        return self.answer.classes

    def outcomes(self, values: Sequence[Any]) -> Outcomes:
        index = {name: number for number, name in enumerate(self.classes)}
        unknown = sum(value not in index for value in values)
        if unknown:
            raise InputError(
                f"column {self.answer.target!r} holds {count_of(unknown, 'label')} of a class that the model was "
                "not made for: list it in the target's categories in schema.toml if it is one, or quarantine the file "
                "with it"
            )
        return np.fromiter((index[value] for value in values), np.int64, len(values))

    def losses(self, outcomes: Outcomes, predicted: Vector) -> Vector:
        """-log p of the true class, or the sum over classes of (p - [true])^2 (Brier 1950)."""
        if self.answer.loss == "log":
            return np.asarray(-np.log(np.maximum(self._of_true(outcomes, predicted), SMALLEST)))
        return self.brier(outcomes, predicted)

    def imagined(self, challenger: Vector, reference: Vector) -> tuple[Vector, Vector]:
        """Two records of each class, each with the mean loss that the records at hand would have if they were of it.
        They are weighted by how probable both models together find that.

        A challenger that has given up a rare class looks better on every record of a holdout that has none. Of ten
        percent, 30 records have none in 4 % and one in 14 %. Two more of each class keep a class that was not drawn
        from counting as one that does not occur, as with a share's interval. See Agresti and Coull 1998, "Approximate
        is better than exact for interval estimation of binomial proportions".
        """
        weights = (challenger + reference) / 2
        pairs = []
        for index in range(len(self.classes)):
            of_it = np.full(len(weights), index)
            weight = weights[:, index] if weights[:, index].any() else np.ones(len(weights))
            means = [np.average(self.losses(of_it, each), weights=weight) for each in (challenger, reference)]
            pairs += [means] * IMAGINED
        return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])

    def brier(self, outcomes: Outcomes, predicted: Vector) -> Vector:
        """The sum over classes, halved for two of them: then it is (p - [yes])^2."""
        truth = np.eye(len(self.classes))[outcomes]
        whole = np.sum((predicted - truth) ** 2, axis=1)
        return np.asarray(whole / 2 if len(self.classes) == 2 else whole)

    def summary(self, losses: Vector) -> float:
        return float(np.mean(losses))

    def constant(self, outcomes: Outcomes) -> Vector:
        counts = np.bincount(outcomes, minlength=len(self.classes))
        return np.asarray(counts / counts.sum(), dtype=np.float64)

    def labels(self, outcomes: Outcomes) -> LabelSummary:
        counts = np.bincount(outcomes, minlength=len(self.classes))
        return LabelSummary.of_classes({name: int(n) for name, n in zip(self.classes, counts, strict=True) if n})

    def nonconformity(self, outcomes: Outcomes, predicted: Vector) -> Vector:
        """1 - p of the true class: sets of the smallest size on average. See Sadinle, Lei and Wasserman 2019, "Least
        ambiguous set-valued classifiers with bounded error levels".
        """
        return np.asarray(1 - self._of_true(outcomes, predicted))

    def chosen(self, predicted: Vector) -> Outcomes:
        """The index of the predicted class: the most probable one."""
        return np.asarray(np.argmax(predicted, axis=1))

    def confusion(self, outcomes: Outcomes, predicted: Vector) -> list[list[int]]:
        size = len(self.classes)
        counts = np.bincount(outcomes * size + self.chosen(predicted), minlength=size * size)
        table: list[list[int]] = counts.reshape(size, size).tolist()
        return table

    def predictions(self, predicted: Vector) -> list[str]:
        return [self.classes[index] for index in self.chosen(predicted)]

    def reply(self, predicted: Vector) -> dict[str, list[Any]]:
        margin = 1.0 if self.answer.margin is None else self.answer.margin
        named = [dict(zip(self.classes, map(float, row), strict=True)) for row in predicted]
        return {
            "predictions": self.predictions(predicted),
            "probabilities": named,
            "sets": [[name for name, p in row.items() if 1 - p <= margin] for row in named],
        }

    def _of_true(self, outcomes: Outcomes, predicted: Vector) -> Vector:
        return np.asarray(predicted[np.arange(len(outcomes)), outcomes])


def aligned(predicted: Vector, own: Sequence[str], wanted: Sequence[str]) -> Vector:
    """Probabilities of a model's `own` classes in the order of `wanted`; 0 for a class that it does not know.

    Examples
    --------
    >>> aligned(np.array([[0.2, 0.8]]), ("no", "yes"), ("maybe", "no", "yes"))
    array([[0. , 0.2, 0.8]])
    """
    placed = np.zeros((len(predicted), len(wanted)))
    for column, name in enumerate(own):
        if name in wanted:
            placed[:, list(wanted).index(name)] = predicted[:, column]
    return placed


def tempered(predicted: Vector, temperature: float) -> Vector:
    """p^(1 / temperature), divided by their sum: above 1 less sure of itself, below 1 surer (Guo et al. 2017, "On
    calibration of modern neural networks").
    """
    if temperature == 1.0:
        return predicted
    logs = np.log(np.maximum(predicted, np.finfo(np.float64).tiny)) / temperature
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
