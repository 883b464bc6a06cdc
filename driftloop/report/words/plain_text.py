"""Texts from data made harmless for people to read: no character steers a terminal or turns the line around."""

from __future__ import annotations

import re
import unicodedata

REPLACED = "\N{REPLACEMENT CHARACTER}"
JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Part of words in several scripts, and of emoji; they turn nothing around."""
MARKED = re.compile(r"([\\`*_\[\]<>#|~&:@]|[+-](?![^\s+-])|(?<!\d)\.|\.(?!\d))")
"""What Markdown or GitHub may read as more than a character (a colon ends `http:`, @ names a person), and what may
begin a list. What stands between digits is part of a number."""


def visible(text: str) -> str:
    """The text in one line: controls, line ends, bidirectional marks and unassigned characters become U+FFFD.

    Examples
    --------
    >>> visible("a\\x1b[31mb"), visible("salary\\u202e"), visible("血圧\\u3000（上）")
    ('a�[31mb', 'salary�', '血圧\\u3000（上）')
    """
    return "".join(character if _is_shown(character) else REPLACED for character in text)


def _is_shown(character: str) -> bool:
    return character.isprintable() or character in JOINERS or unicodedata.category(character) == "Zs"


def shortened(text: str, most: int) -> str:
    """At most so many characters, with an ellipsis for the rest.

    Examples
    --------
    >>> shortened("female", 6), shortened("female patients", 6)
    ('female', 'femal…')
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def markdown(text: str) -> str:
    """The text as Markdown that shows it as it is, in a table too.

    Examples
    --------
    >>> print(markdown("[a](http://b) | <b> 2.5"))
    \\[a\\](http\\://b) \\| \\<b\\> 2.5
    """
    return MARKED.sub(r"\\\1", visible(text))
