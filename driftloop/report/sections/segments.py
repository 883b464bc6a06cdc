"""The segments' verdicts as every presentation shows them: those that moved first, the calm ones in one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftloop.wording.number_formats import format_p

if TYPE_CHECKING:
    from driftloop.report.words.language import Words
    from driftloop.segments.segments import Segment, Segments

ORDER = ("drift", "insufficient", "stable")
"""What asks for somebody first."""


@dataclass(frozen=True)
class SegmentRow:
    """One segment: its column and value, its verdict as a word, what moved inside it, its records, its p ("" without
    one), and the verdict's name.
    """

    name: str
    stand: str
    moved: str
    records: str
    p: str
    verdict: str


@dataclass(frozen=True)
class SegmentsView:
    """Every row, those that moved first; `lead` says what was controlled, `not_judged` what has no row ("" without)."""

    lead: str
    rows: tuple[SegmentRow, ...]
    not_judged: str

    def titles(self, words: Words) -> list[str]:
        """Heads of the table's columns."""
        keys = ("segments.segment", "segments.verdict", "segments.moved", "segments.records", "table.p")
        return [words(key) for key in keys]


def view_segments(segments: Segments, words: Words) -> SegmentsView:
    """The view of a check's segments, in the reader's language."""
    ordered = sorted(segments.found, key=lambda each: (ORDER.index(each.verdict), each.p or 0.0))
    more = words("segments.not-judged", count=f"{segments.not_judged:,}") if segments.not_judged else ""
    lead = words("segments.lead", level=f"{100 * segments.level:.2g}")
    return SegmentsView(lead, tuple(_row(each, words) for each in ordered), more)


def _row(segment: Segment, words: Words) -> SegmentRow:
    return SegmentRow(
        f"{segment.column} = {segment.value}",
        words.known("verdict", segment.verdict),
        ", ".join(segment.moved),
        words("segments.of", baseline=f"{segment.baseline_records:,}", window=f"{segment.window_records:,}"),
        "" if segment.p is None else format_p(segment.p),
        segment.verdict,
    )
