"""Pages, docstrings, comments and names use standard words: no idiom, and no private word where a term exists."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("driftloop", "function_app", "training", "workflows", "sandbox", "infra", "benchmarks")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What stands for each: a reader whose first language is another one looks up these words in vain.
INSTEAD = {
    "anew": "again",
    "mend": "fix",
    "mends": "fixes",
    "mended": "fixed",
    "mending": "fixing",
    "by hand": "manually",
    "at work": "running",
    "for good": "permanently",
    "told apart": "distinguished",
    "crying wolf": "false alarms",
    "cry wolf": "raise false alarms",
    "foretell": "predict",
    "foretold": "predicted",
    "next to nothing": "almost nothing",
    "stands still": "has stopped",
    "turned round": "inverted",
    "without a word": "without a message",
    "on its way": "in progress",
    "heats up": "reaches its limit",
    "dust": "minimum effect",
}
IDIOM = re.compile(rf"\b({'|'.join(INSTEAD)})\b", re.IGNORECASE)
PRIVATE_NAMES = {"anew", "dust", "foretell", "foretold", "mend", "mended", "tally", "was"}
"""Parts of names that stand for a standard word: `was` for `baseline`, `tally` for `counter`."""
CODE = re.compile(r"``[^`]+``|`[^`]+`|\]\([^)]*\)")


def page_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a page outside blocks of code, without inline code and addresses."""
    is_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code:
            yield number, CODE.sub("", line)


def module_lines(source: str) -> Iterator[tuple[int, str]]:
    """Yield the docstrings and comments of a module, without inline code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, CODE.sub("", " ".join(node.value.value.split()))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], CODE.sub("", token.string)


def idioms(file: Path) -> list[str]:
    """Return each idiom of a file with its line and the standard word."""
    text = file.read_text(encoding="utf-8")
    lines = page_lines(text) if file.suffix == ".md" else module_lines(text)
    return [
        f"{file.relative_to(ROOT)}:{number}: {found!r}, say {INSTEAD[found.lower()]!r}"
        for number, line in lines
        for found in IDIOM.findall(line)
    ]


def private_names(source: str) -> set[str]:
    """Return the names of functions, classes, arguments and variables that a module defines with a private word."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    words = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
    return {name for name in names if PRIVATE_NAMES & {word.lower() for word in words.findall(name)}}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_uses_standard_words(page: Path) -> None:
    assert idioms(page) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings_and_comments_use_standard_words(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    assert [each for file in files for each in idioms(file)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_names_are_standard_words(package: str) -> None:
    found = {
        str(file.relative_to(ROOT)): names
        for file in sorted((ROOT / package).rglob("*.py"))
        if (names := private_names(file.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_an_idiom_is_found_and_code_is_not_read(tmp_path: Path) -> None:
    assert [
        line for _, line in page_lines("Read it `by hand`.\n\n```\nmend\n```\nBy hand.\n") if IDIOM.search(line)
    ] == ["By hand."]
    source = 'def mend_it(was, tally_of):  # anew\n    """Do it\n    by hand."""\n    OneTally = 1\n    washed = 2\n'
    assert [bool(IDIOM.search(line)) for _, line in module_lines(source)] == [True, True]
    assert private_names(source) == {"mend_it", "was", "tally_of", "OneTally"}
