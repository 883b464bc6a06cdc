"""Replay: a folder of windows, judged one after the other exactly as the timer would have.

A file is what landed between two checks. A window that is too small waits and is checked together with the next; a
broken file is set aside and the others are checked without it; evidence accumulates, and a window that comes twice
counts once. Nothing is retrained here, so a drift stays open until the end: its first line says `retrain`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from driftloop.errors import InputError

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.profile.window import Baseline, Window
    from driftloop.sequential.evidence import Evidence

FILE = click.Path(path_type=Path)


@dataclass(frozen=True)
class Line:
    """One check: the file that landed, the verdict, how sure the evidence is (0 to 1) and what it rests on.

    `p`: the chance of such evidence at one check without drift; `stretch`: over how many windows it is strongest, and
    `feature` in what; `retrain`: whether the timer would have started one now.
    """

    window: str
    verdict: str
    evidence: float
    drift: bool
    retrain: bool
    rows: int
    p: float
    feature: str | None
    stretch: int
    since: str | None
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**self.__dict__, "reasons": list(self.reasons)}


def window_files(folder: Path) -> tuple[list[Path], list[str]]:
    """The windows in a folder in name order (data files, and folders of them), and the names of what is no data.

    Raises InputError when there is no such folder, or no data in it.
    """
    from driftloop.data.readers import list_windows
    from driftloop.data.readers.sources import EXPECTED

    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder: --windows takes a folder with one file a window")
    files, skipped = list_windows(folder)
    if not files:
        raise InputError(f"{folder}: no data files in it; {EXPECTED}")
    return files, skipped


def replay(
    baseline: Baseline, files: Sequence[Path], policy: Policy, evidence: Evidence | None = None
) -> Iterator[Line]:
    """One line a file, in the order given; see the module's description for the rules."""
    from driftloop.sequential.evidence import Evidence

    evidence = evidence or Evidence()
    waiting: list[Window] = []
    raised = False
    for path in files:
        try:
            landed = _read(path, baseline)
        except InputError as error:
            yield _line(path, "incident", evidence, 0, (str(error),), retrain=False)
            continue
        line, evidence, waiting = _checked(path, baseline, [*waiting, landed], policy, evidence, raised=raised)
        raised = raised or line.drift
        yield line


def _read(path: Path, baseline: Baseline) -> Window:
    from driftloop.data.readers import read_batches
    from driftloop.profile.window import Window

    return Window.build(read_batches(path, baseline.schema), baseline.schema)


def _checked(
    path: Path, baseline: Baseline, waiting: list[Window], policy: Policy, evidence: Evidence, *, raised: bool
) -> tuple[Line, Evidence, list[Window]]:
    """The check of all that waits: its line, the evidence after it, and what still waits."""
    from driftloop.verdict import Verdict, check

    window = _merged(waiting)
    result = check(baseline, window, policy, evidence)
    if result.verdict is Verdict.INCIDENT and len(waiting) > 1:
        alone = [check(baseline, one, policy).verdict for one in waiting]
        guilty = [one for one, verdict in zip(waiting, alone, strict=True) if verdict is Verdict.INCIDENT]
        innocent = [one for one in waiting if guilty and one not in guilty]
        line = _line(path, "incident", evidence, window.rows, result.reasons, retrain=False)
        return line, evidence, innocent  # they are checked with whatever lands next
    after = result.evidence or evidence
    retrain = result.drift and not raised
    line = _line(path, result.verdict.value, after, window.rows, result.reasons, retrain=retrain)
    return line, after, waiting if result.verdict is Verdict.INSUFFICIENT else []


def _merged(windows: list[Window]) -> Window:
    whole = windows[0]
    for other in windows[1:]:
        whole = whole.merge(other)
    return whole


def _line(path: Path, verdict: str, evidence: Evidence, rows: int, reasons: tuple[str, ...], *, retrain: bool) -> Line:
    return Line(
        window=path.name,
        verdict=verdict,
        evidence=evidence.certainty,
        drift=verdict == "drift",
        retrain=retrain,
        rows=rows,
        p=evidence.p,
        feature=evidence.feature,
        stretch=evidence.windows,
        since=evidence.since,
        reasons=reasons,
    )


@click.command("replay")
@click.option("--reference", required=True, type=FILE, help="What the model was trained on: data, or a saved baseline.")
@click.option("--windows", required=True, type=click.Path(path_type=Path), help="A folder: one file a window.")
@click.option("--config", type=FILE, help="TOML: policy, schema, importances; or a driftloop.toml.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def replay_command(reference: Path, windows: Path, config: Path | None, as_json: bool) -> None:
    """Check the windows of a folder in name order, as the timer would, with evidence that accumulates."""
    import msgspec

    baseline, policy = _reference(reference, config)
    files, skipped = window_files(windows)
    if skipped:
        click.echo(f"driftloop: skipped what is no data: {', '.join(skipped)}", err=True)
    if not as_json:
        click.echo(_row("window", "rows", "verdict", "how sure", "what stands out"))
    for line in replay(baseline, files, policy):
        click.echo(msgspec.json.encode(line.to_dict()).decode() if as_json else _text(line))


def _reference(path: Path, config: Path | None) -> tuple[Baseline, Policy]:
    from driftloop.config.settings import load_policy, load_settings
    from driftloop.data.readers import read_batches
    from driftloop.profile.parquet_format import is_profile
    from driftloop.profile.window import Baseline

    if path.suffix == ".parquet" and path.is_file() and is_profile(path):
        return Baseline.from_bytes(path.read_bytes()), load_policy(config)
    schema, policy = load_settings(config, path)
    baseline = Baseline.build(read_batches(path, schema), schema)
    if not baseline.rows:
        raise InputError(f"{path}: no rows: nothing to compare with")
    return baseline, policy


def _text(line: Line) -> str:
    what = line.reasons[0] if line.verdict in ("incident", "insufficient") else line.feature or ""
    if line.drift:
        what = f"{what}, over {line.stretch} window{'s' if line.stretch > 1 else ''}"
        what += ": retrain" if line.retrain else " (open)"
    return _row(line.window, f"{line.rows:,}", line.verdict, _certainty(line.p), what)


def _certainty(p: float) -> str:
    """`99.8 %`, never rounded up to certainty."""
    return "> 99.99 %" if p < 1e-4 else f"{100 * (1 - p):.2f} %"


def _row(window: str, rows: str, verdict: str, sure: str, what: str) -> str:
    return f"{window:<28} {rows:>9} {verdict:<13} {sure:>10}  {what}".rstrip()
