"""Changes drawn at random, and the general tests that are measured beside the check."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.peers.two_sample_tests import classifier_p, encoded, mmd_p
from benchmarks.random_changes import BASELINE_ROWS, KINDS, TABLES, Reweighted, _strength, random_cases
from sandbox.population import diabetes


def test_there_are_twenty_changes_of_six_tables_in_five_kinds_and_always_the_same() -> None:
    cases = random_cases()
    assert len(cases) == 20
    assert {case.table for case in cases} == set(TABLES)
    assert len(KINDS) == 5
    assert sum(" and " in case.name for case in cases) == 4
    assert len({case.name for case in cases}) == 20
    random_cases.cache_clear()
    assert [case.name for case in random_cases()] == [case.name for case in cases]


@pytest.mark.parametrize("number", [0, 2, 3])
def test_a_change_is_as_strong_as_it_was_drawn(number: int) -> None:
    case = random_cases()[number]
    changed = case.make("")
    assert isinstance(changed, Reweighted)
    pool = changed.source.sample(20_000, np.random.default_rng(1))
    odds = np.exp(changed.strength * changed.exponent(pool))
    size = 1 / (1 / case.rows + 1 / BASELINE_ROWS)
    assert 2.8 <= np.sqrt(size * np.var(odds / odds.mean())) <= 4.7


def test_the_strength_of_a_step_is_what_arithmetic_gives() -> None:
    # Half of the records with odds e^a: over the mean 2 e^a / (1 + e^a) and 2 / (1 + e^a), variance tanh(a / 2)^2.
    step = np.repeat([0.0, 1.0], 500)
    assert _strength(step, np.tanh(0.4) ** 2, 1) == pytest.approx(0.8)
    assert _strength(step, np.tanh(0.4) ** 2, -1) == pytest.approx(-0.8)
    assert _strength(step, 0.99, 1) == pytest.approx(3.0)


def test_records_are_taken_with_their_odds() -> None:
    source = diabetes()
    middle = float(source.table["bmi"].median())
    pool = np.sort(source.table["bmi"].to_numpy(float))
    threefold = Reweighted(source, ("bmi",), (lambda u: (u < 0.5).astype(float),), (pool,), float(np.log(3)))
    before = source.sample(20_000, np.random.default_rng(2))["bmi"]
    share = float(np.mean(np.searchsorted(pool, before, "left") + np.searchsorted(pool, before, "right") < len(pool)))
    drawn = threefold.sample(4_000, np.random.default_rng(3))["bmi"]
    expected = 3 * share / (3 * share + 1 - share)
    assert float((drawn < middle).mean()) == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 4_000) + 0.01)


def test_tables_become_standardised_numbers_and_marks() -> None:
    one = pa.table({"x": [1.0, 2.0, None], "kind": ["a", "b", "a"], "same": [1, 1, 1]})
    matrix, window = encoded(one, pa.table({"x": [3.0], "kind": ["a"], "same": [1]}))
    assert window.tolist() == [False, False, False, True]
    # x with its mean for the missing one, the mark of missing, and a mark for each kind.
    assert matrix.shape == (4, 4)
    np.testing.assert_allclose(matrix.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(matrix.std(axis=0), 1)
    assert matrix[2, 0] == pytest.approx(0)
    assert matrix[:, 1].argmax() == 2


@pytest.mark.parametrize("test", [classifier_p, mmd_p])
def test_a_large_change_is_found_and_none_is_not(test: object) -> None:
    rng = np.random.default_rng(5)
    matrix, window = rng.normal(size=(200, 3)), np.arange(200) >= 140
    assert test(matrix, window, rng) > 0.05  # type: ignore[operator]
    matrix[window, 1] += 2.0
    assert test(matrix, window, rng) == pytest.approx(0.001)  # type: ignore[operator]
