"""The page as HTML. Every text of a schema, a person or an endpoint is escaped."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from driftloop.report.environment import environment
from driftloop.report.words.language import LANGUAGES, Words, accepted_language
from driftloop.wording.number_formats import format_number

if TYPE_CHECKING:
    from jinja2 import Environment

PACKAGE = "function_app.practitioners"


def words_of(language: str) -> Words:
    """The page's own words."""
    return Words(language, PACKAGE)


def choose_language(wanted: str | None, accepted: str) -> str:
    """The language that was asked for by name, else the first of Accept-Language that there is, else English.

    Examples
    --------
    >>> choose_language(None, "fr-FR, ja;q=0.8, en;q=0.5"), choose_language("en", "ja"), choose_language("xx", "")
    ('ja', 'en', 'en')
    """
    return str(wanted) if wanted in LANGUAGES else accepted_language(accepted)


def render(template: str, words: Words, nonce: str, values: Mapping[str, Any]) -> str:
    """A page by its template's name."""
    other = next(name for name in LANGUAGES if name != words.language)
    return _environment().get_template(template).render(
        words=words, other=other, other_words=words_of(other), nonce=nonce, **values
    )  # fmt: skip


@cache
def _environment() -> "Environment":
    made = environment(PACKAGE)
    made.filters["number"] = lambda value: format_number(value, 6)
    made.filters["plain"] = lambda value: f"{value:.15g}"
    return made
