import pytest

from sandbox.github.patterns import all_selected, any_selected, selects

# Examples in the form of GitHub's filter pattern cheat sheet: pattern, what it takes, what it does not.
CHEAT_SHEET = [
    ("feature/*", ["feature/a"], ["feature/a/b", "feature"]),
    ("feature/**", ["feature/a", "feature/a/b"], ["features"]),
    ("*", ["main", "v1"], ["a/b"]),
    ("**", ["main", "a/b/c"], []),
    ("v[12].[0-9]+.[0-9]+", ["v1.10.1", "v2.0.0"], ["v3.0.0", "v1.x.0"]),
    ("*.jsx?", ["page.js", "page.jsx"], ["page.jsxx", "a/page.js"]),
    ("**.js", ["index.js", "src/js/index.js"], ["index.jsx"]),
    ("docs/**", ["docs/a.md", "docs/b/c.md"], ["doc/a.md"]),
    ("**/docs/**", ["docs/a.md", "x/y/docs/a.md"], ["xdocs/a.md"]),
    ("**/*-post.md", ["my-post.md", "a/b/their-post.md"], ["post.md"]),
    ("a\\*b", ["a*b"], ["axb"]),
]


@pytest.mark.parametrize(("glob", "taken", "left"), CHEAT_SHEET)
def test_a_pattern_takes_what_github_documents(glob: str, taken: list[str], left: list[str]) -> None:
    assert [text for text in taken + left if selects([glob], text)] == taken


def test_the_last_pattern_that_matches_decides() -> None:
    globs = ["training/**", "!training/**/*.md", "training/model_card.md"]
    texts = ["training/a.py", "training/a.md", "training/b/c.md", "training/model_card.md"]
    assert [text for text in texts if selects(globs, text)] == ["training/a.py", "training/model_card.md"]


def test_paths_ask_for_one_file_and_paths_ignore_for_all() -> None:
    assert any_selected(["src/**"], ["README.md", "src/a.py"])
    assert not all_selected(["**.md"], ["README.md", "src/a.py"])
    assert all_selected(["**.md"], ["README.md", "docs/a.md"])
    assert not all_selected(["**"], [])
