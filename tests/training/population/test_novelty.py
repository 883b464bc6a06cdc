"""Who is called unlike the population: as rarely as stated, and whoever really is."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from driftloop import Column, Schema
from training.population import fitting
from training.population.novelty import LEVEL, novelty
from training.population.summary import from_json, to_json

SCHEMA = Schema(
    (
        Column("pressure"),
        Column("triglycerides"),
        Column("glucose"),
        Column("sex", kind="categorical", categories=("a", "b", "never seen")),
        Column("outcome", role="target"),
    )
)
Matrix = NDArray[np.float64]


def people(rng: np.random.Generator, count: int) -> Matrix:
    """Correlated, skewed, coded and partly missing: as records are, and not as the distance assumes."""
    pressure = rng.normal(120, 15, count)
    triglycerides = np.exp(rng.normal(4.6, 0.7, count) + 0.02 * (pressure - 120))
    glucose = np.where(rng.random(count) < 0.1, np.nan, 80 + rng.gamma(2, 12, count))
    return np.column_stack([pressure, triglycerides, glucose, (rng.random(count) < 0.3).astype(float)])


@pytest.mark.parametrize("records", [160, 350])
def test_one_in_a_hundred_of_the_population_is_called_unlike_it(records: int) -> None:
    """Over many populations, each with its own calibration: the rate is promised for all of them together."""
    rng = np.random.default_rng(records)
    runs, each = 400, 50
    unlike = 0
    for _ in range(runs):
        population = fitting.fit(people(rng, records), SCHEMA)
        unlike += sum(bool(one.unlike) for one in novelty(population, people(rng, each)))
    # Records that share a calibration are unlike together, so that the count varies more than a binomial one: by
    # about 1 + each / records times its variance.
    widened = 1 + each / (records * 2 / 3) * LEVEL * records
    most = runs * each * LEVEL + 4 * np.sqrt(runs * each * LEVEL * (1 - LEVEL) * widened)
    assert unlike <= most
    assert unlike >= runs * each * LEVEL / 4, "it is not silent either"


def test_one_record_of_each_population_is_called_unlike_it_at_most_as_often_as_stated() -> None:
    """Independent draws, so that the bound is exact."""
    rng = np.random.default_rng(7)
    runs = 3_000
    unlike = sum(bool(novelty(fitting.fit(people(rng, 151), SCHEMA), people(rng, 1))[0].unlike) for _ in range(runs))
    assert unlike <= binom.ppf(0.9999, runs, LEVEL)


@pytest.mark.parametrize(
    "person",
    [
        pytest.param([230.0, 110.0, 100.0, 0.0], id="a pressure that nobody had"),
        pytest.param([170.0, 12.0, 100.0, 0.0], id="two values that do not go together"),
        pytest.param([120.0, np.nan, 100.0, 0.0], id="no value where all had one"),
        pytest.param([120.0, 100.0, 100.0, 2.0], id="a category that nobody had"),
        pytest.param([1e300, 110.0, 100.0, 0.0], id="a number beyond everything"),
    ],
)
def test_a_person_unlike_all_others_is_found(person: list[float]) -> None:
    population = fitting.fit(people(np.random.default_rng(1), 2_000), SCHEMA)
    (found,) = novelty(population, np.array([person]))
    assert found.unlike is True
    assert found.p_value <= LEVEL


def test_an_ordinary_person_is_not() -> None:
    population = fitting.fit(people(np.random.default_rng(1), 400), SCHEMA)
    (found,) = novelty(population, np.array([[122.0, 105.0, np.nan, 1.0]]))
    assert found.unlike is False
    assert found.p_value > 0.1


def test_too_few_records_say_nothing_rather_than_nothing_unusual() -> None:
    population = fitting.fit(people(np.random.default_rng(1), 100), SCHEMA)
    (found,) = novelty(population, np.array([[500.0, 1.0, 1.0, 2.0]]))
    assert (found.unlike, found.records) == (None, 67)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_hardly_any_records_are_no_error(count: int) -> None:
    values = people(np.random.default_rng(1), count)
    values[:, 0] = np.nan
    (found,) = novelty(fitting.fit(values, SCHEMA), np.array([[120.0, 100.0, 100.0, 0.0]]))
    assert found.unlike is None


def test_a_column_that_never_varied_makes_another_value_unlike() -> None:
    values = people(np.random.default_rng(1), 600)
    values[:, 0] = 120.0
    population = fitting.fit(values, SCHEMA)
    same, other = novelty(population, np.array([[120.0, 100.0, 100.0, 0.0], [121.0, 100.0, 100.0, 0.0]]))
    assert (same.unlike, other.unlike) == (False, True)


def test_the_file_gives_the_same_answers_and_holds_no_record() -> None:
    values = people(np.random.default_rng(1), 300)
    population = fitting.fit(values, SCHEMA)
    again = from_json(to_json(population))
    assert novelty(again, values) == novelty(population, values)
    text = to_json(population).decode()
    held = [value for value in values[:, :3].ravel() if not np.isnan(value) and repr(float(value)) in text]
    assert len(held) <= 3, "a median may be a record's value"


def test_many_columns_are_taken_as_independent() -> None:
    schema = Schema(tuple(Column(f"c{number}") for number in range(fitting.MOST_CORRELATED + 1)))
    values = np.random.default_rng(1).normal(size=(400, len(schema.columns)))
    population = fitting.fit(values, schema)
    assert population.correlation is None
    assert len(to_json(population)) < 100_000
    assert novelty(population, values[:1] + 5)[0].unlike is True
