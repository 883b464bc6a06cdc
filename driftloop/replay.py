"""Replay: a folder of windows, judged one after the other exactly as the timer would have.

A file is what landed between two checks; `driftloop.check_series` says what waits and what counts. Nothing is retrained
here, so a drift stays open until the end: its first line says `retrain`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftloop.errors import InputError

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.data.reading import Reading
    from driftloop.profile.window import Baseline
    from driftloop.sequential.evidence import Evidence
    from driftloop.sequential.label_shift import LabelSummary
    from driftloop.sides.settings import ColumnSettings
    from driftloop.sides.sides import Sides
    from driftloop.verdict import Check

TRIED = 5
"""Windows that are tried for finding out which column is the target: a broken reference fails with each."""


@dataclass(frozen=True)
class Line:
    """One check: the file that landed, the verdict, how sure the evidence is (0 to 1) and what it rests on.

    `p`: the chance of such evidence at one check without drift. `stretch`: over how many windows it is strongest, and
    `feature` in what. `retrain`: whether the timer would have started one now.
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
    size_note: str = ""
    """Of `notes` the one about far fewer or far more records than usual, for the line of a terminal."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        plain = {name: value for name, value in self.__dict__.items() if name != "size_note"}
        return {**plain, "reasons": list(self.reasons), "notes": list(self.notes)}


def replay(
    baseline: Baseline,
    files: Sequence[Path],
    policy: Policy,
    evidence: Evidence | None = None,
    *,
    reading: Reading | None = None,
    labels: LabelSummary | None = None,
    on_result: Callable[[Check], None] | None = None,
) -> Iterator[Line]:
    """Yield one line a file, in the order given; see the module's description for the rules.

    Parameters
    ----------
    baseline : Baseline
        What every window is compared with.
    files : sequence of Path
        One window each, in order of time.
    policy : Policy
        Error rates and smallest effects.
    evidence : Evidence, optional
        From earlier windows; none unless given.
    reading : Reading, optional
        What is declared about the way files are written; the baseline's schema holds where it is None.
    labels : LabelSummary, optional
        Of the baseline's own rows, if it has any.
    on_result : callable, optional
        Called with each check before its line is given; a file that cannot be read has none.
    """
    from driftloop.check_series import Series, check_next
    from driftloop.data.reading import ReadNotes
    from driftloop.sequential.evidence import Evidence
    from driftloop.sequential.label_counter import LabelCounter
    from driftloop.sequential.label_shift import moved_labels
    from driftloop.sides.window import read_window
    from driftloop.window_size import unusual_size

    series = Series(evidence or Evidence())
    raised, sizes = False, list[int]()
    for path in files:
        notes, found = ReadNotes(), LabelCounter(baseline.schema)
        try:
            landed = read_window(path, baseline.schema, reading, notes, labels=found)
        except InputError as error:
            yield _line(path, "incident", series.evidence, 0, (str(error),), retrain=False)
            continue
        result, series = check_next(series, baseline, landed, policy)
        retrain, raised = result.drift and not raised, raised or result.drift
        moved = moved_labels(baseline.schema, labels, found.summary, policy)
        size = unusual_size(landed.rows, sizes)
        told = (*size, *moved, *notes.lines, *result.notes)
        sizes.append(landed.rows)
        if on_result is not None:
            on_result(result)
        verdict = result.verdict.value
        line = _line(path, verdict, series.evidence, result.rows, result.reasons, retrain=retrain, notes=told)
        yield replace(line, size_note="".join(size))


def baseline_for(reference: Path | str, files: Sequence[Path], settings: ColumnSettings) -> Sides:
    """The baseline of a replay, its labels, and what reading it has to say; the window means nothing.

    With an inferred schema, a single column that the first readable window lacks is taken for the target, as in a
    single check. Raises InputError, SchemaError or BaselineError.
    """
    from driftloop.sides.sides import read_baseline, read_sides

    for path in files[:TRIED] if settings.schema is None else ():
        try:
            sides = read_sides(reference, path, settings)
        except InputError:
            continue  # a broken window is told in its own line; a broken reference fails once more below
        if sides.window.rows:
            return sides
    return read_baseline(reference, settings)


def find_windows(source: Path) -> tuple[list[Path], list[str]]:
    """The windows of a folder or pattern in name order, and the names of what lies there and is no data.

    A window is a data file, or a folder that holds some. Raises InputError when there is none.
    """
    from driftloop.data.readers import list_windows
    from driftloop.data.readers.file_formats import EXPECTED

    if source.is_dir():
        found, skipped = list_windows(source)
    elif has_magic(str(source)) and not source.exists():
        found, skipped = [Path(name) for name in sorted(glob(str(source), recursive=True))], []  # noqa: PTH207
    else:
        raise InputError(f"{source}: not a folder: give one with a file a window, or a pattern like 'weeks/*.csv'")
    if not found:
        raise InputError(f"{source}: no data files in it; {EXPECTED}")
    return found, skipped


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
