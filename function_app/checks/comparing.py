"""A window of files against the baseline of the version in service: read, judged, and where it is broken, by which of
its files.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from driftloop.config.models import Model
from driftloop.errors import DriftloopError, InputError
from driftloop.ledger.ledger import VerdictName
from driftloop.ledger.model_state import Watermark
from driftloop.wording.counts import count_of
from function_app.checks.regime_start import RecordTimes
from function_app.checks.suspects import Answer, Suspects, find_guilty
from function_app.incoming.decoding import by_schema
from function_app.incoming.file_faults import is_of_content
from function_app.incoming.held_files import Decode
from function_app.incoming.sources import File
from function_app.incoming.window_reading import Reading, build_window

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    import driftloop
    from driftloop import Baseline, Evidence, Window
    from function_app.storage.accounts import Storage

NAMED = 3  # files in a sentence


@dataclass(frozen=True)
class Compared:
    """A window that was read and judged.

    `result` is the engine's answer on the files that could be read; None where the engine refused them all. `guilty`:
    the files that are set aside, and why. `innocent`: those that nothing is wrong with; `undecided`: those that nothing
    is known of yet. `start`: when its records really began.
    """

    verdict: VerdictName
    reasons: tuple[str, ...]
    window: "Window"
    reading: Reading
    guilty: dict[File, str]
    undecided: tuple[File, ...] = ()
    result: "driftloop.Check | None" = None
    start: str | None = None

    @property
    def calm(self) -> bool:
        """Evidence may learn from the window."""
        return self.verdict in ("stable", "drift")

    @property
    def innocent(self) -> list[File]:
        """Files that nothing is wrong with, and copies of such."""
        blamed = {*self.guilty, *self.undecided}
        return [file for file in (*self.reading.read, *self.reading.copies) if file not in blamed]


@dataclass(frozen=True)
class Comparing:
    """Compares files of one model with one baseline."""

    storage: "Storage"
    model: Model
    baseline: "Baseline"
    now: datetime

    def compare(self, files: Sequence[File], watermark: Watermark, evidence: "Evidence") -> Compared:
        """The verdict on the files together.

        Parameters
        ----------
        files : Sequence[File]
            Of the window; those that are broken are set aside, the others are compared together.
        watermark : Watermark
            What was read before: contents that are known are copies.
        evidence : Evidence
            What earlier windows left.

        Returns
        -------
        Compared
            The verdict, with the files that are guilty, innocent or undecided.

        Raises
        ------
        InputError
            No file can be compared, and the engine does not say why: that may be its own mistake.
        AzureError
            Storage did not answer.
        """
        decode = self._decode(len(files), watermark)
        # Where records carry neither id nor time, two files may well be the same by chance.
        known = watermark.contents if self._told_apart else None
        refused: dict[File, str] = {}
        times = RecordTimes(self.baseline.schema)
        while True:
            left = [file for file in files if file not in refused]
            window, reading = build_window(
                self.storage, left, decode, lambda batches: self._built(times.watching(batches)), known
            )
            reading.broken.update(refused)
            try:
                result = self._judged(window, evidence)
            except Exception as error:  # noqa: BLE001  raised again where no file is at fault
                found = self._refused(reading.read, decode, error)
            else:
                return self._compared(window, reading, decode, result, times.start)
            refused |= found
            if len(found) == len(reading.read):
                reasons = tuple(dict.fromkeys(refused.values()))
                return Compared("incident", reasons, window, reading, _with_copies(refused, reading))

    def _compared(
        self, window: "Window", reading: Reading, decode: Decode, result: "driftloop.Check", start: str | None
    ) -> Compared:
        verdict: VerdictName = "incident" if reading.broken and not reading.read else result.verdict.value
        suspects = Suspects(())
        if verdict == "incident" and reading.read:
            suspects = self._suspects(reading.read, decode, self._answer)
        guilty = {**reading.broken, **dict.fromkeys(suspects.guilty, result.reasons[0])}
        said = result.reasons if reading.read or not reading.broken else ()
        return Compared(
            verdict=verdict,
            reasons=(*reading.broken.values(), *said),
            window=window,
            reading=reading,
            guilty=_with_copies(guilty, reading),
            undecided=suspects.undecided,
            result=result,
            start=start,
        )

    def _refused(self, files: list[File], decode: Decode, error: Exception) -> dict[File, str]:
        """The files that the engine cannot compare, and why.

        Raises InputError where it can compare none of them and does not say why: that may be the engine's own mistake.
        """
        if not is_of_content(error):
            raise error

        found = self._suspects(files, decode, lambda window: self._answer(window, broken=())).guilty if files else ()
        meant = isinstance(error, DriftloopError)
        reason = str(error) if meant else type(error).__name__
        if not meant and len(found) == len(files):
            names = ", ".join(file.path for file in files[:NAMED]) or "no file"
            raise InputError(f"{names} ({count_of(len(files), 'file')}): cannot be compared ({reason})") from error
        return {file: f"{file.path}: cannot be compared ({reason})" for file in found}

    def _suspects(self, files: list[File], decode: Decode, answer: Callable[["Window"], Answer]) -> Suspects:
        if len(files) == 1:
            return Suspects((files[0],))
        return find_guilty(files, lambda group: build_window(self.storage, group, decode, self._built)[0], answer)

    def _answer(self, window: "Window", broken: tuple[str, ...] = ("incident",)) -> Answer:
        """By itself: evidence is about windows one after the other, not about parts of one.

        What the engine cannot compare is broken: one group of files that it fails at must not end the search.
        """
        try:
            verdict = self._judged(window, None).verdict.value
        except Exception as error:
            if not is_of_content(error):
                raise
            return Answer.BROKEN
        if verdict == "insufficient":
            return Answer.UNKNOWN
        return Answer.BROKEN if verdict in broken else Answer.CALM

    def _judged(self, window: "Window", evidence: "Evidence | None") -> "driftloop.Check":
        from driftloop import check

        found = check(self.baseline, window, self.model.policy, evidence, now=self.now.timestamp())
        # Names that the schema does not have are text of a file: where a header is missing, of a record.
        foreign = window.profile.extra
        known = tuple(column for column in found.columns_not_compared if column.name not in foreign)
        return replace(
            found,
            notes=_unnamed(found.notes, foreign),
            reasons=_unnamed(found.reasons, foreign),
            columns_not_compared=known,
        )

    def _built(self, batches: "Iterator[pa.RecordBatch]") -> "Window":
        from driftloop import Window

        return Window.build(batches, self.baseline.schema)

    def _decode(self, files: int, watermark: Watermark) -> Decode:
        if self.model.layout == "data-collector":
            from function_app.incoming.collector import collected

            return collected(self.storage, self.model, self.baseline.schema, watermark.high, self.now)
        # A single blank file is the engine's to judge; among others, its blank column would look like a rarer value.
        never_blank = self._never_blank if files > 1 else frozenset()
        return by_schema(self.baseline.schema, self.model.reading, never_blank)

    @property
    def _never_blank(self) -> frozenset[str]:
        """Columns that mostly have a value in the baseline."""
        columns = self.baseline.profile.columns
        return frozenset(name for name, column in columns.items() if column.missing < column.rows / 2)

    @property
    def _told_apart(self) -> bool:
        schema = self.baseline.schema
        return schema.role("id") is not None or schema.role("timestamp") is not None


def _unnamed(sentences: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """The same sentences without these names, as far as they stand as words."""
    if not names:
        return sentences
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest_first))
    return tuple(pattern.sub("…", sentence) for sentence in sentences)


def _with_copies(guilty: dict[File, str], reading: Reading) -> dict[File, str]:
    """A copy of a broken file is as broken."""
    copies = {copy: guilty[first] for copy, first in reading.copies.items() if first is not None and first in guilty}
    return {**guilty, **copies}
