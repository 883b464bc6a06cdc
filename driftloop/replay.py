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

from driftloop.errors import InputError

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.profile.window import Baseline, Window
    from driftloop.sequential.evidence import Evidence
    from driftloop.sides import ColumnSettings


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
    notes: tuple[str, ...] = ()
    """What is worth knowing and changes nothing: columns and files that were left out."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**self.__dict__, "reasons": list(self.reasons), "notes": list(self.notes)}


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


def baseline_for(reference: Path, files: Sequence[Path], settings: ColumnSettings) -> tuple[Baseline, tuple[str, ...]]:
    """The baseline of a replay, and what reading it has to say.

    With an inferred schema, a single column that the first readable window lacks is taken for the target, as in a
    single check. Raises InputError, SchemaError or BaselineError.
    """
    from driftloop.sides import read_baseline, read_sides

    if settings.schema is None:
        for path in files:
            try:
                sides = read_sides(reference, path, settings)
            except InputError:
                continue  # a broken window is told in its own line; a broken reference fails once more below
            return sides.baseline, sides.notes
    return read_baseline(reference, settings), ()


def _read(path: Path, baseline: Baseline) -> Window:
    from driftloop.profile.window import Window

    return Window.build(path, baseline.schema)


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
    line = _line(path, result.verdict.value, after, window.rows, result.reasons, retrain=retrain, notes=result.notes)
    return line, after, waiting if result.verdict is Verdict.INSUFFICIENT else []


def _merged(windows: list[Window]) -> Window:
    whole = windows[0]
    for other in windows[1:]:
        whole = whole.merge(other)
    return whole


def _line(
    path: Path,
    verdict: str,
    evidence: Evidence,
    rows: int,
    reasons: tuple[str, ...],
    *,
    retrain: bool,
    notes: tuple[str, ...] = (),
) -> Line:
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
        notes=notes,
    )
