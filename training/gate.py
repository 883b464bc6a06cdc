"""Is the challenger better than the champion on the same recent holdout, and harmless elsewhere?

Better: a one-sided paired test on the difference of losses d = loss(champion) - loss(challenger), record by record. Two
tests must agree at the stated level: the studentised bootstrap (Efron and Tibshirani 1993, "An Introduction to the
Bootstrap", 12.5), which takes account of skewness, and the sign-flip permutation test (Fisher 1935), which is exact for
symmetric differences at any size. Requiring both keeps the share of promotions of a model that is not better at or
below the level where either alone would exceed it. What a loss is says the model's task; the tests are the same.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftloop.wording.number_formats import with_p
from training.data.provenance import Drawn
from training.settings import GateLimits
from training.tasks.task import Measures, Outcomes, Task, Vector, repeated
from training.tasks.titles import number

# The smallest p-value is 1 in 5,000, a hundredth of the level: the resampling decides nothing by its own noise. The
# standard error of a p-value at the level of 0.05 is 0.003.
RESAMPLES = 4_999
CELLS = 1_000_000  # resampled values held at a time: 8 MB
NO_SPREAD = 1e-12  # of the mean difference: below it a spread is rounding, and there is nothing to test with
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


class Improvement(msgspec.Struct, frozen=True):
    """By how much the mean loss falls, with its one-sided lower bound and p-value."""

    loss: float
    lower: float
    p_value: float


class SubgroupComparison(msgspec.Struct, frozen=True):
    """A subgroup's error (its mean loss as people read it) under the challenger and under its reference: the champion,
    or the constant answer; None without records. `harmed` is None where the records are too few to say.
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
    the types beyond the built-in ones that the challenger's file holds; `sample` says how the records that it learnt
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
    forgetting = None
    if before is not None and before.champion is not None:
        answers = (before.challenger, before.champion, repeated(constant, len(before.outcomes)))
        old = [task.losses(before.outcomes, predicted) for predicted in answers]
        forgetting = measure_forgetting(old[0], old[1], task.summary, limits, least=_least(task, old[2]))
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


def better(task: Task, outcomes: Outcomes, challenger: Vector, reference: Vector, level: float) -> Improvement:
    """The fall of the mean loss from what `reference` predicts to what `challenger` does. The bound and the p-value
    take the task's imagined records into account.
    """
    losses = task.losses(outcomes, challenger), task.losses(outcomes, reference)
    more = task.imagined(challenger, reference)
    found = improvement(np.concatenate([losses[0], more[0]]), np.concatenate([losses[1], more[1]]), level)
    return msgspec.structs.replace(found, loss=float((losses[1] - losses[0]).mean()))


def improvement(challenger: Vector, reference: Vector, level: float) -> Improvement:
    """The fall of the mean loss from `reference` to `challenger`; the p-value is the larger of both tests'."""
    difference = reference - challenger
    mean, error = float(difference.mean()), standard_error(difference)
    if error <= NO_SPREAD * max(abs(mean), 1.0):  # one record, or equal differences throughout
        return Improvement(loss=mean, lower=mean, p_value=1.0)
    rng = np.random.default_rng(len(difference))  # seeded by the size: the same records give the same decision
    t = bootstrap_t(difference, rng)
    flipped = sign_flips(difference, rng)
    lower = mean - float(np.quantile(t, 1 - level)) * error
    p_value = both_p_values(reached(t, mean / error), reached(flipped, mean))
    return Improvement(loss=mean, lower=lower, p_value=p_value)


def both_p_values(bootstrap: float, flips: float) -> float:
    """The p-value of rejecting only where both tests do: the larger one."""
    return max(bootstrap, flips)


def reached(resampled: Vector, observed: float) -> float:
    """The share of resampled statistics that are at least the observed one, which counts as one of them (Davison and
    Hinkley 1997, "Bootstrap Methods and their Application", 4.2.5): never 0.

    Examples
    --------
    >>> reached(np.array([1.0, 2.0, 3.0]), 2.0)
    0.75
    """
    return float((1 + np.count_nonzero(resampled >= observed)) / (1 + len(resampled)))


def bootstrap_t(difference: Vector, rng: np.random.Generator) -> Vector:
    """Studentised means of RESAMPLES samples with replacement, centred: (mean* - mean) / error*."""
    n, mean = len(difference), difference.mean()
    parts = []
    for drawn in resamples(n, rng):
        sample = difference[drawn]
        error = np.maximum(sample.std(axis=1, ddof=1) / np.sqrt(n), NO_SPREAD)
        parts.append((sample.mean(axis=1) - mean) / error)
    return np.concatenate(parts)


def sign_flips(difference: Vector, rng: np.random.Generator) -> Vector:
    """Means of the differences under RESAMPLES random signs: their distribution where neither model is better."""
    n = len(difference)
    return np.concatenate([sign @ difference / n for sign in signs(n, rng)])


def resamples(n: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Which records each sample with replacement holds, some samples (rows) at a time."""
    return (rng.integers(n, size=(size, n)) for size in _chunks(n))


def signs(n: int, rng: np.random.Generator) -> Iterator[NDArray[np.int8]]:
    """The random signs of each permutation, some permutations (rows) at a time."""
    return (rng.integers(0, 2, size=(size, n), dtype=np.int8) * 2 - 1 for size in _chunks(n))


def standard_error(values: Vector) -> float:
    """Of the mean: the sample standard deviation divided by the root of n; 0 for a single value."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def compare_subgroup(
    name: str, challenger: Vector, reference: Vector, summary: Summary, limits: GateLimits, *, least: float = 0.0
) -> SubgroupComparison:
    """Harmed: the error grows beyond the tolerance (a share of it, or of `least` where that is larger), and by more
    than chance alone moves it in so few records (one standard error of the growth).
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


def _chunks(n: int) -> Sequence[int]:
    size = max(1, CELLS // n)
    return [min(size, RESAMPLES - done) for done in range(0, RESAMPLES, size)]


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
        f"hurts {group.name}: error {number(group.reference)} to {number(group.challenger)} on {group.n} records"
        for group in subgroups
        if group.harmed
    ]
    if forgetting is not None and forgetting.forgotten:
        errors = f"{number(forgetting.champion)} to {number(forgetting.challenger)}"
        reasons.append(f"forgets the regime before: error {errors}")
    return reasons
