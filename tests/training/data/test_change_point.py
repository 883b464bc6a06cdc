import numpy as np
import pytest

from training.data import change_point


def stable(n: int, rng: np.random.Generator, columns: int = 10) -> np.ndarray:
    return rng.normal(size=(n, columns))


@pytest.mark.parametrize(("what", "near"), [("location", 15), ("spread", 40), ("missing", 15)])
def test_a_change_of_one_column_is_found_near_where_it_began(what: str, near: int, rng: np.random.Generator) -> None:
    values = stable(500, rng)
    changed = values[380:, 3]
    if what == "location":
        changed += 1.5
    elif what == "spread":
        changed *= 3.0
    else:
        changed[rng.random(120) < 0.5] = np.nan
    assert abs(change_point.start(values) - 380) <= near


def test_of_several_changes_the_newest_counts(rng: np.random.Generator) -> None:
    values = stable(600, rng)
    values[200:, 0] += 3.0
    values[450:, 5] += 1.5
    assert abs(change_point.start(values) - 450) <= 15


def test_where_nothing_changes_the_error_rate_is_the_stated_level(rng: np.random.Generator) -> None:
    """200 searches at level 0.01 find a change 2 times on average; more than 7 has probability 0.001 (binomial)."""
    assert sum(change_point.start(stable(200, rng)) > 0 for _ in range(200)) <= 7


def test_heavy_tails_and_constant_columns_are_no_change(rng: np.random.Generator) -> None:
    values = rng.standard_t(2, size=(300, 6))
    values[:, 2] = 5.0
    values[:, 3] = np.nan
    assert change_point.start(values) == 0


@pytest.mark.parametrize("n", [0, 1, 59])
def test_too_few_records_for_two_regimes_are_one(n: int, rng: np.random.Generator) -> None:
    assert change_point.start(stable(n, rng)) == 0


def test_the_same_records_give_the_same_answer(rng: np.random.Generator) -> None:
    values = stable(200, rng)
    values[150:, 0] += 0.6
    assert change_point.start(values) == change_point.start(values.copy())
