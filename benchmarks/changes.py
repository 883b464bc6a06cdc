"""The changes that a check has to find, each with the rate to reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sandbox.population import Change, Population, diabetes

Make = Callable[[str], Population]

COLUMNS = ("age", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
SHARE_BEFORE, SHARE_AFTER = 0.47, 0.65


@dataclass(frozen=True)
class Case:
    """One change: windows of `rows`, the verdict that counts as found, and the detection rates to reach.

    `columns`: the changed column takes turns over these; a case that changes no single column has one empty name.
    `goal` is the rate asked for, and `plain` what Kolmogorov-Smirnov and chi-squared with Bonferroni were said to
    reach; None where nothing was. `table` is the one that references are drawn from.
    """

    name: str
    rows: int
    make: Make
    goal: float | None = None
    plain: float | None = None
    columns: tuple[str, ...] = ("",)
    verdicts: tuple[str, ...] = ("drift", "incident")
    table: str = "diabetes"


def moved(column: str, deviations: float) -> Population:
    """The diabetes population with the mean of one column moved by so many standard deviations."""
    population = diabetes()
    step = deviations * population.table[column].std()
    return population.changed(lambda frame, _: frame.assign(**{column: frame[column] + step}))


def _all_moved(_: str) -> Population:
    population = diabetes()
    steps = 0.2 * population.table[list(population.numeric)].std()
    return population.changed(
        lambda frame, _: frame.assign(**{name: frame[name] + steps[name] for name in steps.index})
    )


def _wider(column: str) -> Population:
    population = diabetes()
    mean = population.table[column].mean()
    return population.changed(lambda frame, _: frame.assign(**{column: mean + np.sqrt(1.5) * (frame[column] - mean)}))


def _some(frame: pd.DataFrame, part: float, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Which rows are hit: exactly the stated part of them, to the nearest row."""
    hit = np.zeros(len(frame), bool)
    hit[rng.choice(len(frame), round(part * len(frame)), replace=False)] = True
    return hit


def _missing(column: str) -> Population:
    return diabetes().broken(lambda frame, rng: frame.assign(**{column: frame[column].mask(_some(frame, 0.2, rng))}))


def _category(_: str) -> Population:
    return diabetes().broken(lambda frame, rng: frame.assign(sex=frame["sex"].mask(_some(frame, 0.05, rng), 3)))


def _tenfold(column: str) -> Population:
    return diabetes().broken(
        lambda frame, rng: frame.assign(**{column: frame[column].mask(_some(frame, 0.05, rng), 10 * frame[column])})
    )


def _permuted(column: str) -> Population:
    fault: Change = lambda frame, rng: frame.assign(**{column: rng.permutation(frame[column].to_numpy())})  # noqa: E731
    return diabetes().broken(fault)


def _sexes(_: str) -> Population:
    population = diabetes()
    share = float((population.table["sex"] == 2).mean())
    odds = SHARE_AFTER / (1 - SHARE_AFTER) / (share / (1 - share))
    return population.likelier(lambda frame: np.where(frame["sex"] == 2, odds, 1.0))


def _heavy(_: str) -> Population:
    return diabetes().likelier(lambda frame: np.where(frame["bmi"] > 30, 3.0, 1.0))


CASES = (
    Case("20 % missing in one column", 50, _missing, 0.99, 0.03, COLUMNS),
    Case("new category in 5 % of rows", 100, _category, 0.98, 1.00),
    Case("one column times 10 in 5 % of rows, as an incident", 100, _tenfold, 0.98, 0.02, COLUMNS, ("incident",)),
    Case("one column permuted: only correlations change", 100, _permuted, 0.95, 0.01, COLUMNS),
    Case("variance of one column times 1.5", 250, _wider, 0.85, 0.11, COLUMNS),
    Case("mean of one column by 0.5 sd", 100, lambda column: moved(column, 0.5), 0.90, 0.84, COLUMNS),
    Case("all columns by 0.2 sd", 100, _all_moved, 0.75, 0.55),
    Case(f"share of one sex from {SHARE_BEFORE} to {SHARE_AFTER}", 100, _sexes, 0.69, 0.69),
    Case("BMI over 30 three times as likely", 100, _heavy, 0.78, 0.78),
)
