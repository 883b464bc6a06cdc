"""Losses, metrics and answers of each task by their arithmetic."""

import math

import numpy as np
import pytest

from driftloop.errors import InputError
from training.tasks.answer import Answer
from training.tasks.chosen import task_of
from training.tasks.conformal import margin
from training.tasks.probabilities import SMALLEST, aligned, tempered
from training.tasks.task import repeated

NUMBERS = task_of(Answer("regression", "squared", "y", margin=2.0))
ABSOLUTE = task_of(Answer("regression", "absolute", "y"))
YES = task_of(Answer("binary", "log", "y", ("no", "yes"), "yes", threshold=0.3, margin=0.75))
BRIER = task_of(Answer("binary", "brier", "y", ("no", "yes"), "yes"))
THREE = task_of(Answer("multiclass", "log", "y", ("a", "b", "c"), margin=0.5))

OUTCOMES, PREDICTED = np.array([1.0, 2.0, 6.0]), np.array([1.0, 4.0, 5.0])
TRUTH, CHANCES = np.array([0, 1, 1, 0]), np.array([[0.9, 0.1], [0.4, 0.6], [0.65, 0.35], [0.5, 0.5]])


def test_losses_of_numbers_are_squared_or_absolute_errors_and_read_in_the_targets_unit() -> None:
    assert NUMBERS.losses(OUTCOMES, PREDICTED).tolist() == [0.0, 4.0, 1.0]
    assert ABSOLUTE.losses(OUTCOMES, PREDICTED).tolist() == [0.0, 2.0, 1.0]
    assert NUMBERS.summary(np.array([0.0, 4.0, 1.0])) == math.sqrt(5 / 3)
    assert ABSOLUTE.summary(np.array([0.0, 2.0, 1.0])) == 1.0


def test_the_constant_answer_is_the_mean_or_for_absolute_errors_the_median() -> None:
    assert float(NUMBERS.constant(OUTCOMES)) == 3.0
    assert float(ABSOLUTE.constant(OUTCOMES)) == 2.0
    assert repeated(NUMBERS.constant(OUTCOMES), 2).tolist() == [3.0, 3.0]


def test_metrics_of_numbers() -> None:
    assert NUMBERS.measures(OUTCOMES, PREDICTED) == {"rmse": math.sqrt(5 / 3), "mae": 1.0, "r2": 1 - 5 / 14}
    assert NUMBERS.measures(np.full(3, 4.0), PREDICTED)["r2"] is None
    assert NUMBERS.confusion(OUTCOMES, PREDICTED) == []


def test_a_number_is_answered_with_its_interval() -> None:
    assert NUMBERS.reply(np.array([5.0])) == {"predictions": [5.0], "intervals": [[3.0, 7.0]]}
    assert ABSOLUTE.reply(np.array([5.0])) == {"predictions": [5.0], "intervals": [None]}


def test_the_log_loss_is_of_the_true_class_and_bounded() -> None:
    assert YES.losses(TRUTH, CHANCES) == pytest.approx([-math.log(p) for p in (0.9, 0.6, 0.35, 0.5)])
    assert YES.losses(np.array([1]), np.array([[1.0, 0.0]]))[0] == -math.log(SMALLEST)


def test_the_brier_score_of_two_classes_is_that_of_the_one_looked_for_and_of_three_a_sum() -> None:
    assert BRIER.losses(TRUTH, CHANCES) == pytest.approx([0.01, 0.16, 0.65**2, 0.25])
    three = task_of(Answer("multiclass", "brier", "y", ("a", "b", "c")))
    assert three.losses(np.array([2]), np.array([[0.2, 0.3, 0.5]])) == pytest.approx([0.04 + 0.09 + 0.25])


def test_the_threshold_decides_for_the_positive_class_whichever_it_is() -> None:
    assert YES.predictions(CHANCES) == ["no", "yes", "yes", "yes"]
    no = task_of(Answer("binary", "log", "y", ("no", "yes"), "no", threshold=0.6))
    assert no.predictions(CHANCES) == ["no", "yes", "no", "yes"]
    assert THREE.predictions(np.array([[0.2, 0.3, 0.5], [0.4, 0.3, 0.3]])) == ["c", "a"]


