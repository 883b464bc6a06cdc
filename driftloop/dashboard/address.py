"""What a page is asked for: the query of its address, read and written. No text of it is trusted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import get_args
from urllib.parse import urlencode

from driftloop.ledger.ledger import VerdictName
from driftloop.ledger.overview import Position
from driftloop.report.words.language import LANGUAGES, accepted_language

VERDICTS: tuple[VerdictName, ...] = get_args(VerdictName)
LONGEST_SEARCH = 100
"""Characters: a model's name has at most 254, and nobody types more than a part."""
MOST_PAGES = 10_000
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_POSITION = re.compile(r"(\d{1,17})-([A-Za-z0-9-]{1,40})", re.ASCII)
_KEPT = ("lang", "code")
"""Parameters that every link carries on: a chosen language, and the function key that opened the page."""


@dataclass(frozen=True)
class Address:
    """What is asked for; a parameter that makes no sense is as if it were not there."""

    parameters: Mapping[str, str]
    accept_language: str | None = None

    @property
    def language(self) -> str:
        """The language that was chosen, else the browser's, else English."""
        chosen = self.parameters.get("lang")
        return chosen if chosen in LANGUAGES else accepted_language(self.accept_language)

    @property
    def kept(self) -> dict[str, str]:
        """What every link and form carries on."""
        return {name: self.parameters[name] for name in _KEPT if self.parameters.get(name)}

    @property
    def verdict(self) -> VerdictName | None:
        """Of the checks that are wanted; None for all."""
        return next((name for name in VERDICTS if name == self.parameters.get("verdict")), None)

    @property
    def search(self) -> str:
        """A part of a model's name."""
        return self.parameters.get("q", "").strip()[:LONGEST_SEARCH]

    @property
    def page(self) -> int:
        """Of a list, from 1."""
        text = self.parameters.get("page", "")
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
        return min(max(number, 1), MOST_PAGES)

    @property
    def before(self) -> Position | None:
        """Behind which check a page begins."""
        found = _POSITION.fullmatch(self.parameters.get("before", ""))
        if found is None:
            return None
        return Position(_1970 + timedelta(microseconds=int(found[1])), found[2])

    def link(self, **parameters: object) -> str:
        """The address of another page: relative, so that it holds wherever the dashboard is served.

        Examples
        --------
        >>> Address({"lang": "ja", "page": "3"}).link(model="prices & more", page=None)
        '?model=prices+%26+more&lang=ja'
        """
        wanted = {name: str(value) for name, value in parameters.items() if value not in (None, "")}
        return "?" + urlencode({**wanted, **{name: text for name, text in self.kept.items() if name not in wanted}})


def written(position: Position) -> str:
    """A position as `Address.before` reads it.

    Examples
    --------
    >>> written(Position(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "chk-1"))
    '1000000-chk-1'
    """
    return f"{(position.at - _1970) // timedelta(microseconds=1)}-{position.check_id}"
