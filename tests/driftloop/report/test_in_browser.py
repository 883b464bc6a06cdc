"""The report in a real browser: nothing is complained of, nothing is asked for, all can read it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from driftloop import Evidence
from tests.chromium import Browser, needs_axe, needs_chromium, running_browser
from tests.driftloop.report.pages import (
    CONTEXT,
    WHOLE,
    broken,
    hostile,
    moved,
    page_of,
    records,
    result_of,
    wide,
    with_segments,
    with_subgroups,
)

pytestmark = needs_chromium
PHONE, DESKTOP = 390, 1280
KINDS = ("drift", "japanese", "incident", "stable", "empty", "hostile", "wide", "where", "segments")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of pages of each kind."""
    reference = records(350, 1)
    drifted = result_of(reference, moved(), WHOLE, Evidence())
    unsafe, window, schema = hostile()
    texts = {
        "drift": page_of(drifted, CONTEXT),
        "japanese": page_of(drifted, CONTEXT, "ja"),
        "incident": page_of(result_of(reference, broken(), WHOLE, Evidence()), CONTEXT),
        "stable": page_of(result_of(reference, records(60, 5), WHOLE, Evidence()), CONTEXT),
        "empty": page_of(result_of(reference, records(60, 5).head(0), WHOLE)),
        "hostile": page_of(result_of(unsafe, window, schema), CONTEXT),
        "wide": page_of(result_of(wide(150, 400, 1), wide(150, 200, 2, 0.3))),
        "where": with_subgroups(),
        "segments": with_segments(),
    }
    assert tuple(texts) == KINDS
    folder = tmp_path_factory.mktemp("pages")
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in texts}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_complained_of_and_nothing_asked_for(browser: Browser, pages: dict[str, str], kind: str) -> None:
    browser.open(pages[kind])
    assert browser.complaints() == []
    assert browser.requests() == [pages[kind]]


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("kind", KINDS)
def test_no_page_scrolls_sideways_and_every_chart_is_there(
    browser: Browser, pages: dict[str, str], kind: str, width: int
) -> None:
    browser.open(pages[kind], width=width)
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.run("return document.documentElement.scrollWidth") <= width
    sizes = browser.run(
        "return [...document.querySelectorAll('svg.chart')].map(each => each.getBoundingClientRect()).map("
        "box => [box.width, box.height, box.left, box.right])"
    )
    assert len(sizes) >= 4
    assert all(left >= 0 and right <= width and high > 10 and wide > 200 for wide, high, left, right in sizes)


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("kind", ["drift", "japanese", "incident", "stable", "empty", "hostile", "where", "segments"])
def test_axe_finds_nothing_serious(browser: Browser, pages: dict[str, str], kind: str, width: int, scheme: str) -> None:
    browser.open(pages[kind], width=width, scheme=scheme)
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.serious_violations() == []


def test_a_column_opens_by_keyboard(browser: Browser, pages: dict[str, str]) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(pages["drift"])
    assert browser.tab_to("details > summary")
    closed = "return document.activeElement.parentElement.open"
    assert browser.run(closed) is False
    browser.press(Keys.ENTER)
    assert browser.run(closed) is True
    height = "return document.activeElement.parentElement.querySelector('svg').getBoundingClientRect().height"
    assert browser.run(height) > 50
    browser.press(Keys.SPACE)
    assert browser.run(closed) is False


def test_the_first_stop_leads_to_the_columns(browser: Browser, pages: dict[str, str]) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(pages["drift"], width=PHONE)
    browser.press(Keys.TAB)
    assert browser.run("return document.activeElement.getBoundingClientRect().left") >= 0
    browser.press(Keys.ENTER)
    assert browser.run("return location.hash") == "#columns"


def test_what_is_printed_holds_the_closed_columns_too(browser: Browser, pages: dict[str, str]) -> None:
    browser.open(pages["drift"], media="print")
    heights = browser.run(
        "return [...document.querySelectorAll('details svg')].map(each => each.getBoundingClientRect().height)"
    )
    assert len(heights) >= 3
    assert min(heights) > 30


def test_a_screenshot_is_the_whole_page(browser: Browser, pages: dict[str, str], tmp_path: Path) -> None:
    browser.open(pages["drift"], width=PHONE, scheme="dark")
    browser.screenshot(tmp_path / "drift.png")
    assert (tmp_path / "drift.png").read_bytes().startswith(b"\x89PNG")
