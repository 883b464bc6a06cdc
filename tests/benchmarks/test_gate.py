"""The measurement of the gate does what the gate does, only for many holdouts at a time."""

import numpy as np
import pytest

from benchmarks.gate.__main__ import cell
from benchmarks.gate.losses import binary, both_classes, with_imagined
from benchmarks.gate.p_values import p_values
from training.gate import gate, paired_tests
from training.gate.gate import Predicted
from training.settings import GateLimits
from training.tasks.answer import Answer
from training.tasks.chosen import task_of
from training.tasks.planning import binormal_probabilities


def test_p_values_of_many_holdouts_are_those_of_the_gate() -> None:
    rng = np.random.default_rng(5)
    champion, challenger = rng.exponential(size=(6, 40)), rng.exponential(size=(6, 40)) ** 1.2
    champion[5] = challenger[5]
    found = p_values(challenger, champion)
    expected = [paired_tests.improvement(*pair, 0.05).p_value for pair in zip(challenger, champion, strict=True)]
    assert found == pytest.approx(expected)


def test_imagined_records_are_those_that_the_gate_adds() -> None:
    rng = np.random.default_rng(6)
    answer = Answer("binary", "log", "y", ("no", "yes"), "yes")
    truth = rng.random((3, 40)) < 0.2
    sides = [both_classes(binormal_probabilities(truth, 0.2, area, rng)) for area in (0.9, 0.6)]
    found = p_values(*with_imagined(answer, truth.astype(np.int64), sides[0], sides[1]))
    for run in range(3):
        decision = gate.decide(
            task_of(answer),
            Predicted(truth[run].astype(np.int64), sides[0][run], sides[1][run]),
            constant=np.array([0.8, 0.2]),
            limits=GateLimits(),
        )
        assert decision.over_champion is not None
        assert decision.over_champion.p_value == pytest.approx(found[run])


def test_a_tilted_challenger_costs_as_much_as_its_champion() -> None:
    draw = binary(0.1, "brier", (0.75, 0.75), tilt=1.0)
    challenger, champion = (side[:, :-4] for side in draw(2_000, 100, np.random.default_rng(7)))
    difference = (challenger - champion).mean(axis=1)
    assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(2_000)
    assert challenger.mean() > 0.08  # calibrated, it would be less


def test_measured_shares_have_their_interval() -> None:
    assert cell(50, 1_000) == "5.0 % (3.7 % to 6.5 %)"
    assert cell(0, 100) == "0.0 % (0.0 % to 3.6 %)"
