"""The report's words in English and Japanese: one catalogue a language, with the same keys.

Sentences that the engine wrote are events: they stay as they are in every file and log. For a reader of another
language `Words.sentence` takes them apart by the catalogue's patterns, and puts them together in that language. A
sentence that no pattern fits stays English, and the page marks it as English.
"""

from __future__ import annotations

import locale
import re
import tomllib
from functools import cache
from importlib.resources import files
from os import environ
from typing import Any, NamedTuple

from driftloop.errors import ConfigError
from driftloop.validation import nearest
from driftloop.wording.counts import count_of
from driftloop.wording.number_formats import PLENTY, RAREST, once_in

LANGUAGES = ("en", "ja")
MOST_HEADER = 500
"""Characters of an `Accept-Language` header that are read: browsers send fewer than 100."""
REPORT = "driftloop.report"
"""The package whose catalogue the report's own words are, and the sentences of the engine."""
_FIELD = re.compile(r"\{(\w+)(?::([^}]*))?\}")
"""A field of a catalogue's text: its name, and the nouns that it counts: `{rows:row}`, or `{rows:row is|rows are}`."""


class _Field(str):
    """A value that knows the noun beside it: `{rows:row}` is 1 row, 2 rows."""

    def __format__(self, nouns: str) -> str:
        return count_of(str(self), *nouns.split("|")) if nouns else str(self)


class Sentence(NamedTuple):
    """A sentence and the language that it is in."""

    text: str
    language: str


class Words:
    """The words of one language.

    Examples
    --------
    >>> Words("en")("legend.window", rows="60")
    'window, n = 60'
    >>> Words("ja").sentence("no change beyond chance")
    Sentence(text='偶然の範囲を超える変化はありません', language='ja')
    """

    def __init__(self, language: str, package: str = REPORT) -> None:
        """Raises ConfigError for a language that has no catalogue. `package` is whose words these are: the catalogues
        lie in its folder `words/languages`.
        """
        if language not in LANGUAGES:
            raise ConfigError(f"no language {language!r}{nearest(language, LANGUAGES)}: choose en or ja")
        self.language = language
        self._texts = catalogue(language, package)
        self._patterns = _patterns(language)

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, with its fields filled in."""
        return self._texts[key].format(**{name: _Field(value) for name, value in values.items()})

    def known(self, prefix: str, word: str) -> str:
        """The text of `prefix.word`, or the word itself where the catalogue does not have it."""
        return self._texts.get(f"{prefix}.{word}", word)

    def rarity(self, p: float) -> str:
        """How rare something as striking is without drift; in English what `format_rarity` says."""
        if p * PLENTY > 1:
            return self("rarity.most")
        return self("rarity.beyond" if p < 1 / RAREST else "rarity.once", checks=f"{once_in(p):,}")

    def short_rarity(self, p: float) -> str:
        """The same for a label, where no word of checks is needed."""
        return self("rarity.short-beyond" if p < 1 / RAREST else "rarity.short", checks=f"{once_in(p):,}")

    def sentence(self, english: str) -> Sentence:
        """A sentence of the engine in this language, or as it is."""
        if self.language == "en":
            return Sentence(english, "en")
        translated = self._translated(english)
        return Sentence(english, "en") if translated is None else Sentence(translated, self.language)

    def _translated(self, english: str) -> str | None:
        for pattern, text in self._patterns:
            found = pattern.fullmatch(english)
            values = {} if found is None else self._with_rest(found.groupdict())
            if found is not None and values is not None:
                return text.format(**values)
        return None

    def _with_rest(self, values: dict[str, str]) -> dict[str, str] | None:
        """The fields of a sentence, those that are sentences themselves translated; None where one is not known."""
        if "rest" not in values:
            return values
        rest = self._translated(values["rest"])
        return None if rest is None else {**values, "rest": rest}


def choose_language(wanted: str | None = None) -> str:
    """The language that was asked for, else that of the environment (LC_ALL, LC_MESSAGES, LANG), else English."""
    if wanted is not None:
        return Words(wanted).language
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name)
        if value:
            code = (locale.normalize(value).partition(".")[0] or value).partition("_")[0].lower()
            return code if code in LANGUAGES else "en"
    return "en"


def accepted_language(header: str | None) -> str:
    """The language of an `Accept-Language` header that a reader prefers and that has a catalogue, else English.

    Examples
    --------
    >>> accepted_language("de-DE, ja;q=0.8, en;q=0.7"), accepted_language("*"), accepted_language(None)
    ('ja', 'en', 'en')
    """
    best, found = 0.0, "en"
    for part in (header or "")[:MOST_HEADER].split(","):
        name, _, weight = part.strip().partition(";")
        code = name.strip().partition("-")[0].lower()
        number = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight, re.ASCII) if weight else None
        wanted = 1.0 if not weight else float(number[1]) if number else 0.0
        if code in LANGUAGES and wanted > best:
            best, found = wanted, code
    return found


@cache
def catalogue(language: str, package: str = REPORT) -> dict[str, str]:
    """Text by key, `table.entry`, without the sentences of the engine."""
    return {
        f"{table}.{name}": text
        for table, entries in _read(language, package).items()
        if isinstance(entries, dict)
        for name, text in entries.items()
    }


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    patterns = []
    for each in _read(language, REPORT).get("sentences", ()):
        # A name may hold what separates it from the sentence, so that the longest is tried too.
        patterns += [(_pattern(each["en"], ".+?"), each["text"]), (_pattern(each["en"], ".+"), each["text"])]
    return tuple(patterns)


def _pattern(english: str, field: str) -> re.Pattern[str]:
    """A sentence with fields in braces as an expression with a group for each, and either form of a noun."""
    literal, *fields = _FIELD.split(english)
    expression = re.escape(literal)
    for name, nouns, literal in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
        expression += f"(?P<{name}>{field})" + (_either(nouns) if nouns else "") + re.escape(literal)
    return re.compile(expression, re.DOTALL)


def _either(nouns: str) -> str:
    one, many = (count_of(number, *nouns.split("|")).partition(" ")[2] for number in (1, 2))
    return f" (?:{re.escape(one)}|{re.escape(many)})"


@cache
def _read(language: str, package: str) -> dict[str, Any]:
    return tomllib.loads((files(package) / "words" / "languages" / f"{language}.toml").read_text(encoding="utf-8"))
