"""How often the gate promotes: a challenger that is no better (type-I error), and one that is (power).

    python -m benchmarks.gate --runs 10000

writes out/benchmarks/gate.md. The gate draws its resamples from a generator that is seeded by the holdout's size, so
all runs of one size share them. What it does one holdout at a time is here two matrix products for thousands
(`tests/benchmarks/test_gate.py` compares both).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
from scipy.stats import beta, binom

from training.gate import paired_tests
from training.tasks.answer import Answer
from training.tasks.chosen import task_of
from training.tasks.planning import binormal_probabilities, labels_required

Losses = npt.NDArray[np.float64]
Draw = Callable[[int, int, np.random.Generator], tuple[Losses, Losses]]
"""Runs and size to the losses of challenger and champion, each of shape (runs, size)."""
SIZES = (30, 60, 200)
LEVEL = 0.05
BLOCK = 250  # runs at a time: their resampled means take 10 MB
SEED = 12


@dataclass(frozen=True)
class Scenario:
    """One way in which challenger and champion differ."""

    task: str
    name: str
    draw: Draw


def p_values(challenger: Losses, champion: Losses) -> Losses:
    """The gate's p-value of each run (row)."""
    differences = champion - challenger
    n = differences.shape[1]
    rng = np.random.default_rng(n)
    counts = np.concatenate([_counts(drawn, n) for drawn in paired_tests.resamples(n, rng)]).T
    signs = np.concatenate([sign.astype(np.float32) for sign in paired_tests.signs(n, rng)]).T.astype(np.float64)
    blocks = [differences[start : start + BLOCK] for start in range(0, len(differences), BLOCK)]
    return np.concatenate([_p_values(block, counts, signs) for block in blocks])


def _counts(drawn: npt.NDArray[np.int64], n: int) -> Losses:
    """How often each sample holds each record, as shares."""
    rows = np.arange(len(drawn))[:, None] * n
    return np.bincount((rows + drawn).ravel(), minlength=len(drawn) * n).reshape(len(drawn), n) / n


def _p_values(d: Losses, counts: Losses, signs: Losses) -> Losses:
    n = d.shape[1]
    mean = d.mean(axis=1, keepdims=True)
    error = d.std(axis=1, ddof=1, keepdims=True) / np.sqrt(n)
    none = error[:, 0] <= paired_tests.NO_SPREAD * np.maximum(np.abs(mean[:, 0]), 1.0)
    centred = d - mean  # the variance of a sample does not depend on it, and rounding does
    means = centred @ counts
    variances = np.maximum((centred**2) @ counts - means**2, 0.0) * n / (n - 1)
    t = means / np.maximum(np.sqrt(variances / n), paired_tests.NO_SPREAD)
    with np.errstate(divide="ignore", invalid="ignore"):
        bootstrap = (1 + (t >= mean / error).sum(axis=1)) / (1 + paired_tests.RESAMPLES)
    flips = (1 + ((d @ signs) / n >= mean).sum(axis=1)) / (1 + paired_tests.RESAMPLES)
    return np.where(none, 1.0, np.maximum(bootstrap, flips))


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


THREE, RARE = (0.4, 0.35, 0.25), (0.6, 0.3, 0.1)
NULLS = (
    Scenario("regression", "independent errors", equal_errors),
    Scenario("regression", "near-copies", near_copies),
    Scenario("regression", "absolute errors, heavy tails", absolute_errors),
    Scenario("binary", "half yes, log loss", binary(0.5, "log", (0.75, 0.75))),
    Scenario("binary", "10 % yes, log loss", binary(0.1, "log", (0.75, 0.75))),
    Scenario("binary", "10 % yes, Brier score", binary(0.1, "brier", (0.75, 0.75))),
    Scenario("binary", "10 % yes, log loss, tilted by 0.25", binary(0.1, "log", (0.75, 0.75), tilt=0.25)),
    Scenario("binary", "10 % yes, log loss, tilted by 1", binary(0.1, "log", (0.75, 0.75), tilt=1.0)),
    Scenario("binary", "10 % yes, Brier score, tilted by 0.25", binary(0.1, "brier", (0.75, 0.75), tilt=0.25)),
    Scenario("binary", "10 % yes, Brier score, tilted by 1", binary(0.1, "brier", (0.75, 0.75), tilt=1.0)),
    Scenario("binary", "2 % yes, log loss, tilted by 0.25", binary(0.02, "log", (0.75, 0.75), tilt=0.25)),
    Scenario("binary", "2 % yes, log loss, tilted by 1", binary(0.02, "log", (0.75, 0.75), tilt=1.0)),
    Scenario("multiclass", "40, 35, 25 %, log loss", classes(THREE, "log", (1.0, 1.0))),
    Scenario("multiclass", "60, 30, 10 %, log loss", classes(RARE, "log", (1.0, 1.0))),
    Scenario("multiclass", "60, 30, 10 %, Brier score", classes(RARE, "brier", (1.0, 1.0))),
)


