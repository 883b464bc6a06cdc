"""Each rule of the gate by its arithmetic; its error rate as a whole is in test_gate_error_rates.py."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from driftloop.wording.number_formats import with_p
from tests.training.gate.squared_errors import improvement, vector
from training.gate import gate, paired_tests
from training.gate.gate import GateDecision, Predicted
from training.gate.paired_tests import Improvement
from training.settings import LEAST_LEVEL, GateLimits
from training.tasks.answer import Answer
from training.tasks.chosen import task_of
from training.tasks.regression import Regression
from training.tasks.task import Vector

LIMITS = GateLimits()
LEVEL = 0.05
TASK = Regression(Answer("regression", "squared"))


def compare_subgroup(
    target: Vector, challenger: Vector, reference: Vector, limits: GateLimits
) -> gate.SubgroupComparison:
    """Of squared errors."""
    return gate.compare_subgroup("g", (target - challenger) ** 2, (target - reference) ** 2, TASK.summary, limits)


def errors(target: Vector, prediction: Vector) -> dict[str, float | None]:
    return TASK.measures(target, prediction)


def decide(rng: np.random.Generator, **changes: Any) -> GateDecision:
    """A clearly better challenger, with what the test changes about it."""
    target = rng.normal(150, 77, 200)
    known = {
        "target": target,
        "challenger": target + rng.normal(0, 20, 200),
        "champion": target + rng.normal(0, 60, 200),
    }
    known |= changes
    recent = Predicted(known["target"], known["challenger"], known["champion"])
    before = Predicted(*changes["before"]) if "before" in changes else None
    return gate.decide(
        TASK,
        recent,
        constant=np.array(150.0),
        limits=LIMITS,
        subgroups=changes.get("subgroups"),
        before=before,
    )


def test_the_same_data_give_the_same_decision(rng: np.random.Generator) -> None:
    case = rng.normal(size=40), rng.normal(size=40), rng.normal(size=40)
    assert improvement(*case, LEVEL) == improvement(*case, LEVEL)


def growth(
    before: float, after: Sequence[float], smallest: int = 4, tolerance: float = 0.15
) -> gate.SubgroupComparison:
    """The reference is wrong by `before` on each record, the challenger by `after`."""
    n = len(after)
    limits = GateLimits(subgroup_tolerance=tolerance, subgroup_smallest=smallest)
    target = np.linspace(-50.0, 70.0, n)
    return compare_subgroup(target, target + vector(after), target - before, limits)


def test_a_subgroup_is_harmed_beyond_the_tolerance_and_beyond_chance() -> None:
    """Errors 10 to 12 on each of four records: 20 % more than before, and no chance in it."""
    found = growth(10.0, [12, 12, 12, 12])
    assert (found.name, found.n, found.harmed) == ("g", 4, True)
    assert (found.reference, found.challenger) == (pytest.approx(10.0), pytest.approx(12.0))


def test_growth_within_the_tolerance_is_no_harm_however_certain() -> None:
    assert growth(10.0, [11, 11, 11, 11]).harmed is False
    assert growth(10.0, [11, 11, 11, 11], tolerance=0.09).harmed is True


def test_the_tolerance_is_a_share_of_the_references_error_and_reaching_it_is_no_harm() -> None:
    limits = GateLimits(subgroup_tolerance=0.5, subgroup_smallest=4)
    for after, harmed in ((12.0, False), (12.01, True)):
        found = compare_subgroup(np.zeros(4), np.full(4, after), np.full(4, 8.0), limits)
        assert found.harmed is harmed


def test_growth_that_chance_can_bring_is_no_harm_however_large() -> None:
    """One record of four at 40, three at 0: growth 1500, -100, -100, -100; mean 300, standard error 400."""
    found = growth(10.0, [40, 0, 0, 0])
    assert found.challenger == pytest.approx(20.0)
    assert found.harmed is False


def test_growth_of_exactly_one_standard_error_is_no_harm_yet() -> None:
    """Two records: growth 300 and 0, mean 150, standard error 150."""
    limits = GateLimits(subgroup_smallest=2)
    found = compare_subgroup(np.zeros(2), vector([20, 10]), vector([10, 10]), limits)
    assert found.challenger > 1.15 * found.reference
    assert found.harmed is False


def test_growth_of_more_than_one_standard_error_is_harm() -> None:
    """Two of four at 20, two at 10: growth 300, 300, 0, 0; mean 150, standard error 86.6."""
    assert growth(10.0, [20, 20, 10, 10]).harmed is True


def test_a_subgroup_of_few_records_is_reported_and_decides_nothing() -> None:
    assert growth(10.0, [30] * 14, smallest=15).harmed is None
    assert growth(10.0, [30] * 15, smallest=15).harmed is True


def test_an_empty_subgroup_has_no_error() -> None:
    found = growth(10.0, [])
    assert found.n == 0
    assert found.harmed is None
    assert found.reference is None
    assert found.challenger is None


@pytest.mark.parametrize(
    ("after", "tolerance", "forgotten"), [(20.0, 1.0, False), (20.1, 1.0, True), (20.1, 1.5, False)]
)
def test_forgetting_is_an_error_that_grows_beyond_its_tolerance(
    after: float, tolerance: float, forgotten: bool
) -> None:
    """From 10: a tolerance of 1.0 allows 20, one of 1.5 allows 25."""
    limits = GateLimits(forgetting_tolerance=tolerance)
    found = gate.measure_forgetting(np.full(9, after**2), np.full(9, 100.0), TASK.summary, limits)
    assert found == gate.Forgetting(n=9, champion=10.0, challenger=pytest.approx(after), forgotten=forgotten)


def test_forgetting_of_small_errors_is_a_share_of_them_unless_a_least_error_is_given() -> None:
    """From 0.1 to 0.2, where half of it is tolerated; half of 1 is as well."""
    limits = GateLimits(forgetting_tolerance=0.5)
    doubled = np.full(9, 0.04), np.full(9, 0.01)
    assert gate.measure_forgetting(*doubled, TASK.summary, limits).forgotten is True
    assert gate.measure_forgetting(*doubled, TASK.summary, limits, least=1.0).forgotten is False


def test_a_better_challenger_is_promoted_without_reasons(rng: np.random.Generator) -> None:
    decision = decide(rng)
    assert decision.promoted
    assert decision.reasons == []
    assert decision.over_champion is not None
    assert decision.over_champion.loss == pytest.approx(60**2 - 20**2, rel=0.3)
    assert (decision.n, decision.level) == (200, LEVEL)


def test_the_decision_carries_each_models_own_errors(rng: np.random.Generator) -> None:
    target = rng.normal(150, 77, 200)
    challenger, champion = target + 3.0, target - 40.0
    decision = decide(rng, target=target, challenger=challenger, champion=champion)
    assert decision.challenger == errors(target, challenger)
    assert decision.champion == errors(target, champion)
    assert decision.constant == errors(target, np.full(200, 150.0))
    assert decision.over_constant == improvement(target, challenger, np.full(200, 150.0), LEVEL)
    assert decision.over_champion == improvement(target, challenger, champion, LEVEL)


def test_the_first_model_passes_without_a_champion_but_not_without_beating_the_mean(rng: np.random.Generator) -> None:
    first = decide(rng, champion=None)
    assert first.promoted
    assert first.champion is None
    assert first.over_champion is None
    assert first.forgetting is None
    decision = decide(rng, champion=None, challenger=rng.normal(150, 77, 200))
    assert not decision.promoted
    assert decision.reasons == [f"not better than a constant answer ({with_p(decision.over_constant.p_value)})"]


def test_a_challenger_no_better_than_the_champion_is_rejected_with_p_value_and_level(rng: np.random.Generator) -> None:
    target, errors = rng.normal(150, 77, 200), rng.normal(0, 20, 200)
    decision = decide(rng, target=target, challenger=target + errors, champion=target + errors[::-1])
    assert decision.over_champion is not None
    p = decision.over_champion.p_value
    assert decision.reasons == [f"not better than the champion ({with_p(p)}, level 0.05)"]


@pytest.mark.parametrize(("level", "promoted"), [(0.03, True), (0.029, False)])
def test_a_p_value_at_the_level_promotes_and_one_above_it_does_not(level: float, promoted: bool) -> None:
    at = Improvement(loss=1.0, lower=0.0, p_value=0.03)
    sure = Improvement(loss=1.0, lower=0.5, p_value=0.0002)
    assert (gate._reasons(sure, at, [], None, level) == []) is promoted
    assert (gate._reasons(at, None, [], None, level) == []) is promoted


def test_a_challenger_that_hurts_a_subgroup_is_rejected_by_its_name(rng: np.random.Generator) -> None:
    target = rng.normal(150, 77, 200)
    mask = np.arange(200) < 40
    challenger = target + np.where(mask, 90, 5) + rng.normal(0, 5, 200)
    champion = target + np.where(mask, 30, 90) + rng.normal(0, 5, 200)
    decision = decide(
        rng, target=target, challenger=challenger, champion=champion, subgroups={"sex 2": mask, "sex 1": ~mask}
    )
    assert not decision.promoted
    [hurt, spared] = decision.subgroups
    assert (hurt.harmed, spared.harmed, hurt.n, spared.n) == (True, False, 40, 160)
    assert decision.reasons == [f"hurts sex 2: error {hurt.reference:.3g} to {hurt.challenger:.3g} on 40 records"]


def test_numbers_have_no_least_error_however_small_their_unit_makes_them(rng: np.random.Generator) -> None:
    """Errors of hundredths: growth by half is harm, as it is of hundreds."""
    target = rng.normal(1.5, 0.77, 200)
    mask = np.arange(200) < 40
    challenger = target + np.where(mask, 0.03, 0.005) + rng.normal(0, 0.001, 200)
    champion = target + np.where(mask, 0.02, 0.05) + rng.normal(0, 0.001, 200)
    decision = decide(rng, target=target, challenger=challenger, champion=champion, subgroups={"sex 2": mask})
    assert [group.harmed for group in decision.subgroups] == [True]


def test_subgroups_of_the_first_model_are_compared_with_the_mean(rng: np.random.Generator) -> None:
    target = rng.normal(150, 77, 200)
    decision = decide(rng, target=target, champion=None, subgroups={"all": np.ones(200, dtype=bool)})
    assert decision.subgroups[0].reference == pytest.approx(decision.constant["rmse"])


def test_a_challenger_that_forgets_the_regime_before_is_rejected(rng: np.random.Generator) -> None:
    old = rng.normal(150, 77, 100)
    good, bad = old + rng.normal(0, 40, 100), old + rng.normal(0, 100, 100)
    decision = decide(rng, before=(old, bad, good))
    assert decision.forgetting is not None
    champion, challenger = decision.forgetting.champion, decision.forgetting.challenger
    assert decision.reasons == [f"forgets the regime before: error {champion:.3g} to {challenger:.3g}"]
    assert decide(rng, before=(old, good + 10, good)).promoted


def test_the_limits_that_stand_in_settings_are_those_of_the_documentation() -> None:
    assert GateLimits(level=0.05, subgroup_tolerance=0.15, subgroup_smallest=15, forgetting_tolerance=1.0) == LIMITS


class TestClasses:
    """What is different where the outcome is a class."""

    TASK = task_of(Answer("binary", "log", "y", ("no", "yes"), "yes"))

    def chances(self, *of_yes: float) -> Vector:
        return np.array([[1 - p, p] for p in of_yes])

    def test_a_class_that_the_holdout_lacks_is_not_given_up_for(self) -> None:
        """30 records without a yes: whoever says 1 % looks better on each than who says 10 %, and is not promoted."""
        truth = np.zeros(30, dtype=np.int64)
        rng = np.random.default_rng(1)
        low, high = self.chances(*rng.uniform(0.008, 0.012, 30)), self.chances(*rng.uniform(0.08, 0.12, 30))
        losses = self.TASK.losses(truth, low), self.TASK.losses(truth, high)
        assert paired_tests.improvement(*losses, LEVEL).p_value < 0.001
        found = gate.better(self.TASK, truth, low, high, LEVEL)
        assert found.p_value > LEVEL
        assert found.lower < 0 < found.loss == pytest.approx(float((losses[1] - losses[0]).mean()))

    def test_growth_of_next_to_no_loss_is_no_harm_until_it_is_a_share_of_what_a_constant_loses(self) -> None:
        limits = GateLimits(subgroup_tolerance=0.15, subgroup_smallest=4)
        almost, worse, harmed = np.full(20, 0.01), np.full(20, 0.05), np.full(20, 0.09)
        for challenger, expected in ((worse, False), (harmed, True)):
            found = gate.compare_subgroup("g", challenger, almost, self.TASK.summary, limits, least=0.5)
            assert found.harmed is expected
        assert gate.compare_subgroup("g", worse, almost, self.TASK.summary, limits).harmed is True

    def test_the_decision_names_task_and_loss_and_carries_the_classes_metrics(self) -> None:
        rng = np.random.default_rng(2)
        truth = (rng.random(120) < 0.3).astype(np.int64)
        good = self.chances(*np.where(truth == 1, 0.8, 0.1) + rng.uniform(-0.05, 0.05, 120))
        poor = self.chances(*rng.uniform(0.2, 0.4, 120))
        decision = gate.decide(
            self.TASK,
            Predicted(truth, good, poor),
            constant=np.array([0.7, 0.3]),
            limits=LIMITS,
            before=Predicted(truth, good, poor),
            trusted=["mine.Own"],
        )
        assert decision.promoted
        assert (decision.task, decision.loss, decision.trusted) == ("binary", "log", ["mine.Own"])
        assert decision.challenger == self.TASK.measures(truth, good)
        assert decision.constant["log_loss"] == pytest.approx(
            float(self.TASK.losses(truth, self.chances(*[0.3] * 120)).mean())
        )
        assert decision.forgetting is not None
        assert not decision.forgetting.forgotten


def test_a_level_that_no_p_value_reaches_is_refused_by_the_settings() -> None:
    assert LEAST_LEVEL == 1 / (paired_tests.RESAMPLES + 1)