def test_metrics_of_two_classes_at_the_threshold() -> None:
    """Predicted no, yes, yes, yes of no, yes, yes, no. Of the four pairs of yes and no, three are ranked rightly."""
    found = YES.measures(TRUTH, CHANCES)
    assert found["accuracy"] == 0.75
    assert found["f1"] == 2 * 2 / (2 + 3)
    assert found["roc_auc"] == 0.75
    assert found["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["brier"] == pytest.approx((0.01 + 0.16 + 0.65**2 + 0.25) / 4)
    assert YES.confusion(TRUTH, CHANCES) == [[1, 1], [0, 2]]


def test_what_a_single_class_leaves_undefined_is_none() -> None:
    found = YES.measures(np.zeros(3, dtype=np.int64), CHANCES[:3])
    assert found["roc_auc"] is None
    assert found["average_precision"] is None
    assert found["accuracy"] == pytest.approx(1 / 3)


def test_metrics_of_several_classes_are_averaged_over_those_that_occur() -> None:
    chances = np.array([[0.8, 0.1, 0.1], [0.3, 0.4, 0.3], [0.5, 0.3, 0.2]])
    found = THREE.measures(np.array([0, 1, 1]), chances)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["f1"] == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert found["roc_auc"] == 1.0
    assert found["log_loss"] == pytest.approx(-(math.log(0.8) + math.log(0.4) + math.log(0.3)) / 3)


def test_the_constant_answer_is_each_classs_frequency() -> None:
    assert YES.constant(np.array([0, 0, 0, 1])).tolist() == [0.75, 0.25]


def test_a_class_is_answered_with_probabilities_and_the_set_of_those_that_may_be() -> None:
    """A margin of 0.75: classes with a probability of at least 0.25."""
    assert YES.reply(np.array([[0.9, 0.1], [0.7, 0.3]])) == {
        "predictions": ["no", "yes"],
        "probabilities": [{"no": 0.9, "yes": 0.1}, {"no": 0.7, "yes": 0.3}],
        "sets": [["no"], ["no", "yes"]],
    }
    assert THREE.reply(np.array([[0.4, 0.3, 0.3]]))["sets"] == [[]]
    unknown = task_of(Answer("binary", "log", "y", ("no", "yes"), "yes"))
    assert unknown.reply(np.array([[0.9, 0.1]]))["sets"] == [["no", "yes"]]


def test_an_outcome_of_an_unknown_class_is_refused_and_not_named() -> None:
    assert YES.outcomes(["yes", "no"]).tolist() == [1, 0]
    with pytest.raises(InputError, match="'y' holds 2 labels of a class that the model was not made for") as caught:
        YES.outcomes(["yes", "Smith", "Jones"])
    assert "Smith" not in str(caught.value)


def test_outcomes_in_short_are_counts_of_classes_or_sums_of_numbers() -> None:
    assert YES.labels(np.array([0, 0, 1])).counts == {"no": 2, "yes": 1}
    assert NUMBERS.labels(OUTCOMES).mean == 3.0


class TestImaginedRecords:
    """What a holdout may lack."""

    def test_numbers_have_none(self) -> None:
        assert [len(each) for each in NUMBERS.imagined(OUTCOMES, PREDICTED)] == [0, 0]

    def test_there_are_two_of_each_class_with_the_mean_loss_if_the_records_were_of_it(self) -> None:
        """One record: no average to take."""
        challenger, champion = YES.imagined(np.array([[0.9, 0.1]]), np.array([[0.6, 0.4]]))
        assert challenger == pytest.approx(-np.log([0.9, 0.9, 0.1, 0.1]))
        assert champion == pytest.approx(-np.log([0.6, 0.6, 0.4, 0.4]))

    def test_records_count_by_how_probable_the_class_is_there(self) -> None:
        """Probabilities of yes 0.1 and 0.9 for both models: weights one to nine."""
        both = np.array([[0.9, 0.1], [0.1, 0.9]])
        losses, _ = BRIER.imagined(both, both)
        assert losses[2:] == pytest.approx([0.1 * 0.81 + 0.9 * 0.01] * 2)

    def test_a_class_that_neither_model_knows_counts_all_records_alike(self) -> None:
        none = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]])
        losses, _ = THREE.imagined(none, none)
        assert losses[4:] == pytest.approx([-math.log(SMALLEST)] * 2)


def test_probabilities_are_put_in_the_order_of_other_classes() -> None:
    assert aligned(np.array([[0.3, 0.7]]), ("b", "gone"), ("a", "b")).tolist() == [[0.0, 0.3]]


def test_a_temperature_flattens_or_sharpens_and_keeps_the_order_and_the_sum() -> None:
    p = np.array([[0.8, 0.2], [1.0, 0.0]])
    assert tempered(p, 2.0)[0] == pytest.approx([2 / 3, 1 / 3])  # odds of 4 become 2
    assert tempered(p, 0.5)[0] == pytest.approx([16 / 17, 1 / 17])
    assert tempered(p, 2.0)[1].tolist() == pytest.approx([1.0, 0.0])
    assert tempered(p, 1.0) is p


@pytest.mark.parametrize(("n", "place"), [(9, 9), (19, 18), (30, 28), (109, 99), (110, 100)])
def test_the_margin_is_the_smallest_score_that_covers_one_more_record(n: int, place: int) -> None:
    """Of n + 1 exchangeable scores the last is among the `place` smallest of the others in place / (n + 1) >= 90 %."""
    assert margin(np.random.default_rng(n).permutation(np.arange(1.0, n + 1)), 0.9) == place
    assert place / (n + 1) >= 0.9 > (place - 1) / (n + 1)


def test_too_few_scores_give_no_margin() -> None:
    assert margin(np.arange(8.0), 0.9) is None
    assert margin(np.empty(0), 0.9) is None


def test_ninety_percent_of_new_records_are_covered_whatever_the_distribution(rng: np.random.Generator) -> None:
    """4,000 times 36 skewed scores and a new one: expected 34 of 37, 91.9 %, give or take 1.7 points (four errors)."""
    hits = sum(rng.exponential() <= (margin(rng.exponential(size=36), 0.9) or 0.0) for _ in range(4_000))
    assert hits / 4_000 == pytest.approx(34 / 37, abs=0.017)
