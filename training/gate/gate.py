"""Is the challenger better than the champion on the same recent holdout, and harmless elsewhere?

Better: by paired tests on the losses of the same records. Harmless: no subgroup's error grows beyond tolerance and
chance, and neither does that on the regime before. What a loss is says the model's task; the rules are the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftloop.wording.counts import count_of
from driftloop.wording.number_formats import with_p
from training.data.provenance import Drawn
from training.gate.paired_tests import Improvement, improvement, standard_error
from training.settings import GateLimits
from training.tasks.task import Measures, Outcomes, Task, Vector, repeated
from training.tasks.titles import number

Mask = NDArray[np.bool_]
Summary = Callable[[Vector], float]
"""A mean loss as people read it."""


@dataclass(frozen=True)
class Judged:
    """One set of records: each one's loss under the challenger, the champion (None for the first model), and the
    constant answer.
    """

    challenger: Vector
    champion: Vector | None
    constant: Vector


class SubgroupComparison(msgspec.Struct, frozen=True):
    """A subgroup's error (its mean loss as people read it) under the challenger and under its reference. That is the
    champion, or the constant answer; None without records. `harmed` is None where the records are too few to say.
    """

    name: str
    n: int
    reference: float | None
    challenger: float | None
    harmed: bool | None


class Forgetting(msgspec.Struct, frozen=True):
    """The errors on the regime before."""

    n: int
    champion: float
    challenger: float
    forgotten: bool


class GateDecision(msgspec.Struct, frozen=True):
    """`gate.json`: the decision with all its numbers. `champion` is None for the first model; `reasons` says why not,
    empty when promoted. `loss` names what is compared; the metrics of the three models are for people. `trusted` are
    the types beyond the built-in ones that the challenger's file holds. `sample` says how the records that it learnt
    from were drawn, None where it learnt from all.
    """

    promoted: bool
    reasons: list[str]
    task: str
    loss: str
    level: float
    n: int
    challenger: Measures
    champion: Measures | None
    constant: Measures
    over_constant: Improvement
    over_champion: Improvement | None
    subgroups: list[SubgroupComparison]
    forgetting: Forgetting | None
    trusted: list[str] = []
    sample: Drawn | None = None


@dataclass(frozen=True)
class Predicted:
    """Outcomes of a set of records, and what both models predicted for them; `champion` is None for the first model."""

    outcomes: Outcomes
    challenger: Vector
    champion: Vector | None


def decide(
    task: Task,
    recent: Predicted,
    *,
    constant: Vector,
    limits: GateLimits,
    subgroups: Mapping[str, Mask] | None = None,
    before: Predicted | None = None,
    trusted: Sequence[str] = (),
) -> GateDecision:
    """Judge a challenger's predictions on the recent holdout.

    Parameters
    ----------
    task : Task
        Its losses are compared, its metrics reported.
    recent : Predicted
        The recent holdout.
    constant : array
        What the simplest model answers for any record, from the records that the challenger was fitted on.
    limits : GateLimits
        The level of each test, and the tolerances.
    subgroups : mapping
        A name to a mask over the holdout.
    before : Predicted
        The holdout of the regime before, if there is one.
    """
    always = repeated(constant, len(recent.outcomes))
    losses = Judged(
        task.losses(recent.outcomes, recent.challenger),
        None if recent.champion is None else task.losses(recent.outcomes, recent.champion),
        task.losses(recent.outcomes, always),
    )
    over_constant = better(task, recent.outcomes, recent.challenger, always, limits.level)
    over_champion = None
    if recent.champion is not None:
        over_champion = better(task, recent.outcomes, recent.challenger, recent.champion, limits.level)
    reference = losses.constant if losses.champion is None else losses.champion
    least = _least(task, losses.constant)
    compared = [
        compare_subgroup(name, losses.challenger[mask], reference[mask], task.summary, limits, least=least)
        for name, mask in (subgroups or {}).items()
    ]
    forgetting = None if before is None else _forgetting(task, before, constant, limits)
    reasons = _reasons(over_constant, over_champion, compared, forgetting, limits.level)
    return GateDecision(
        promoted=not reasons,
        reasons=reasons,
        task=task.answer.task,
        loss=task.answer.loss,
        level=limits.level,
        n=len(recent.outcomes),
        challenger=task.measures(recent.outcomes, recent.challenger),
        champion=None if recent.champion is None else task.measures(recent.outcomes, recent.champion),
        constant=task.measures(recent.outcomes, always),
        over_constant=over_constant,
        over_champion=over_champion,
        subgroups=compared,
        forgetting=forgetting,
        trusted=list(trusted),
    )


def _forgetting(task: Task, before: Predicted, constant: Vector, limits: GateLimits) -> Forgetting | None:
    """On the regime before; None where no champion has predicted it."""
    if before.champion is None:
        return None
    answers = (before.challenger, before.champion, repeated(constant, len(before.outcomes)))
    challenger, champion, always = (task.losses(before.outcomes, predicted) for predicted in answers)
    return measure_forgetting(challenger, champion, task.summary, limits, least=_least(task, always))


def better(task: Task, outcomes: Outcomes, challenger: Vector, reference: Vector, level: float) -> Improvement:
    """The fall of the mean loss from what `reference` predicts to what `challenger` does. The bound and the p-value
    take the task's imagined records into account.
    """
    losses = task.losses(outcomes, challenger), task.losses(outcomes, reference)
    more = task.imagined(challenger, reference)
    found = improvement(np.concatenate([losses[0], more[0]]), np.concatenate([losses[1], more[1]]), level)
    return msgspec.structs.replace(found, loss=float((losses[1] - losses[0]).mean()))


def compare_subgroup(
    name: str, challenger: Vector, reference: Vector, summary: Summary, limits: GateLimits, *, least: float = 0.0
) -> SubgroupComparison:
    """Harmed means two things. The error grows beyond the tolerance (a share of it, or of `least` where that is
    larger). It also grows by more than chance alone moves it in so few records (one standard error of the growth).
    """
    n = len(challenger)
    if n == 0:
        return SubgroupComparison(name, 0, None, None, None)
    errors = summary(reference), summary(challenger)
    growth = challenger - reference
    beyond_tolerance = errors[1] > _tolerated(errors[0], limits.subgroup_tolerance, least)
    beyond_chance = float(growth.mean()) > standard_error(growth)
    harmed = (beyond_tolerance and beyond_chance) if n >= limits.subgroup_smallest else None
    return SubgroupComparison(name, n, errors[0], errors[1], harmed)


def measure_forgetting(
    challenger: Vector, champion: Vector, summary: Summary, limits: GateLimits, *, least: float = 0.0
) -> Forgetting:
    """Forgotten: on the regime before, the error grows beyond the tolerance, a share of it, or of `least` where that is
    larger.
    """
    errors = summary(champion), summary(challenger)
    forgotten = errors[1] > _tolerated(errors[0], limits.forgetting_tolerance, least)
    return Forgetting(len(challenger), *errors, forgotten)


def _tolerated(error: float, tolerance: float, least: float) -> float:
    """The largest error that is no harm."""
    return error * (1 + tolerance) if error >= least else error + tolerance * least


def _least(task: Task, constant: Vector) -> float:
    """The error of which a growth is a share, at least: of classes, that of a constant answer. A champion that is
    nearly always right has next to no loss, and no honest challenger would stay within a share of it. Errors of numbers
    have no such end: there it is 0.
    """
    return task.summary(constant) if task.answer.classes else 0.0


def _reasons(
    over_constant: Improvement,
    over_champion: Improvement | None,
    subgroups: Sequence[SubgroupComparison],
    forgetting: Forgetting | None,
    level: float,
) -> list[str]:
    reasons = []
    if over_constant.p_value > level:
        reasons.append(f"not better than a constant answer ({with_p(over_constant.p_value)})")
    if over_champion is not None and over_champion.p_value > level:
        reasons.append(f"not better than the champion ({with_p(over_champion.p_value)}, level {level})")
    reasons += [
        f"hurts {group.name}: error {number(group.reference)} to {number(group.challenger)} on "
        f"{count_of(group.n, 'record')}"
        for group in subgroups
        if group.harmed
    ]
    if forgetting is not None and forgetting.forgotten:
        errors = f"{number(forgetting.champion)} to {number(forgetting.challenger)}"
        reasons.append(f"forgets the regime before: error {errors}")
    return reasons
