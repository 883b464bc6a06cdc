"""How wrong one prediction was, from the outcome that arrived later.

|prediction - outcome| for numbers; 0 or 1 for classes. Where the column of predictions holds a class's probability, it
is the Brier score, (p - [outcome is the class])^2. The last sees what a right or wrong class cannot. Of a rare class, a
model may predict none at all and lose nothing by having become useless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftloop.data.schema import Column

PROBABILITY = "probability_"
"""How a column of a class's probabilities is called, followed by the class."""


def class_of(prediction: Column) -> str | None:
    """The class whose probability a numeric column holds, by the column's name; None for every other column.

    Examples
    --------
    >>> from driftloop.data.schema import Column
    >>> class_of(Column("probability_yes", role="prediction")), class_of(Column("prediction", role="prediction"))
    ('yes', None)
    """
    if prediction.kind != "numeric" or not prediction.name.startswith(PROBABILITY):
        return None
    return prediction.name.removeprefix(PROBABILITY) or None


def comparable(prediction: Column, target: Column) -> bool:
    """Whether an error can be computed: both are numbers, both are classes, or the prediction is a class's
    probability.
    """
    return prediction.kind == target.kind or (target.kind == "categorical" and class_of(prediction) is not None)


def error_of(predicted: float | str, outcome: float | str, probability_of: str | None = None) -> float:
    """The error of one prediction, at least 0; `probability_of` as `class_of` answers.

    Examples
    --------
    >>> error_of(3.0, 5.0), error_of("no", "yes"), error_of(0.9, "yes", "yes"), error_of(0.9, "no", "yes")
    (2.0, 1.0, 0.009999999999999995, 0.81)
    """
    if isinstance(outcome, str) and isinstance(predicted, float):
        return (predicted - float(outcome == probability_of)) ** 2
    if isinstance(outcome, str) or isinstance(predicted, str):
        return float(predicted != outcome)
    return abs(predicted - outcome)
