"""Splits pages and docstrings into sentences, and counts their words."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

MOST_WORDS = 25
"""A longer sentence is read twice: plain-language guides ask for 20 to 25 words."""
# Ends with a full stop, a question or exclamation mark and a space; a quote or a bracket may close in between.
END = re.compile(r"(?<=[.!?])[\"'”’)\]*_]*\s+")
ABBREVIATIONS = re.compile(r"\b(e\.g|i\.e|cf|vs|approx|resp)\.\s")
ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
PARAMETER = re.compile(r"^[\w*, .]+ : .+$")
UNDERLINE = re.compile(r"^-{3,}$")
# Inline code reads as one word, whatever stands in it.
CODE = re.compile(r"``[^`]+``|`[^`]+`")
WORD = re.compile(r"[^\W_]")


class Sentence(NamedTuple):
    """A sentence with the place at which its paragraph starts."""

    where: str
    text: str

    @property
    def words(self) -> int:
        """How many words it has; a dash or an operator that stands alone is none."""
        return sum(1 for word in self.text.split() if WORD.search(word))


def split(text: str) -> list[str]:
    """Return the sentences of a paragraph."""
    plain = ABBREVIATIONS.sub(lambda found: found.group(1).replace(".", "") + " ", " ".join(text.split()))
    return [each for each in END.split(plain) if WORD.search(each)]


def _inline(token: Token) -> str:
    parts = []
    for child in token.children or ():
        if child.type == "code_inline":
            parts.append("CODE")
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type == "text":
            parts.append(child.content)
    return "".join(parts)


def page_sentences(text: str, name: str) -> Iterator[Sentence]:
    """Yield the sentences of a Markdown page: of paragraphs, list items, headings and table cells; code is left out."""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "inline":
            for sentence in split(_inline(token)):
                yield Sentence(f"{name}:{token.map[0] + 1 if token.map else 0}", sentence)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _paragraphs(docstring: str) -> Iterator[str]:
    """Yield the paragraphs, list items and descriptions of parameters of a docstring.

    Left out are examples, blocks of code, formulas (indented behind a colon or a comma and an empty line), drawn trees,
    what click prints as it is (after a backslash and b), and the lines that name a parameter or underline a heading.
    """
    lines: list[str] = []
    is_code = is_verbatim = False
    text = [*inspect.cleandoc(docstring).splitlines(), ""]
    for number, line in enumerate(text):
        plain = line.strip()
        if plain.startswith("```"):
            is_code = not is_code
        is_behind_colon = number > 1 and not text[number - 1].strip() and text[number - 2].endswith((":", ","))
        if plain.startswith(">>>") or plain == "\b" or (is_behind_colon and _indent(line)):
            is_verbatim = True
        following = text[number + 1] if number + 1 < len(text) else ""
        names_what_follows = following.strip() and _indent(following) > _indent(line) and not ITEM.match(line)
        is_left_out = is_code or is_verbatim or "\u2500\u2500" in plain or UNDERLINE.match(plain)
        breaks = not plain or is_left_out or names_what_follows or PARAMETER.match(line)
        if breaks or ITEM.match(line):
            if lines:
                yield " ".join(lines)
            lines = []
        if not plain:
            is_verbatim = False
        if not breaks:
            lines.append(ITEM.sub("", plain))


def docstring_sentences(source: str, name: str) -> Iterator[Sentence]:
    """Yield the sentences of all docstrings of a module, those below fields and constants included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for paragraph in _paragraphs(node.value.value):
                for sentence in split(CODE.sub("CODE", paragraph)):
                    yield Sentence(f"{name}:{node.lineno}", sentence)


def long_sentences(files: list[Path], root: Path) -> list[Sentence]:
    """Return the sentences with more than `MOST_WORDS` words."""
    found = []
    for file in files:
        read = page_sentences if file.suffix == ".md" else docstring_sentences
        found += list(read(file.read_text(encoding="utf-8"), str(file.relative_to(root))))
    return [each for each in found if each.words > MOST_WORDS]
