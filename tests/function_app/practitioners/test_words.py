"""The page's catalogue: the same keys and fields in each language, and none that nothing uses."""

import re
from pathlib import Path

import pytest

from driftloop.report.words.language import LANGUAGES, catalogue
from function_app.practitioners.rendering import PACKAGE, choose_language

FIELD = re.compile(r"\{(\w+)(?::[^}]*)?\}")
FOLDER = Path(__file__).parents[3] / "function_app" / "practitioners"
BY_NAME = {"caution", "failure"}
"""Tables whose entries are looked up by a name that comes from elsewhere."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_key_with_the_same_fields(language: str) -> None:
    english, other = catalogue("en", PACKAGE), catalogue(language, PACKAGE)
    assert sorted(english) == sorted(other)
    for key, text in english.items():
        assert sorted(set(FIELD.findall(text))) == sorted(set(FIELD.findall(other[key]))), key
        assert other[key].strip()


def test_every_key_is_used() -> None:
    sources = [*FOLDER.rglob("*.py"), *FOLDER.rglob("*.j2")]
    mentioned = set(re.findall(r"[\"']([\w.-]+)[\"']", "\n".join(path.read_text() for path in sources)))
    unused = [key for key in catalogue("en", PACKAGE) if key not in mentioned and key.split(".")[0] not in BY_NAME]
    assert unused == []


@pytest.mark.parametrize("table", sorted(BY_NAME))
def test_keys_that_are_looked_up_by_a_name_are_all_there(table: str) -> None:
    from typing import get_args

    from function_app.practitioners import cautions
    from function_app.scoring import failures

    names = {"caution": get_args(cautions.Kind), "failure": get_args(failures.Kind)}[table]
    assert set(names) <= {key.split(".")[1] for key in catalogue("en", PACKAGE) if key.startswith(f"{table}.")}


@pytest.mark.parametrize(
    ("wanted", "accepted", "chosen"),
    [
        ("ja", "en", "ja"),
        (None, "ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        (None, "en;q=0.1, ja;q=0.9", "ja"),
        (None, "de, fr", "en"),
        (None, "ja;q=no", "en"),
        ("../../x", "", "en"),
        (None, "ja;q=0.5," * 10_000, "ja"),
    ],
)
def test_the_language_is_the_one_that_the_browser_likes_best(wanted: str | None, accepted: str, chosen: str) -> None:
    assert choose_language(wanted, accepted) == chosen
