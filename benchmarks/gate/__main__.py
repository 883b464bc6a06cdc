"""How often the gate promotes: a challenger that is no better (type-I error), and one that is (power).

    python -m benchmarks.gate --runs 10000

writes out/benchmarks/gate.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from scipy.stats import beta, binom

from benchmarks.gate.losses import Draw, absolute_errors, bias, binary, classes, equal_errors, near_copies
from benchmarks.gate.p_values import BLOCK, p_values
from training.tasks.planning import labels_required

SIZES = (30, 60, 200)
LEVEL = 0.05
SEED = 12


@dataclass(frozen=True)
class Scenario:
    """One way in which challenger and champion differ."""

    task: str
    name: str
    draw: Draw


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
