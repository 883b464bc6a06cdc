"""A number and its noun agree: in the engine's sentences, and in the words of pages."""

import re
from pathlib import Path

import pytest

from driftloop.report.words.language import Words
from driftloop.wording.counts import count_of

ROOT = Path(__file__).parents[3]
ROOMS = ("driftloop", "function_app", "training", "workflows", "sandbox")
NOUNS = ("row", "record", "column", "window", "file", "check", "day", "model", "label", "group", "drift", "incident")
BY_ITSELF = re.compile(rf"\{{(?:len\()?[\w.]+\)?(?::,)?\}} (?:{'|'.join(NOUNS)})s\b")
"""A number in braces before a plural, so that one of them would be "1 rows"."""
NEVER_ONE = {
    "driftloop/checkup/examine.py": "more than one model was found",
    "driftloop/checkup/role_checks.py": "of so many records",
    "driftloop/config/models.py": "more than one model was found",
    "driftloop/data/readers/projection.py": "more columns than can be read",
    "driftloop/data/readers/sources.py": "a limit of thousands",
    "driftloop/impact/holdout.py": "of another room",
    "driftloop/setup/bounds.py": "a constant",
    "driftloop/setup/target.py": "a constant, and more records than one",
    "driftloop/window_size.py": "three windows or more",
    "function_app/alerts/box.py": "a limit of days",
    "training/models.py": "none or more than one model",
    "training/serving/request_format.py": "a limit of thousands",
    "workflows/chosen_models/choice.py": "more than one model",
    "workflows/chosen_models/github.py": "a limit of thousands",
    "workflows/settings.py": "none or more than one model",
    "driftloop/checkup/window_checks.py": "more records than one window has",
    "driftloop/sequential/model_error.py": "a constant",
    "driftloop/sequential/evidence.py": "of one window another sentence speaks",
    "driftloop/report/charts/evidence_chart.py": "a line of several checks",
    "driftloop/report/charts/power_picture.py": "windows of many records",
    "driftloop/report/power_table.py": "windows of many records",
    "sandbox/github/startup.py": "a constant",
}


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (11, "11 rows"), (1_001, "1,001 rows")]
)
def test_one_is_singular_and_every_other_number_plural(number, expected):
    assert count_of(number, "row") == expected


@pytest.mark.parametrize(("number", "expected"), [(0, "0 rows wait"), (1, "1 row waits"), (2, "2 rows wait")])
def test_a_verb_agrees_too(number, expected):
    assert count_of(number, "row waits", "rows wait") == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [("1", "1 day"), ("+1", "+1 day"), ("-1", "-1 day"), ("1.0", "1.0 days"), ("-11", "-11 days")],
)
def test_a_number_as_it_is_shown_decides(number, expected):
    assert count_of(number, "day") == expected


@pytest.mark.parametrize(("count", "said"), [("0", "0 records"), ("1", "1 record"), ("2", "2 records")])
def test_words_of_a_page_agree_with_their_numbers(count, said):
    assert Words("en")("page.records", count=count) == said
    assert Words("en")("terminal.records", rows=count, baseline_rows="5") == f"{said} against 5"
    assert Words("ja")("page.records", count=count).startswith(count)


@pytest.mark.parametrize(
    ("english", "number"),
    [
        ("1 row is too few to say anything (at least 20 are needed)", "1"),
        ("2 rows are too few to say anything (at least 20 are needed)", "2"),
        ("nothing beyond chance over 1 window", "1"),
        ("nothing beyond chance over 2 windows", "2"),
        ("mean +1 day", "+1"),
        ("mean +2.5 days", "+2.5"),
    ],
)
def test_a_sentence_of_one_and_of_many_is_taken_apart(english, number):
    found = Words("ja").sentence(english)
    assert found.language == "ja"
    assert number in found.text


def test_no_sentence_puts_a_plural_behind_any_number_by_itself():
    found = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if BY_ITSELF.search(path.read_text(encoding="utf-8"))
    }
    assert found - set(NEVER_ONE) == set()
    for catalogue in (ROOT / "driftloop").rglob("en.toml"):
        assert not BY_ITSELF.search(catalogue.read_text(encoding="utf-8"))
