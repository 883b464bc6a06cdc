"""The populations that demonstrations and benchmarks draw from."""

import numpy as np
import pandas as pd
import pytest

from sandbox.population import Outcome, Population, diabetes, shifted

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


def test_the_residual_spread_is_that_of_the_noise_and_half_of_the_outcomes_where_columns_outnumber_records() -> None:
    rng = np.random.default_rng(8)
    table = pd.DataFrame(rng.normal(size=(2_000, 3)), columns=list("abc")).assign(word=rng.choice(["x", "y"], 2_000))
    outcome = table["a"] - 2 * table["b"] + 5 * (table["word"] == "x") + rng.normal(0, 0.7, 2_000)
    spread = Population(table.assign(y=outcome), categorical=("word",), target="y").residual_spread
    assert spread == pytest.approx(0.7, rel=0.08)  # five standard errors of a standard deviation of 2,000
    wide = pd.DataFrame(rng.normal(size=(40, 39))).rename(columns=str).assign(y=rng.normal(size=40))
    assert Population(wide, target="y").residual_spread == pytest.approx(wide["y"].std() / 2)


def test_a_class_stays_with_its_record_and_turns_in_the_share_that_is_asked() -> None:
    rng = np.random.default_rng(9)
    table = pd.DataFrame({"size": rng.normal(50, 10, 600)})
    table["kind"] = np.where(table["size"] > 50, "big", "small")
    population = Population(table, target="kind", classes=True)
    drawn = population.sample(N, np.random.default_rng(10))
    assert drawn.groupby("kind")["size"].mean()["big"] > 55
    turned = population.changed(outcome=Outcome(before="small", after="big", turned=0.4)).sample(
        N, np.random.default_rng(10)
    )
    moved = (drawn["kind"] == "small") & (turned["kind"] == "big")
    assert moved.sum() / (drawn["kind"] == "small").sum() == pytest.approx(0.4, abs=0.03)
    assert not ((drawn["kind"] == "big") & (turned["kind"] == "small")).any()


def test_values_stay_within_the_ranges_that_can_be_true() -> None:
    table = pd.DataFrame({"share": np.random.default_rng(11).uniform(0, 1, 400), "y": np.arange(400.0)})
    population = Population(table, target="y", ranges={"share": (0.0, 1.0), "y": (0.0, 399.0)})
    drawn = population.changed(outcome=Outcome(offset=500.0)).sample(2_000, np.random.default_rng(12))
    assert drawn["share"].between(0, 1).all()
    assert drawn["y"].max() == 399.0
