"""The paired tests of the gate by their arithmetic; their error rate is in test_gate_error_rates.py."""

import math

import numpy as np
import pytest

from tests.training.gate.squared_errors import improvement, vector
from training.gate import paired_tests
from training.gate.paired_tests import Improvement

LEVEL = 0.05


def test_both_tests_must_agree_so_the_larger_p_value_counts() -> None:
    assert paired_tests.both_p_values(0.2, 0.01) == 0.2
    assert paired_tests.both_p_values(0.01, 0.2) == 0.2


def test_the_p_value_of_an_improvement_is_the_larger_of_its_two_tests() -> None:
    """Nine records much better and one much worse: the bootstrap's studentised tail and the flips differ here."""
    target, challenger = np.zeros(10), vector([1, 1, 1, 1, 1, 1, 1, 1, 1, 12])
    reference = vector([5, 6, 4, 5, 6, 4, 5, 6, 4, 5])
    difference = reference**2 - challenger**2
    rng = np.random.default_rng(10)
    t, flipped = paired_tests.bootstrap_t(difference, rng), paired_tests.sign_flips(difference, rng)
    mean = float(difference.mean())
    separate = (
        paired_tests.reached(t, mean / paired_tests.standard_error(difference)),
        paired_tests.reached(flipped, mean),
    )
    assert abs(separate[0] - separate[1]) > 0.02
    assert improvement(target, challenger, reference, LEVEL).p_value == max(separate)


def test_the_observed_statistic_counts_among_the_resampled_ones() -> None:
    """None reached of 3: 1 of 4. A tie counts as reached."""
    assert paired_tests.reached(vector([1, 2, 3]), 4.0) == 0.25
    assert paired_tests.reached(vector([1, 2, 3]), 3.0) == 0.5
    assert paired_tests.reached(vector([1, 2, 3]), 0.0) == 1.0


def test_improvement_is_of_reference_over_challenger() -> None:
    target = np.zeros(4)
    found = improvement(target, vector([1, 1, 1, 3]), vector([2, 4, 2, 4]), LEVEL)
    assert found.loss == (4 + 16 + 4 + 16) / 4 - (1 + 1 + 1 + 9) / 4 == 7.0


def test_the_lower_bound_takes_the_upper_quantile_of_the_bootstrap_from_the_estimate(rng: np.random.Generator) -> None:
    target, challenger, reference = np.zeros(40), rng.normal(0, 3, 40), rng.normal(0, 5, 40)
    difference = reference**2 - challenger**2
    t = paired_tests.bootstrap_t(difference, np.random.default_rng(40))
    found = improvement(target, challenger, reference, 0.1)
    assert found.lower == pytest.approx(found.loss - np.quantile(t, 0.9) * difference.std(ddof=1) / math.sqrt(40))


def test_the_bootstrap_is_centred_and_studentised(rng: np.random.Generator) -> None:
    """A thousand records: the statistic is nearly standard normal (its mean within 5 standard errors of 0)."""
    t = paired_tests.bootstrap_t(rng.normal(7.0, 3.0, 1_000), rng)
    assert len(t) == paired_tests.RESAMPLES == 4_999
    assert abs(t.mean()) < 5 / math.sqrt(paired_tests.RESAMPLES)
    assert t.std() == pytest.approx(1.0, abs=0.06)


def test_the_bootstrap_divides_by_the_samples_own_standard_error(rng: np.random.Generator) -> None:
    """Of 0, 0, 3 (mean 1): 0, 3, 3 has mean 2 and standard error 1; three alike have next to none, and stay finite."""
    t = paired_tests.bootstrap_t(vector([0, 0, 3]), rng)
    assert set(t.round(9)) == {-1e12, 0.0, 1.0, 2e12}


def test_sign_flips_of_one_difference_are_that_difference_and_its_opposite(rng: np.random.Generator) -> None:
    flipped = paired_tests.sign_flips(vector([4.0]), rng)
    assert set(flipped) == {4.0, -4.0}
    assert len(flipped) == paired_tests.RESAMPLES
    assert 0.45 < (flipped > 0).mean() < 0.55


def test_sign_flips_are_means_of_flipped_differences(rng: np.random.Generator) -> None:
    assert set(paired_tests.sign_flips(vector([4.0, 2.0]), rng)) == {3.0, 1.0, -1.0, -3.0}


@pytest.mark.parametrize(("n", "chunks"), [(1, [4_999]), (300_000, [3] * 1_666 + [1]), (2_000_000, [1] * 4_999)])
def test_resamples_are_drawn_in_pieces_of_bounded_size(n: int, chunks: list[int]) -> None:
    assert list(paired_tests._chunks(n)) == chunks


def test_the_standard_error_divides_by_n_minus_1_and_a_single_value_has_none() -> None:
    assert paired_tests.standard_error(vector([0, 2])) == pytest.approx(math.sqrt(2) / math.sqrt(2))
    assert paired_tests.standard_error(vector([1, 2, 3, 4])) == pytest.approx(math.sqrt(5 / 3) / 2)
    assert paired_tests.standard_error(vector([5])) == 0.0


def test_equal_predictions_are_no_improvement(rng: np.random.Generator) -> None:
    target, prediction = rng.normal(150, 77, 50), rng.normal(150, 77, 50)
    assert improvement(target, prediction, prediction, LEVEL) == Improvement(0.0, 0.0, 1.0)


@pytest.mark.parametrize("n", [1, 30])
def test_equal_differences_have_no_spread_to_test_with(n: int) -> None:
    found = improvement(np.zeros(n), np.full(n, 1.0), np.full(n, 3.0), LEVEL)
    assert found == Improvement(loss=8.0, lower=8.0, p_value=1.0)


def test_a_spread_that_is_rounding_is_no_spread() -> None:
    """Differences of 1e6 whose spread is 1e-8 of a unit: 1e-14 of the mean."""
    reference = 1_000.0 + np.linspace(0, 1e-11, 30)
    assert improvement(np.zeros(30), np.zeros(30), reference, LEVEL).p_value == 1.0
    apart = 1_000.0 + np.linspace(0, 1e-4, 30)
    assert improvement(np.zeros(30), np.zeros(30), apart, LEVEL).p_value < 0.01
