"""Filter patterns of workflow files, as GitHub reads them: `branches`, `paths` and their `-ignore` forms."""

import functools
import re
from collections.abc import Iterable, Sequence


@functools.cache
def pattern(glob: str) -> re.Pattern[str]:
    """The regular expression of one filter pattern.

    `*` is any text without a slash, `**` any text, `?` none or one of the character before it, `+` one or more of it.
    `[...]` is one of the characters listed, and a backslash takes the next character as it is.
    """
    parts: list[str] = []
    at = 0
    while at < len(glob):
        character = glob[at]
        if glob.startswith("**/", at):
            parts.append("(?:.*/)?")
            at += 3
            continue
        if glob.startswith("**", at):
            parts.append(".*")
            at += 2
            continue
        if character == "*":
            parts.append("[^/]*")
        elif character in "?+" and parts:
            parts[-1] = f"(?:{parts[-1]}){character}"
        elif character == "[" and glob.find("]", at) > at + 1:
            end = glob.index("]", at)
            parts.append(_one_of(glob[at + 1 : end]))
            at = end
        elif character == "\\" and at + 1 < len(glob):
            at += 1
            parts.append(re.escape(glob[at]))
        else:
            parts.append(re.escape(character))
        at += 1
    return re.compile("".join(parts))


def _one_of(characters: str) -> str:
    """A class of characters: single ones and ascending ranges; a range that descends holds nothing."""
    found: list[str] = []
    at = 0
    while at < len(characters):
        first, last = characters[at], characters[at]
        if characters[at + 1 : at + 2] == "-" and at + 2 < len(characters):
            last = characters[at + 2]
            at += 2
        if first <= last:
            found.append(f"{re.escape(first)}-{re.escape(last)}")
        at += 1
    return f"[{''.join(found)}]" if found else r"(?!)"


def selects(globs: Sequence[str], text: str) -> bool:
    """Whether a list of patterns selects `text`: the last pattern that matches decides, `!` takes a match back."""
    chosen = False
    for glob in globs:
        negated = glob.startswith("!")
        if pattern(glob.removeprefix("!")).fullmatch(text):
            chosen = not negated
    return chosen


def any_selected(globs: Sequence[str], texts: Iterable[str]) -> bool:
    """Whether the patterns select at least one of `texts`, as `paths` asks of the changed files."""
    return any(selects(globs, text) for text in texts)


def all_selected(globs: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether the patterns select every one of `texts`, as `paths-ignore` asks before it holds a run back."""
    return bool(texts) and all(selects(globs, text) for text in texts)
