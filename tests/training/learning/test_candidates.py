from dataclasses import replace

import numpy as np
import pytest

from driftloop.data.schema import Column, Schema
from driftloop.errors import InputError
from training.learning import built_in, candidates
from training.learning.candidates import Candidate, Records, Score
from training.learning.offers import Shelf
from training.tasks.answer import Answer
from training.tasks.output import output

COLUMNS = (Column("a"), Column("b"), Column("c", kind="categorical", categories=("1", "2")))
SCHEMA = Schema((*COLUMNS, Column("y", role="target")))
ANSWER = Answer(target="y")
SHELF = Shelf(built_in.offers("regression", "squared", COLUMNS), ANSWER)


def world(n: int, slope: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = np.column_stack([rng.normal(size=(n, 2)), rng.integers(0, 2, n).astype(float)])
    return x, slope * x[:, 0] + x[:, 2] + rng.normal(0, 0.5, n)


def joined(older: tuple[np.ndarray, np.ndarray], newer: tuple[np.ndarray, np.ndarray]) -> Records:
    recent = np.r_[np.zeros(len(older[1]), dtype=bool), np.ones(len(newer[1]), dtype=bool)]
    return Records(np.vstack([older[0], newer[0]]), np.r_[older[1], newer[1]], recent, SCHEMA)


def alone(x: np.ndarray, y: np.ndarray) -> Records:
    return Records(x, y, np.ones(len(y), dtype=bool), SCHEMA)


def ridge(records: Records) -> object:
    return candidates.fitted(Candidate(SHELF.offers[0], 1.0), records, ANSWER)


def test_a_change_of_concept_makes_forgetting_win(rng: np.random.Generator) -> None:
    found = candidates.choose(joined(world(350, slope=2.0, rng=rng), world(70, slope=-2.0, rng=rng)), SHELF)
    assert found.scores[0].older_weight == found.best.older_weight == 0.0
    assert found.scores[0].error < 0.7  # noise is 0.5


def test_without_a_change_all_records_count(rng: np.random.Generator) -> None:
    scores = candidates.choose(joined(world(350, slope=2.0, rng=rng), world(70, slope=2.0, rng=rng)), SHELF).scores
    forgetting = min(score.error for score in scores if score.older_weight == 0.0)
    assert scores[0].older_weight > 0.0
    assert scores[0].error < forgetting


def tried(recent: int, older: int) -> set[tuple[str, float]]:
    return {(each.offer.name, each.older_weight) for each in candidates.candidates(SHELF, recent, older)}


def test_both_kinds_of_model_are_tried_at_each_weight_and_forgetting_only_with_enough_records() -> None:
    assert tried(recent=100, older=300) == {
        (name, weight) for name in ("ridge", "gradient boosting") for weight in (1.0, 0.2, 0.0)
    }
    assert {weight for _, weight in tried(recent=30, older=300)} == {1.0, 0.2}
    assert {weight for _, weight in tried(recent=300, older=0)} == {1.0}


def test_a_curved_relation_is_left_to_boosting(rng: np.random.Generator) -> None:
    x = rng.normal(size=(300, 3))
    x[:, 2] = 0.0
    y = np.sign(x[:, 0]) * np.sign(x[:, 1]) * 3 + rng.normal(0, 0.3, 300)
    assert candidates.choose(alone(x, y), SHELF).best.offer.name == "gradient boosting"


def test_the_best_candidates_predictions_are_made_without_the_record_that_they_are_for(
    rng: np.random.Generator,
) -> None:
    """Outcomes are pure noise: a model that had seen them would predict them, one that had not cannot."""
    x, y = rng.normal(size=(120, 3)), rng.normal(size=120)
    found = candidates.choose(alone(np.abs(x).round(), y), SHELF)
    assert abs(np.corrcoef(found.predicted, y)[0, 1]) < 0.3
    assert found.scores[0].error == float(np.sqrt(np.mean((found.predicted - y) ** 2)))


def test_missing_and_unseen_values_are_predicted_and_not_an_error(rng: np.random.Generator) -> None:
    model = ridge(alone(*world(100, slope=1.0, rng=rng)))
    odd = np.array([[np.nan, 0.0, 1.0], [0.0, np.nan, np.nan]])
    assert np.isfinite(output(model, odd, SCHEMA, ANSWER)).all()


def test_a_column_that_the_model_does_not_use_has_importance_zero_and_all_sum_to_one(rng: np.random.Generator) -> None:
    x, y = world(300, slope=2.0, rng=rng)
    x[:, 1] = 0.0
    shares = candidates.importances(ridge(alone(x, y)), x, SCHEMA, ANSWER)
    assert shares["b"] == 0.0
    assert shares["a"] > shares["c"] > 0.0
    assert abs(sum(shares.values()) - 1.0) < 1e-9


class TestClasses:
    """Three classes, of which the last is rare."""

    CLASSES = ("low", "middle", "high")
    SHELF = Shelf(built_in.offers("multiclass", "log", COLUMNS), Answer("multiclass", "log", "y", CLASSES))

    def records(self, rng: np.random.Generator, n: int = 240) -> Records:
        x, y = world(n, slope=2.0, rng=rng)
        return alone(x, np.digitize(y, [0.5, 3.0]))

    def test_folds_deal_out_each_class_in_equal_parts(self, rng: np.random.Generator) -> None:
        records = self.records(rng)
        counts = [
            np.bincount(records.y[fold], minlength=3)
            for fold in candidates._folds(records, np.flatnonzero(records.recent), self.SHELF.answer)
        ]
        assert len(counts) == candidates.FOLDS
        assert (np.ptp(counts, axis=0) <= 1).all()

    def test_probabilities_are_learnt_and_sum_to_one(self, rng: np.random.Generator) -> None:
        records = self.records(rng)
        found = candidates.choose(records, self.SHELF)
        frequencies = np.bincount(records.y) / len(records.y)
        assert found.scores[0].error < 0.7 * -float(np.sum(frequencies * np.log(frequencies)))
        assert np.allclose(found.predicted.sum(axis=1), 1.0)
        assert {score.estimator for score in found.scores} == {"logistic regression", "gradient boosting"}

    def test_a_class_that_a_part_lacks_has_probability_0_there(self, rng: np.random.Generator) -> None:
        records = self.records(rng)
        part = records.part(records.y != 1)
        model = candidates.fitted(Candidate(self.SHELF.offers[0], 1.0), part, self.SHELF.answer)
        said = output(model, records.x, SCHEMA, self.SHELF.answer)
        assert (said[:, 1] == 0.0).all()
        assert np.allclose(said.sum(axis=1), 1.0)

    def test_scores_are_listed_from_best_to_worst(self, rng: np.random.Generator) -> None:
        scores: list[Score] = candidates.choose(self.records(rng), self.SHELF).scores
        assert [score.error for score in scores] == sorted(score.error for score in scores)


def test_no_fold_parts_a_cluster_and_folds_are_about_equal(rng: np.random.Generator) -> None:
    x, y = world(400, slope=1.0, rng=rng)
    groups = rng.integers(0, 40, 400)
    records = replace(alone(x, y), groups=groups)
    folds = candidates._folds(records, np.arange(400), ANSWER)
    assert sorted(np.concatenate(folds).tolist()) == list(range(400))
    assert sum(len(set(groups[fold].tolist())) for fold in folds) == len(set(groups.tolist()))
    assert max(map(len, folds)) - min(map(len, folds)) <= 10


def test_a_candidate_is_never_judged_on_a_cluster_that_it_has_seen(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older records of a cluster stay out of the training part, too."""
    x, y = world(200, slope=1.0, rng=rng)
    groups = np.tile(np.arange(20), 10)
    records = Records(x, y, np.arange(200) >= 100, SCHEMA, groups)
    seen, plain = [], candidates.fitted

    def fitted(candidate: Candidate, part: Records, answer: Answer) -> object:
        seen.append(set(part.groups.tolist()))
        return plain(candidate, part, answer)

    monkeypatch.setattr(candidates, "fitted", fitted)
    candidates.choose(records, Shelf(SHELF.offers[:1], ANSWER))
    assert {len(each) for each in seen} == {16}  # of 20 clusters, one fifth is judged


def test_one_cluster_alone_cannot_be_judged(rng: np.random.Generator) -> None:
    x, y = world(100, slope=1.0, rng=rng)
    with pytest.raises(InputError, match="one cluster only"):
        candidates.choose(replace(alone(x, y), groups=np.zeros(100, np.int64)), SHELF)
