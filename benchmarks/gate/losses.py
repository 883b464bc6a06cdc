"""Losses of a challenger and a champion that are drawn to be equally good, or one better: of each kind of task."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.gate.p_values import Losses
from training.tasks.answer import Answer
from training.tasks.chosen import task_of
from training.tasks.planning import binormal_probabilities

Draw = Callable[[int, int, np.random.Generator], tuple[Losses, Losses]]
"""Runs and size to the losses of challenger and champion, each of shape (runs, size)."""


def squared(challenger: Losses, champion: Losses) -> tuple[Losses, Losses]:
    """Squared losses of residuals."""
    return challenger**2, champion**2


def equal_errors(runs: int, n: int, rng: np.random.Generator) -> tuple[Losses, Losses]:
    """Independent errors of the same size."""
    return squared(rng.normal(0, 55, (runs, n)), rng.normal(0, 55, (runs, n)))


def near_copies(runs: int, n: int, rng: np.random.Generator) -> tuple[Losses, Losses]:
    """A challenger that differs little from the champion."""
    shared = rng.normal(0, 55, (runs, n))
    return squared(shared + rng.normal(0, 5, (runs, n)), shared + rng.normal(0, 5, (runs, n)))


def absolute_errors(runs: int, n: int, rng: np.random.Generator) -> tuple[Losses, Losses]:
    """Absolute errors of heavy-tailed outcomes."""
    outcome = 40 * rng.standard_t(3, (runs, n))
    return np.abs(outcome - rng.normal(0, 15, (runs, n))), np.abs(outcome - rng.normal(0, 15, (runs, n)))


def bias(size: float) -> Draw:
    """The champion has become wrong by a constant; the challenger has some noise of its own."""

    def draw(runs: int, n: int, rng: np.random.Generator) -> tuple[Losses, Losses]:
        noise = rng.normal(0, 55, (runs, n))
        challenger, champion = (noise + rng.normal(0, own, (runs, n)) for own in (15, 10))
        return squared(challenger, champion + size)

    return draw


def with_imagined(
    answer: Answer, truth: npt.NDArray[np.int64], challenger: Losses, champion: Losses
) -> tuple[Losses, Losses]:
    """Losses of many holdouts (runs, size), with the records that the task imagines for each; predictions are of shape
    (runs, size, classes).
    """
    task = task_of(answer)
    sides = []
    for predicted in (challenger, champion):
        flat = predicted.reshape(-1, predicted.shape[-1])
        sides.append(task.losses(truth.ravel(), flat).reshape(truth.shape))
    more = [task.imagined(one, other) for one, other in zip(challenger, champion, strict=True)]
    return tuple(  # type: ignore[return-value]
        np.hstack([side, np.array([each[index] for each in more])]) for index, side in enumerate(sides)
    )


def binary(share: float, loss: str, areas: tuple[float, float], tilt: float = 0.0) -> Draw:
    """Two calibrated models of a class that `share` have, with these areas under the ROC curve (challenger, champion).

    With `tilt` neither is calibrated. The challenger's log odds are too low by it, the champion's too high by what
    costs as much on average. So they are equally good and as different as can be.
    """

    def draw(runs: int, n: int, rng: np.random.Generator) -> tuple[Losses, Losses]:
        truth = rng.random((runs, n)) < share
        shifts = (-tilt, _opposite(share, loss, areas, tilt)) if tilt else (0.0, 0.0)
        made = [
            both_classes(binormal_probabilities(truth, share, area, rng, shift))
            for area, shift in zip(areas, shifts, strict=True)
        ]
        return with_imagined(answer, truth.astype(np.int64), made[0], made[1])

    answer = Answer("binary", loss, "y", ("no", "yes"), "yes")  # type: ignore[arg-type]
    return draw


def both_classes(probability: Losses) -> Losses:
    """Of yes, as that of no and of yes."""
    return np.stack([1 - probability, probability], axis=-1)


def losses_of(probability: Losses, truth: npt.NDArray[np.bool_], loss: str) -> Losses:
    """Of a binary task, whatever the shape."""
    task = task_of(Answer("binary", loss, "y", ("no", "yes"), "yes"))  # type: ignore[arg-type]
    flat = probability.ravel()
    found = task.losses(truth.ravel().astype(np.int64), np.column_stack([1 - flat, flat]))
    return found.reshape(truth.shape)


def _opposite(share: float, loss: str, areas: tuple[float, float], tilt: float) -> float:
    """The shift upwards of the champion's log odds that costs what `tilt` downwards costs the challenger."""
    truth = np.random.default_rng(1).random(400_000) < share

    def cost(shift: float, area: float) -> float:
        rng = np.random.default_rng(2)
        return float(losses_of(binormal_probabilities(truth, share, area, rng, shift), truth, loss).mean())

    wanted, low, high = cost(-tilt, areas[0]), 0.0, 6.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if cost(middle, areas[1]) < wanted else (low, middle)
    return (low + high) / 2


def classes(shares: tuple[float, ...], loss: str, sharpness: tuple[float, float]) -> Draw:
    """Two calibrated models of several classes. Each sees a noisy sign of every class; `sharpness` is how far a
    record's own class stands out of the noise (challenger, champion).
    """

    def draw(runs: int, n: int, rng: np.random.Generator) -> tuple[Losses, Losses]:
        truth = rng.choice(len(shares), (runs, n), p=shares)
        made = [_multiclass(truth, shares, sharp, rng) for sharp in sharpness]
        return with_imagined(answer, truth, made[0], made[1])

    answer = Answer("multiclass", loss, "y", tuple(map(str, range(len(shares)))))  # type: ignore[arg-type]
    return draw


def _multiclass(
    truth: npt.NDArray[np.int64], shares: tuple[float, ...], sharp: float, rng: np.random.Generator
) -> Losses:
    """Probabilities of the classes, shape (runs, size, classes)."""
    signs = rng.normal(size=(truth.size, len(shares)))
    signs[np.arange(truth.size), truth.ravel()] += sharp
    logs = np.log(shares) + sharp * signs  # Bayes: the classes' signs are normal with variance 1
    p = np.exp(logs - logs.max(axis=1, keepdims=True))
    return (p / p.sum(axis=1, keepdims=True)).reshape(*truth.shape, len(shares))
