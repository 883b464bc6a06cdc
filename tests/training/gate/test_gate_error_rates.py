"""Error rates are tested with binomial bounds: a count that a correct gate exceeds in one run of a thousand."""

import os
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom

from training.gate import paired_tests
from training.tasks.task import Vector

LEVEL = 0.05
RUNS = int(os.environ.get("GATE_RUNS", "250"))  # 1000 for a long look
Case = tuple[Vector, Vector, Vector]
Draw = Callable[[int, np.random.Generator], Case]


def equally_good(n: int, rng: np.random.Generator) -> Case:
    """Two models whose errors are of the same size, and independent given the record."""
    target = rng.normal(150, 77, n)
    return target, target + rng.normal(0, 55, n), target + rng.normal(0, 55, n)


def almost_the_same(n: int, rng: np.random.Generator) -> Case:
    """A challenger that differs little from the champion, as after retraining on the same regime."""
    target = rng.normal(150, 77, n)
    champion = target + rng.normal(0, 55, n)
    return target, champion + rng.normal(0, 5, n), champion + rng.normal(0, 5, n)


def heavy_tailed(n: int, rng: np.random.Generator) -> Case:
    """Outcomes with outliers that neither model predicts."""
    target = 150 + 40 * rng.standard_t(3, n)
    return target, rng.normal(150, 15, n), rng.normal(150, 15, n)


def rarely_much_worse(n: int, rng: np.random.Generator) -> Case:
    """A challenger that is a little better on 9 of 10 records and as much worse, in all, on the tenth."""
    champion = np.full(n, 10.0)
    seldom = rng.random(n) < 0.1
    worse = np.sqrt((100 - 0.9 * 81) / 0.1)
    return np.zeros(n), np.where(seldom, worse, 9.0) + rng.normal(0, 0.5, n), champion + rng.normal(0, 0.5, n)


def better(n: int, rng: np.random.Generator) -> Case:
    """The demo's change: the champion's RMSE is 71, the challenger's 57."""
    noise = rng.normal(0, 55, n)
    return np.zeros(n), noise + rng.normal(0, 15, n), noise + 45 + rng.normal(0, 10, n)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


def improvement(target: Vector, challenger: Vector, reference: Vector) -> paired_tests.Improvement:
    """Of squared errors."""
    return paired_tests.improvement((target - challenger) ** 2, (target - reference) ** 2, LEVEL)


def promotions(draw: Draw, n: int, runs: int, rng: np.random.Generator) -> int:
    return sum(improvement(*draw(n, rng)).p_value <= LEVEL for _ in range(runs))


def most(runs: int) -> int:
    return int(binom.ppf(0.999, runs, LEVEL))


@pytest.mark.parametrize("draw", [equally_good, almost_the_same, heavy_tailed])
def test_a_model_that_is_not_better_is_seldom_promoted(draw: Draw, rng: np.random.Generator) -> None:
    assert promotions(draw, 47, 200, rng) <= most(200)


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 60, 150] if RUNS >= 1000 else [30, 60])
@pytest.mark.parametrize("draw", [equally_good, almost_the_same, heavy_tailed])
def test_a_model_that_is_not_better_is_promoted_in_at_most_five_percent(
    draw: Draw, n: int, rng: np.random.Generator
) -> None:
    assert promotions(draw, n, RUNS, rng) <= most(RUNS)


@pytest.mark.slow
def test_rare_disasters_are_not_mistaken_for_progress_once_the_holdout_has_some(rng: np.random.Generator) -> None:
    assert promotions(rarely_much_worse, 100, RUNS, rng) <= most(RUNS)


def test_a_model_that_is_much_better_is_promoted(rng: np.random.Generator) -> None:
    """On 47 records the power is above 60 %."""
    assert promotions(better, 47, 100, rng) >= 60


def test_the_lower_bound_is_below_the_estimate_and_agrees_with_the_test(rng: np.random.Generator) -> None:
    for _ in range(50):
        found = improvement(*equally_good(60, rng))
        assert found.lower < found.loss
        if found.p_value <= LEVEL:
            assert found.lower > -1e-6 * abs(found.loss)
