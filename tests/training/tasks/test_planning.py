import numpy as np
import pytest

from training.tasks.planning import binormal_probabilities, labels_required
from training.tasks.ranking import roc_auc


@pytest.mark.parametrize("area", [0.6, 0.86])
def test_binormal_scores_have_the_area_and_calibrated_probabilities(area: float, rng: np.random.Generator) -> None:
    truth = rng.random(100_000) < 0.1
    p = binormal_probabilities(truth, 0.1, area, rng)
    assert roc_auc(truth, p) == pytest.approx(area, abs=0.01)
    order = np.argsort(p)
    for part in np.array_split(order, 10):
        assert truth[part].mean() == pytest.approx(p[part].mean(), abs=0.02)


def test_a_shift_makes_them_all_too_high_or_too_low(rng: np.random.Generator) -> None:
    truth = rng.random(50_000) < 0.1
    assert binormal_probabilities(truth, 0.1, 0.8, rng, shift=-1.0).mean() < 0.06


def test_rarer_classes_and_smaller_differences_need_more_labels() -> None:
    assert labels_required(0.5) < labels_required(0.2) < labels_required(0.1) < labels_required(0.05)
    assert labels_required(0.1, (0.8, 0.75)) > 3 * labels_required(0.1)
    assert labels_required(0.1, power=0.5) < labels_required(0.1) < labels_required(0.1, level=0.01)
    assert labels_required(0.1, holdout=0.2) == pytest.approx(2 * labels_required(0.1), abs=10)
    assert labels_required(0.1, (0.8, 0.5)) > 0


def test_about_forty_held_out_records_of_a_rare_class_are_needed() -> None:
    for share in (0.02, 0.05, 0.1):
        assert 30 <= labels_required(share) * 0.4 * share <= 45


@pytest.mark.parametrize(("share", "areas"), [(0.0, (0.8, 0.7)), (0.1, (0.7, 0.8)), (1.0, (0.8, 0.7))])
def test_what_cannot_be_planned_is_refused(share: float, areas: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="share must lie between"):
        labels_required(share, areas)
