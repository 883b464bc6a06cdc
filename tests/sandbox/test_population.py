"""The populations that demonstrations and benchmarks draw from."""

import numpy as np
import pandas as pd
import pytest

from sandbox.population import Population, diabetes, shifted

N = 40_000


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    return diabetes().sample(N, np.random.default_rng(1))


def test_means_variances_and_correlations_are_those_of_the_real_table(drawn: pd.DataFrame) -> None:
    real = diabetes().table
    error_of_the_mean = real.std() / np.sqrt(N)
    assert (abs(drawn.mean() - real.mean()) < 5 * error_of_the_mean + 0.002 * real.std()).all()  # 0.002: rounding
    assert (abs(drawn.std() / real.std() - 1) < 0.03).all()
    assert abs(drawn.corr() - real.corr()).to_numpy().max() < 0.03


def test_no_record_occurs_twice_and_none_is_a_real_one(drawn: pd.DataFrame) -> None:
    assert not drawn.duplicated().any()
    assert not pd.concat([drawn, diabetes().table]).duplicated().any()


def test_values_are_rounded_as_they_were_recorded(drawn: pd.DataFrame) -> None:
    assert (drawn["s6"] == drawn["s6"].round()).all()
    assert (drawn["bmi"] == drawn["bmi"].round(1)).all()
    real_share = (diabetes().table["s4"] % 1 == 0).mean()
    assert (drawn["s4"] % 1 == 0).mean() == pytest.approx(real_share, abs=0.02)


def test_the_same_seed_draws_the_same_records() -> None:
    one, two = (diabetes().sample(50, np.random.default_rng(3)) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_a_shift_moves_the_records_and_the_outcome_follows(drawn: pd.DataFrame) -> None:
    moved = shifted(diabetes()).sample(N, np.random.default_rng(2))
    assert moved["bmi"].mean() - drawn["bmi"].mean() == pytest.approx(3.0, abs=0.15)
    assert moved["bmi"].std() == pytest.approx(drawn["bmi"].std(), rel=0.03)
    assert moved["progression"].mean() > drawn["progression"].mean() + 35.0


def test_odds_change_the_share_of_records() -> None:
    female = (diabetes().table["sex"] == 2).mean()
    population = diabetes().likelier(lambda frame: np.where(frame["sex"] == 2, 3.0, 1.0))
    share = (population.sample(N, np.random.default_rng(4))["sex"] == 2).mean()
    assert share == pytest.approx(3 * female / (3 * female + 1 - female), abs=0.01)


def test_missing_values_stay_where_they_are_and_negative_values_do_not_arise() -> None:
    table = pd.DataFrame({"cost": np.random.default_rng(5).exponential(1.0, 500), "age": np.arange(500.0)})
    table.loc[table["age"] < 100, "cost"] = np.nan
    drawn = Population(table).sample(5_000, np.random.default_rng(6))
    assert drawn["cost"].isna().mean() == pytest.approx(0.2, abs=0.02)
    assert drawn["cost"].min() >= 0


def test_faults_see_the_finished_records() -> None:
    population = diabetes().broken(lambda frame, _: frame.assign(bp=np.nan))
    assert population.sample(10, np.random.default_rng(7))["bp"].isna().all()