def promoted(draw: Draw, n: int, runs: int, seed: int) -> int:
    """In how many of the runs the gate calls the challenger better."""
    rng = np.random.default_rng([SEED, seed, n])
    done = 0
    for start in range(0, runs, BLOCK * 4):
        challenger, champion = draw(min(BLOCK * 4, runs - start), n, rng)
        done += int((p_values(challenger, champion) <= LEVEL).sum())
    return done


def cell(hits: int, runs: int) -> str:
    """A share with its 95 % interval (Clopper and Pearson 1934)."""
    low = beta.ppf(0.025, hits, runs - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, runs - hits) if hits < runs else 1.0
    return f"{hits / runs:.1%} ({low:.1%} to {high:.1%})".replace("%", " %")


def type_i(runs: int) -> list[str]:
    """Table of the share of promotions of a challenger that is no better."""
    lines = ["| task | case | " + " | ".join(f"n = {n}" for n in SIZES) + " |", "|---|---|" + "---|" * len(SIZES)]
    worst = binom.ppf(0.999, runs, LEVEL)
    for number, scenario in enumerate(NULLS):
        counts = [promoted(scenario.draw, n, runs, number) for n in SIZES]
        marks = [cell(hits, runs) + (" **above**" if hits > worst else "") for hits in counts]
        lines.append(f"| {scenario.task} | {scenario.name} | " + " | ".join(marks) + " |")
        click.echo(lines[-1])
    return lines


BETTER = {
    "regression, champion biased by half an error's deviation": bias(27.5),
    "binary, half yes, AUC 0.86 against 0.71": binary(0.5, "log", (0.86, 0.71)),
    "binary, 20 % yes, AUC 0.86 against 0.71": binary(0.2, "log", (0.86, 0.71)),
    "binary, 10 % yes, AUC 0.86 against 0.71": binary(0.1, "log", (0.86, 0.71)),
    "binary, 10 % yes, the same, Brier score": binary(0.1, "brier", (0.86, 0.71)),
    "binary, 5 % yes, AUC 0.86 against 0.71": binary(0.05, "log", (0.86, 0.71)),
    "multiclass, 40, 35, 25 %, accuracy 0.79 against 0.59": classes(THREE, "log", (1.8, 1.0)),
}
POWER_SIZES = (30, 60, 120, 200, 300, 400)


def power(runs: int) -> list[str]:
    """Table of the share of promotions of a challenger that is better."""
    head = ["| case | " + " | ".join(f"n = {n}" for n in POWER_SIZES) + " |", "|---|" + "---|" * len(POWER_SIZES)]
    for number, (name, draw) in enumerate(BETTER.items()):
        shares = [promoted(draw, n, runs, 100 + number) / runs for n in POWER_SIZES]
        head.append(f"| {name} | " + " | ".join(f"{share:.0%}".replace("%", " %") for share in shares) + " |")
        click.echo(head[-1])
    return head


def planned(runs: int) -> list[str]:
    """Table of the labels that are suggested, and the power that they then have."""
    lines = ["| share of the rarer class | held-out labels | `labels_required` | promoted |", "|---|---|---|---|"]
    for share in (0.5, 0.3, 0.2, 0.1, 0.05, 0.02):
        wanted = labels_required(share)
        held_out = round(wanted * 0.4)
        hits = promoted(binary(share, "log", (0.86, 0.71)), held_out, runs, 200)
        lines.append(f"| {share:.0%} | {held_out} | {wanted} | {hits / runs:.0%} |".replace("%", " %"))
        click.echo(lines[-1])
    return lines


@click.command()
@click.option("--runs", type=click.IntRange(10), default=10_000, help="Holdouts a cell.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("out/benchmarks"))
def main(runs: int, out: Path) -> None:
    """Measure the gate."""
    few = max(10, runs // 5)  # of the powers a fifth: to a percent they are known by 2,000 runs
    parts = [type_i(runs), power(few), planned(few)]
    out.mkdir(parents=True, exist_ok=True)
    (out / "gate.md").write_text("\n\n".join("\n".join(part) for part in parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
