"""No sentence of the documentation, or of a docstring, is so long that it is read twice."""

from pathlib import Path

import pytest

from tests.docs.sentences import MOST_WORDS, docstring_sentences, long_sentences, page_sentences, split

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("driftloop", "function_app", "training", "workflows", "sandbox", "benchmarks")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def modules(package: str) -> list[Path]:
    """Return the modules of a package."""
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_sentence_of_a_page_is_long(page: Path) -> None:
    assert [(each.where, each.words, each.text) for each in long_sentences([page], ROOT)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_sentence_of_a_docstring_is_long(package: str) -> None:
    files = modules(package)
    assert len(files) > 10
    assert [(each.where, each.words, each.text) for each in long_sentences(files, ROOT)] == []


def test_a_sentence_ends_where_a_reader_sees_its_end() -> None:
    found = split("One. Two, e.g. three? Four (five.) Six 1.5 seven; eight: nine")
    assert [len(each.split()) for each in found] == [1, 3, 2, 5]


def test_code_and_an_address_are_one_word_and_blocks_are_none() -> None:
    page = "# A title\n\nRun `a b c d` [as said](https://example.org/a.b) now.\n\n```\none two three. four\n```\n"
    assert [each.words for each in page_sentences(page, "page")] == [2, 5]


def test_a_long_sentence_is_found_in_a_page_and_in_a_docstring(tmp_path: Path) -> None:
    long = " ".join(["word"] * (MOST_WORDS + 1)) + "."
    (tmp_path / "page.md").write_text(f"# Title\n\nShort. {long}\n")
    (tmp_path / "module.py").write_text(f'class A:\n    x: int\n    """Short.\n\n    {long}\n    """\n')
    found = long_sentences([tmp_path / "page.md", tmp_path / "module.py"], tmp_path)
    assert [(each.where, each.words) for each in found] == [("page.md:3", 26), ("module.py:3", 26)]


def test_examples_and_headings_of_a_docstring_are_no_sentences() -> None:
    parameters = "    Parameters\n    ----------\n    a : int\n        What a is.\n\n"
    source = f'def f(a):\n    """One two.\n\n{parameters}    >>> f(1)\n    2 3 4\n    """\n'
    assert [each.text for each in docstring_sentences(source, "m")] == ["One two.", "Parameters", "What a is."]


def test_cells_and_items_are_sentences_of_their_own() -> None:
    page = "| one two | three. Four |\n|---|---|\n| five | six seven |\n\n- eight nine\n- ten\n"
    assert [each.text for each in page_sentences(page, "p")] == [
        "one two", "three.", "Four", "five", "six seven", "eight nine", "ten",
    ]  # fmt: skip


def test_a_formula_is_no_sentence_and_what_follows_is() -> None:
    source = 'def f():\n    """One is:\n\n        a = b c d\n        e = f\n\n    Two three.\n    """\n'
    assert [each.text for each in docstring_sentences(source, "m")] == ["One is:", "Two three."]
