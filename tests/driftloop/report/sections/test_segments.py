"""Segments in the terminal, in Markdown and on the page."""

from __future__ import annotations

import pytest

import driftloop
from driftloop.report.sections.segments import view_segments
from driftloop.report.terminal import segment_lines, table
from driftloop.report.words.language import LANGUAGES, Words
from driftloop.segments.segments import Segment, Segments
from tests.driftloop.segments.test_verdicts import sides, visits

FOUND = Segments(
    (
        Segment("ward", "A1", "stable", 90, 80, 0.4, (), ""),
        Segment("ward", "B2", "drift", 90, 80, 0.0004, ("age", "dose"), ""),
        Segment("ward", "<b>", "insufficient", 90, 8, None, (), ""),
    ),
    0.05,
    3,
)


def test_what_moved_comes_first_then_what_cannot_be_judged() -> None:
    view = view_segments(FOUND, Words("en"))
    assert [(row.name, row.stand, row.moved, row.records, row.p) for row in view.rows] == [
        ("ward = B2", "drift", "age, dose", "90 → 80", "< 0.001"),
        ("ward = <b>", "insufficient", "", "90 → 8", ""),
        ("ward = A1", "stable", "", "90 → 80", "0.40"),
    ]
    assert view.lead.endswith("at most 5 %.")
    assert view.not_judged.startswith("3 further values")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_report_of_a_check_shows_its_segments(language: str) -> None:
    result = driftloop.check(*sides(visits(1), visits(2, by=1.2)))
    words = Words(language)
    for page in (result.to_html(language=language), result.to_markdown(language=language)):
        assert words("segments.title") in page
        assert "ward = B2" in page
    shown = table(result, width=100, language=language)
    assert words("segments.title") in shown
    assert "ward = B2" in shown
    assert "ward = A1, ward = C3, ward = D4" in shown


def test_segments_with_too_few_records_share_a_line_in_the_terminal() -> None:
    few = tuple(Segment("ward", f"W{number}", "insufficient", 9, 3, None, (), "") for number in range(4))
    lines = segment_lines(Segments((*FOUND.found, *few), 0.05), Words("en"), 200)
    assert lines[1:] == [
        "  ward = B2: drift: age, dose (p < 0.001), 90 → 80",
        "  insufficient: ward = <b>, ward = W0, ward = W1, ward = W2, ward = W3",
        "  stable: ward = A1",
    ]


def test_a_value_of_a_segment_is_text_and_no_markup() -> None:
    result = driftloop.check(*sides(visits(1), visits(2)))
    object.__setattr__(result, "segments", FOUND)
    assert "ward = &lt;b&gt;" in result.to_html(language="en")
    assert "<b>" not in result.to_markdown(language="en")
