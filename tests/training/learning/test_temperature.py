import numpy as np
import pytest

from training.learning.temperature import temperature
from training.tasks.probabilities import tempered


def told(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes of three classes and the probabilities that they were drawn with."""
    logs = rng.normal(0, 1.5, (n, 3))
    p = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    return (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1), p


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_probabilities_that_are_too_sure_or_too_cautious_are_mended(factor: float, rng: np.random.Generator) -> None:
    """They were raised to a power: the temperature takes it back, to a tenth with 3,000 records."""
    outcomes, p = told(rng, 3_000)
    assert temperature(outcomes, tempered(p, factor)) == pytest.approx(1 / factor, rel=0.1)


def test_calibrated_ones_are_left_as_they_are(rng: np.random.Generator) -> None:
    """Two standard errors of the fall: chance reaches them seldom, and here in no more than 2 of 20."""
    assert sum(temperature(*told(rng, 200)) != 1.0 for _ in range(20)) <= 2


def test_a_single_record_says_nothing() -> None:
    assert temperature(np.array([1]), np.array([[0.7, 0.3]])) == 1.0
