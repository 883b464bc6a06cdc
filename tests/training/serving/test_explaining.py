"""The parts of a prediction add up, are exact where that can be known, and cost what is stated."""

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from training.serving.explaining import MOST_EVALUATIONS, PAIRS, explain

Matrix = NDArray[np.float64]


def shapley(record: Matrix, typical: Matrix, predict: object) -> list[float]:
    """By the definition: all orders."""
    size = len(record)
    parts = np.zeros(size)
    for order in itertools.permutations(range(size)):
        row = typical.copy()
        before = predict(row[None])[0]  # type: ignore[operator]
        for place in order:
            row[place] = record[place]
            after = predict(row[None])[0]  # type: ignore[operator]
            parts[place] += after - before
            before = after
    return list(parts / math.factorial(size))


def interacting(rows: Matrix) -> Matrix:
    return np.asarray(rows[:, 0] * rows[:, 1] + np.maximum(rows[:, 2], rows[:, 3]) + 2 * rows[:, 4])


@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_the_parts_add_up_to_the_prediction_less_the_typical_one(size: int) -> None:
    rng = np.random.default_rng(size)
    record, typical, weights = rng.normal(size=(3, size))
    predict = lambda rows: np.tanh(rows @ weights) * rows[:, 0]  # noqa: E731
    found = explain(record, typical, [str(n) for n in range(size)], "prediction", predict)
    whole = predict(record[None])[0] - predict(typical[None])[0]
    assert sum(found.contributions.values()) == pytest.approx(whole, abs=1e-9)
    # a product of matrices adds up in another order with other rows beside it, on some processors
    assert found.typical == pytest.approx(predict(typical[None])[0], abs=1e-12)


def test_an_additive_model_is_explained_exactly() -> None:
    record, typical = np.array([3.0, 5.0, -1.0]), np.array([1.0, 1.0, 1.0])
    found = explain(record, typical, ["a", "b", "c"], "prediction", lambda rows: rows @ np.array([2.0, 0.5, 0.0]))
    assert found.contributions == pytest.approx({"a": 4.0, "b": 2.0, "c": 0.0})
    assert found.error == 0


def test_interactions_come_as_near_to_the_definition_as_the_stated_error() -> None:
    record, typical = np.array([2.0, 3.0, 1.0, 4.0, 1.0]), np.zeros(5)
    found = explain(record, typical, list("abcde"), "prediction", interacting)
    exact = dict(zip("abcde", shapley(record, typical, interacting), strict=True))
    assert all(abs(found.contributions[name] - exact[name]) <= 5 * found.error + 1e-12 for name in exact)
    assert found.contributions["e"] == pytest.approx(2.0)


def test_a_measurement_that_the_model_does_not_use_has_no_part() -> None:
    found = explain(np.ones(3), np.zeros(3), ["a", "b", "c"], "prediction", lambda rows: rows[:, 0] * rows[:, 1])
    assert found.contributions["c"] == 0


@pytest.mark.parametrize("size", [1, 10, 128, 500])
def test_it_asks_the_model_as_often_as_it_says_and_no_more_than_it_may(size: int) -> None:
    asked = 0

    def predict(rows: Matrix) -> Matrix:
        nonlocal asked
        asked += len(rows)
        return np.asarray(rows.sum(axis=1))

    found = explain(np.ones(size), np.zeros(size), [str(n) for n in range(size)], "prediction", predict)
    assert found.evaluations == asked <= max(MOST_EVALUATIONS, 2)
    assert asked <= 2 * PAIRS * size + 2


def test_the_same_record_gets_the_same_parts() -> None:
    record, typical = np.arange(5.0), np.ones(5)
    names = list("abcde")
    first, again = (explain(record, typical, names, "prediction", interacting) for _ in range(2))
    assert first == again
