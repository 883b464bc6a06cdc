"""Filter patterns of workflow files, as GitHub reads them: `branches`, `paths` and their `-ignore` forms."""

import functools
import re
from collections.abc import Iterable, Sequence


@functools.cache
def pattern(glob: str) -> re.Pattern[str]:
    """The regular expression of one filter pattern.

    `*` is any text without a slash, `**` any text, `?` none or one of the character before it, `+` one or more of it,
    `[...]` one of the characters listed, a backslash takes the next character as it is.
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
            parts.append(character)
        elif character == "[" and "]" in glob[at:]:
            end = glob.index("]", at)
            parts.append(glob[at : end + 1])
            at = end
        elif character == "\\" and at + 1 < len(glob):
            at += 1
            parts.append(re.escape(glob[at]))
        else:
            parts.append(re.escape(character))
        at += 1
    return re.compile("".join(parts))


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
