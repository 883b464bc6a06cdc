import numpy as np

from driftloop.data.schema import Column
from training import candidates
from training.candidates import Candidate

COLUMNS = (Column("a"), Column("b"), Column("c", kind="categorical", categories=("1", "2")))


def world(n: int, slope: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = np.column_stack([rng.normal(size=(n, 2)), rng.integers(0, 2, n).astype(float)])
    return x, slope * x[:, 0] + x[:, 2] + rng.normal(0, 0.5, n)


def joined(older: tuple[np.ndarray, np.ndarray], newer: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, ...]:
    recent = np.r_[np.zeros(len(older[1]), dtype=bool), np.ones(len(newer[1]), dtype=bool)]
    return np.vstack([older[0], newer[0]]), np.r_[older[1], newer[1]], recent


def test_a_change_of_concept_makes_forgetting_win(rng: np.random.Generator) -> None:
    x, y, recent = joined(world(350, slope=2.0, rng=rng), world(70, slope=-2.0, rng=rng))
    best = candidates.choose(x, y, recent, COLUMNS)[0]
    assert best.older_weight == 0.0
    assert best.rmse < 0.7  # noise is 0.5


def test_without_a_change_all_records_count(rng: np.random.Generator) -> None:
    x, y, recent = joined(world(350, slope=2.0, rng=rng), world(70, slope=2.0, rng=rng))
    scores = candidates.choose(x, y, recent, COLUMNS)
    forgetting = min(score.rmse for score in scores if score.older_weight == 0.0)
    assert scores[0].older_weight > 0.0
    assert scores[0].rmse < forgetting


def test_both_kinds_of_model_are_tried_at_each_weight_and_forgetting_only_with_enough_records() -> None:
    tried = {(c.regressor, c.older_weight) for c in candidates.candidates(recent=100, older=300)}
    assert tried == {(name, weight) for name in ("ridge", "gradient boosting") for weight in (1.0, 0.2, 0.0)}
    assert {c.older_weight for c in candidates.candidates(recent=30, older=300)} == {1.0, 0.2}
    assert {c.older_weight for c in candidates.candidates(recent=300, older=0)} == {1.0}


def test_a_curved_relation_is_left_to_boosting(rng: np.random.Generator) -> None:
    x = rng.normal(size=(300, 3))
    x[:, 2] = 0.0
    y = np.sign(x[:, 0]) * np.sign(x[:, 1]) * 3 + rng.normal(0, 0.3, 300)
    assert candidates.choose(x, y, np.ones(300, dtype=bool), COLUMNS)[0].regressor == "gradient boosting"


def test_missing_and_unseen_values_are_predicted_and_not_an_error(rng: np.random.Generator) -> None:
    x, y = world(100, slope=1.0, rng=rng)
    model = candidates.fitted(Candidate("ridge", {"alpha": 1.0}, 1.0), x, y, np.ones(100, dtype=bool), COLUMNS)
    assert np.isfinite(model.predict(np.array([[np.nan, 0.0, 1.0], [0.0, np.nan, np.nan]]))).all()


def test_a_column_that_the_model_does_not_use_has_importance_zero_and_all_sum_to_one(rng: np.random.Generator) -> None:
    x, y = world(300, slope=2.0, rng=rng)
    x[:, 1] = 0.0
    model = candidates.fitted(Candidate("ridge", {"alpha": 1.0}, 1.0), x, y, np.ones(300, dtype=bool), COLUMNS)
    shares = candidates.importances(model, x, COLUMNS)
    assert shares["b"] == 0.0
    assert shares["a"] > shares["c"] > 0.0
    assert abs(sum(shares.values()) - 1.0) < 1e-9
