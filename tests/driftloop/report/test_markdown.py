"""Markdown for pull requests and step summaries: what comes from data stays text."""

import re

import pytest

from driftloop import Evidence
from driftloop.report.context import ReportContext, Started
from driftloop.report.markdown import HEAVIEST, render_markdown
from driftloop.report.words.plain_text import markdown
from tests.driftloop.report.pages import CONTEXT, EVIL, WHOLE, broken, hostile, moved, records, result_of, wide


def test_it_says_the_verdict_first_and_the_columns_by_weight():
    text = render_markdown(result_of(records(350, 1), moved(), WHOLE, Evidence()), CONTEXT)
    assert text.startswith("## 🔶 diabetes-progression: drift\n\n**The population has moved. A retrain is due.**")
    assert "seen in under 1 in 1,000,000 checks. The alarm line is at 1 in 690 checks." in text
    assert "[train 17\\: success](<https://github.com/proseware/driftloop/actions/runs/17>)" in text
    assert text.index("| **bmi** | numeric | mean +") < text.index("| glucose |")
    assert "7426683a" in text or "SHA-256 of the baseline" in text


def test_an_incident_and_the_japanese_words():
    text = render_markdown(result_of(records(350, 1), broken(), WHOLE), None, "ja")
    assert text.startswith("## ❌ ドリフトレポート: データ障害")
    assert "pressure：空：値が一つもありません" in text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_from_the_data_is_markup(language):
    reference, window, schema = hostile()
    context = ReportContext(
        model=EVIL,
        window_name="a|b`c",
        started=(
            Started("run", "](http://evil.example)", "javascript:alert(1)"),
            Started(EVIL, "@everyone", "https://a.b/>"),
        ),
    )
    text = render_markdown(result_of(reference, window, schema), context, language)
    assert not re.search(r"(?<!\\)<(?!details>|summary>|/details>|/summary>)", text)
    assert not re.search(r"(?<!\\)\]\(", text)
    assert "@everyone" not in text.replace("\\@everyone", "")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {3, 5}
    assert not set(text) & {"\u202e", "\x1b", "\r"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mean -0.8 (2.31 to 28)", "mean -0.8 (2.31 to 28)"),
        ("1. first", "1\\. first"),
        ("- item", "\\- item"),
        ("www.evil.example", "www\\.evil\\.example"),
        ("line\n# heading", "line�\\# heading"),
        ("snake_case*", "snake\\_case\\*"),
    ],
)
def test_only_what_may_be_markup_is_escaped(text, shown):
    assert markdown(text) == shown


def test_a_summary_stays_below_the_limit_of_a_comment():
    many = render_markdown(result_of(wide(500, 60, 1), wide(500, 60, 2)))
    assert "and 450 more columns within chance" in many
    frame = wide(60, 60, 1).rename(columns=lambda name: name + "x" * 5_000)
    assert len(render_markdown(result_of(frame, frame.sample(40, random_state=1)))) <= HEAVIEST + 100
