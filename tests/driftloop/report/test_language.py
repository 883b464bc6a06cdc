"""The catalogue: the same keys and fields in each language, and the engine's sentences taken apart."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from driftloop import Evidence
from driftloop.report.words.language import LANGUAGES, Words, catalogue, choose_language
from driftloop.wording.number_formats import format_rarity
from tests.driftloop.report.pages import WHOLE, broken, moved, page_of, records, result_of

FIELD = re.compile(r"\{(\w+)(?::[^}]*)?\}")
REPORT = Path(__file__).parents[3] / "driftloop" / "report"
BY_NAME = {
    "verdict",
    "headline",
    "short",
    "not-compared",
    "kind",
    "started",
    "side",
    "quality",
    "numbers",
    "error",
    "replay",
    "alert",
    "alert-text",
    "alert-label",
    "status",
    "model",
    "state",
    "stand",
    "todo",
}
"""Tables whose entries are looked up by a name that comes from elsewhere."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_key_with_the_same_fields(language):
    english, other = catalogue("en"), catalogue(language)
    assert sorted(english) == sorted(other)
    for key, text in english.items():
        assert sorted(set(FIELD.findall(text))) == sorted(set(FIELD.findall(other[key]))), key
        assert other[key].strip()


def test_every_key_is_used():
    rooms = (REPORT, REPORT.parent / "dashboard", REPORT.parent / "cli")
    sources = [path for room in rooms for path in (*room.rglob("*.py"), *room.rglob("*.j2"))]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    mentioned = set(re.findall(r"[\"']([\w.-]+)[\"']", text))
    unused = [key for key in catalogue("en") if key not in mentioned and key.partition(".")[0] not in BY_NAME]
    assert unused == ["beyond.baseline", "beyond.window"], "which are looked up by the side"


@pytest.mark.parametrize("p", [1.0, 0.9, 0.6, 0.5, 0.05, 0.0014, 1e-6, 1e-9, 0.0])
def test_english_rarities_are_those_of_the_engine(p):
    assert Words("en").rarity(p) == format_rarity(p)


@pytest.mark.parametrize(
    "window", [moved(), broken(), records(60, 5), records(5, 1)], ids=["drift", "incident", "stable", "insufficient"]
)
def test_what_the_engine_says_of_ordinary_checks_is_japanese(window):
    result = result_of(records(350, 1), window, WHOLE, Evidence())
    words = Words("ja")
    sentences = [*result.reasons, *result.notes, *(row.effect_text for row in result.features)]
    assert [said for said in sentences if words.sentence(said).language != "ja"] == []
    page = page_of(result, None, "ja")
    assert '<html lang="ja">' in page
    assert 'lang="en"' not in page


def test_an_unknown_sentence_stays_english_and_is_marked():
    assert Words("ja").sentence("the moon is full") == ("the moon is full", "en")
    assert Words("ja").sentence("bmi: the moon is full (p = 0.012)").language == "en"
    result = replace(result_of(records(350, 1), records(60, 5), WHOLE), notes=("the moon is full",))
    page = page_of(result, None, "ja")
    assert '<span lang="en" dir="auto">the moon is full</span>' in page


def test_names_that_look_like_sentences_are_kept_as_they_are():
    said = Words("ja").sentence("a (p = 1): {x} no change: mean +2 (1 to 3) (p = 0.012)")
    assert said.text == "a (p = 1): {x} no change：平均 +2（1 → 3）（p = 0.012）"


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "C.UTF-8", "LANG": "ja_JP.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "ja", "LANG": "en_US.UTF-8"}, "ja"),
        ({}, "en"),
    ],
)
def test_the_language_is_the_environment_s(monkeypatch, variables, language):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert choose_language() == language
    assert choose_language("ja") == "ja"
