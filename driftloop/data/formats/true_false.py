"""Columns of two values that mean true and false, whichever words a writer has for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

PAIRS = (("false", "true"), ("0", "1"), ("no", "yes"), ("n", "y"), ("f", "t"), ("off", "on"))
FALSE_WORDS = frozenset(pair[0] for pair in PAIRS)
TRUE_WORDS = frozenset(pair[1] for pair in PAIRS)
WORDS = FALSE_WORDS | TRUE_WORDS
LONE_WORDS = frozenset({"false", "true", "no", "yes"})
"""Words that mean a truth value even where a column holds only one of the two; a lone 1 or N may be a code."""


def true_false_format(names: Iterable[str]) -> str:
    """The two words of a column, false first, as in `No/Yes`; "" where its categories are no truth values.

    Examples
    --------
    >>> true_false_format(["Yes", "No"]), true_false_format(["true"]), true_false_format(["1", "2"])
    ('No/Yes', 'false/true', '')
    """
    words: dict[str, str] = {}
    for name in names:
        word = name.strip().casefold()
        if word not in WORDS:
            return ""  # the first of a hundred thousand categories may say so
        words[word] = min(name, words.get(word, name))
    for false, true in PAIRS:
        if words and set(words) <= {false, true} and (len(words) == 2 or set(words) <= LONE_WORDS):
            return f"{words.get(false, false)}/{words.get(true, true)}"
    # Files of a folder may have several writers; one that says true or false tells what the others' 0 and 1 mean.
    return "false/true" if {"false", "true"} & set(words) else ""


def in_words_of(names: Sequence[str], written: str) -> list[str]:
    """Categories in the two words of `written`, where they mean true or false; others as they are."""
    false, true = written.split("/")
    return [
        false if (word := name.strip().casefold()) in FALSE_WORDS else true if word in TRUE_WORDS else name
        for name in names
    ]
