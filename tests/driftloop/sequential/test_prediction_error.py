"""How wrong one prediction was: of numbers, of classes, of a class's probability."""

import pytest

from driftloop import Column
from driftloop.sequential.prediction_error import class_of, comparable, error_of

NUMBER, CLASS = Column("y", role="target"), Column("y", "categorical", role="target")


def predicted(name: str, kind: str = "numeric") -> Column:
    return Column(name, kind, role="prediction")


@pytest.mark.parametrize(
    ("prediction", "of"),
    [
        (predicted("probability_yes"), "yes"),
        (predicted("probability_of_no"), "of_no"),
        (predicted("probability_"), None),
        (predicted("a_probability_yes"), None),
        (predicted("prediction"), None),
        (predicted("probability_yes", "categorical"), None),
    ],
)
def test_a_numeric_column_that_is_named_so_holds_the_probability_of_a_class(prediction: Column, of: str | None) -> None:
    assert class_of(prediction) == of


@pytest.mark.parametrize(
    ("prediction", "target", "answer"),
    [
        (predicted("p"), NUMBER, True),
        (predicted("p", "categorical"), CLASS, True),
        (predicted("probability_yes"), CLASS, True),
        (predicted("p"), CLASS, False),
        (predicted("p", "categorical"), NUMBER, False),
        (predicted("probability_yes", "categorical"), NUMBER, False),
    ],
)
def test_an_error_is_of_two_numbers_two_classes_or_a_probability(
    prediction: Column, target: Column, answer: bool
) -> None:
    assert comparable(prediction, target) is answer


@pytest.mark.parametrize(
    ("prediction", "outcome", "probability_of", "error"),
    [
        (3.0, 5.0, None, 2.0),
        (5.0, 3.0, None, 2.0),
        ("yes", "yes", None, 0.0),
        ("no", "yes", None, 1.0),
        ("1", 1.0, None, 1.0),  # a class is no number
        (0.25, "yes", "yes", 0.5625),
        (0.25, "no", "yes", 0.0625),
        (1.0, "yes", "yes", 0.0),
    ],
)
def test_the_error_is_a_distance_a_wrong_class_or_the_brier_score(
    prediction: float | str, outcome: float | str, probability_of: str | None, error: float
) -> None:
    assert error_of(prediction, outcome, probability_of) == error
