"""Docstrings hold text alone: no quotes that a formatter left where it split a string."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A quote at the end of a line and one at the start of the next, two with a space between them, or one that stands alone
# at an end of the text: what is left of `"one " "two"`.
DEBRIS = re.compile(r'"[ \t]*\n[ \t]*"|" "|\A\s*"\s|\s"\s*\Z')


def debris(source: str) -> list[int]:
    """The lines of docstrings, and of strings that stand for themselves, in which quotes were left."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and DEBRIS.search(node.value.value)
    ]


def test_no_docstring_holds_the_quotes_of_a_split_string() -> None:
    files = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = {name: lines for name in files if (ROOT / name).is_file() and (lines := debris((ROOT / name).read_text()))}
    assert len(files) > 200
    assert found == {}


@pytest.mark.parametrize(
    "text",
    ['the host "\n    "uses.', 'one " "two', '" two', 'one "'],
)
def test_quotes_that_were_left_are_found(text: str) -> None:
    assert debris(f"def f():\n    '''{text}'''") == [2]


@pytest.mark.parametrize("text", ['it is not "no model".', 'called "drift"\n    here', '"Yes" or "no"'])
def test_quoted_words_are_no_debris(text: str) -> None:
    assert debris(f"def f():\n    '''{text}'''") == []
