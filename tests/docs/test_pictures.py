"""The pictures of README and pages: there, small, described, and asking for nothing."""

import re
from pathlib import Path

import pytest

from tests.docs.screenshots import MOST_BYTES, recorder, save, terminal

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
LEAST_ALT, MOST_LINES = 40, 120
"""Characters that say what a picture shows; lines of a README that is read to its end."""


def shown() -> list[tuple[Path, str, str]]:
    return [(page, alt, path) for page in PAGES for alt, path in SHOWN.findall(page.read_text(encoding="utf-8"))]


def test_every_picture_that_a_page_shows_is_there_and_described() -> None:
    pictures = shown()
    assert {page.name for page, _, _ in pictures} >= {"README.md", "dashboard.md", "report.md"}
    for page, alt, path in pictures:
        assert (page.parent / path).is_file(), (page.name, path)
        assert len(alt) >= LEAST_ALT, (page.name, path)
        assert "picture of" not in alt.lower()


def test_the_readme_shows_terminal_report_and_dashboard_and_stays_short() -> None:
    paths = [path for page, _, path in shown() if page.name == "README.md"]
    assert {Path(path).stem for path in paths} >= {"loop", "check", "report", "dashboard"}
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n") <= MOST_LINES


def test_every_picture_is_shown_small_and_asks_for_nothing() -> None:
    used = {(page.parent / path).resolve() for page, _, path in shown()}
    for picture in PICTURES.iterdir():
        assert picture.resolve() in used, f"{picture.name} is shown nowhere"
        content = picture.read_bytes()
        assert len(content) <= MOST_BYTES, picture.name
        if picture.suffix == ".svg":
            text = content.decode()
            assert re.findall(r"(?:href|src)=|url\((?!#)|@import|<script", text) == [], picture.name
        else:
            assert content.startswith(b"\x89PNG"), picture.name


def test_a_terminal_is_drawn_with_its_colours_and_long_lines_end_in_an_ellipsis() -> None:
    console = recorder(20)
    console.print("[green]stable[/]", soft_wrap=True)
    console.print("x" * 30, soft_wrap=True)
    text = terminal(console, "make run")
    assert "x" * 19 + "…" in text
    assert "x" * 20 not in text
    assert re.search(r'class="make-run-r\d+"[^>]*>stable<', text)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("https://www.textualize.io", "")


def test_a_picture_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="at most 150,000"):
        save(tmp_path / "large.png", b"x" * (MOST_BYTES + 1))
    assert not (tmp_path / "large.png").exists()
