"""What a drift does to the model: its section on the page and in Markdown, and its picture."""

from __future__ import annotations

import re
from html import escape

import msgspec
import pytest

import driftloop
from driftloop.impact.impact import CAVEAT, Impact, ImpactDocument
from driftloop.report.charts.impact_picture import draw_impact, tolerated
from driftloop.report.sections.impact import view_impact, without_impact
from driftloop.report.words.language import LANGUAGES, Words
from driftloop.report.words.plain_text import markdown
from tests.driftloop.segments.test_verdicts import sides, visits

FOUND = Impact(0.3, 0.24, 0.36, (-0.04, 0.44), 0.25, 210.0, 0.01, 500, 300, 0.1, classes=True)


def lines_of(picture: str, kind: str) -> list[float]:
    return [float(x) for x in re.findall(rf'<line class="{kind}" x1="([\d.]+)"', picture)]


def with_impact(impact: Impact) -> driftloop.Check:
    return driftloop.check(*sides(visits(1), visits(2))).with_impact(impact)


def test_the_tolerated_error_is_the_holdouts_and_its_part() -> None:
    assert tolerated(FOUND) == pytest.approx(0.25 * 1.1)


def test_with_cross_fitted_errors_the_picture_and_the_tolerance_count_from_all_known_ones() -> None:
    found = msgspec.structs.replace(FOUND, before=0.275, cross_fitted=400)
    assert (FOUND.reference, found.reference) == (0.25, 0.275)
    assert tolerated(found) == pytest.approx(0.275 * 1.1)
    picture = draw_impact(found, Words("en"))
    assert picture is not None
    assert lines_of(picture, "mean baseline-mean") == lines_of(draw_impact(FOUND, Words("en")) or "", "alarm")
    assert "On known records 27.5% wrong; tolerated up to 30.3% wrong" in picture


def test_the_picture_has_estimate_holdout_and_tolerance_where_they_belong() -> None:
    picture = draw_impact(FOUND, Words("en"))
    assert picture is not None
    (estimate,), (holdout,), (most,) = (
        lines_of(picture, kind) for kind in ("window-mean", "mean baseline-mean", "alarm")
    )
    (left, width) = map(float, re.findall(r'class="window" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', picture)[0])
    # 0.24 to 0.36 is the interval: the estimate lies in its middle, 0.25 a twelfth along, 0.275 seven twenty-fourths.
    assert estimate == pytest.approx(left + width / 2, abs=0.1)
    assert holdout == pytest.approx(left + width / 12, abs=0.1)
    assert most == pytest.approx(left + width * 7 / 24, abs=0.1)
    assert "Estimated 30.0% wrong, interval 24.0% wrong to 36.0% wrong." in picture
    assert "tolerated up to 27.5% wrong" in picture


def test_an_error_that_is_not_known_has_no_picture_and_says_so() -> None:
    unknown = msgspec.structs.replace(
        FOUND, error=None, low=None, high=None, growth=None, unknown="there are no records"
    )
    view = view_impact(unknown, Words("en"))
    assert view.svg is None
    assert "not known" in view.stand


@pytest.mark.parametrize(
    ("growth", "said"),
    [
        ((-0.1, 0.05), "by less than the tolerated 10%"),
        ((0.02, 0.10), "by less than the tolerated 10%"),
        ((0.02, 0.3), "has grown. Whether"),
        ((0.11, 0.3), "by more than the tolerated 10%"),
        ((-0.1, 0.3), "is open"),
    ],
)
def test_the_first_sentence_holds_growth_against_zero_and_the_tolerance(growth: tuple[float, float], said: str) -> None:
    assert said in view_impact(msgspec.structs.replace(FOUND, growth=growth), Words("en")).stand


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_markdown_say_what_is_assumed_and_what_is_not_seen(language: str) -> None:
    words, result = Words(language), with_impact(FOUND)
    for page, as_text in ((result.to_html(language=language), str), (result.to_markdown(language=language), markdown)):
        for key in ("impact.title", "impact.assumed", "impact.unseen"):
            assert as_text(words(key)) in page
        # the section alone says it, not the notes too
        assert page.count(as_text(words.sentence(FOUND.sentences[1]).text)) == 1
        assert as_text(words.sentence(CAVEAT).text) not in page
    assert escape(words("impact.picture")) in result.to_html(language=language)


def test_with_labels_something_else_is_assumed() -> None:
    view = view_impact(msgspec.structs.replace(FOUND, labels=80), Words("en"))
    assert "which records have labels" in view.assumed
    assert "rests on 80 labelled records" in " ".join(view.lines())


def test_notes_of_a_check_without_an_estimate_stay() -> None:
    result = driftloop.check(*sides(visits(1), visits(2)))
    assert without_impact(result) == result.notes
    other = driftloop.check(*sides(visits(1), visits(2).append_column("more", visits(2)["dose"])))
    assert without_impact(other.with_impact(FOUND)) == other.notes != ()


def test_the_document_has_every_field_of_the_impact_and_what_follows() -> None:
    document = FOUND.to_dict()
    names = {field.name for field in msgspec.structs.fields(ImpactDocument)}
    assert set(document) == names == {field.name for field in msgspec.structs.fields(Impact)} | {"worse", "harmless"}
    assert msgspec.convert(document, ImpactDocument).harmless is False
