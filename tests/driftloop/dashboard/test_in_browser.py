"""The dashboard in a real browser: nothing is complained of, nothing is asked for elsewhere, all can use it."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from driftloop.dashboard import server as served
from driftloop.dashboard.server import DashboardServer
from sandbox.waiting import HANG_SECONDS
from tests.chromium import Browser, needs_axe, needs_chromium, running_browser
from tests.driftloop.dashboard.scene import EVIL, NOW, hostile, whole

pytestmark = needs_chromium
PHONE, DESKTOP = 390, 1280
PAGES = {
    "fleet": "",
    "fleet in Japanese": "?lang=ja",
    "model": "?model=diabetes-progression",
    "model in Japanese": "?model=diabetes-progression&lang=ja",
    "model with an open drift": "?model=icu-mortality",
    "model without a check": "?model=medication-dose",
    "checks": "?view=checks",
    "not found": "?model=nobody",
    "hostile fleet": "evil?",
    "hostile model": "evil?model=%3Cscript%3Ealert(%22x%22)%3C/script%3E",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where each page is, of two servers whose clocks stand still."""
    patch = pytest.MonkeyPatch()

    def stands_still() -> datetime:
        return NOW

    patch.setattr(served, "utc_now", stands_still)
    with ExitStack() as stack:
        urls = []
        for make in (whole, hostile):
            server = stack.enter_context(DashboardServer(make(tmp_path_factory.mktemp("scene"))))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            urls.append(server.url)
        yield {
            name: urls[1] + query.removeprefix("evil") if query.startswith("evil") else urls[0] + query
            for name, query in PAGES.items()
        }
    patch.undo()


def comes_true(browser: Browser, script: str) -> None:
    """A key that leads to another page returns before that page is there."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser.driver, HANG_SECONDS).until(lambda _: browser.run(script))


@pytest.mark.parametrize("kind", PAGES)
def test_nothing_is_complained_of_and_nothing_asked_for(browser: Browser, addresses: dict[str, str], kind: str) -> None:
    browser.open(addresses[kind])
    expected = ["404 (Not Found)"] if kind == "not found" else []
    complaints = browser.complaints()
    assert [said for said in complaints if not any(known in said for known in expected)] == []
    assert [url for url in browser.requests() if not url.startswith("data:")] == [addresses[kind]]


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("kind", PAGES)
def test_no_page_scrolls_sideways(browser: Browser, addresses: dict[str, str], kind: str, width: int) -> None:
    browser.open(addresses[kind], width=width)
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.run("return document.documentElement.scrollWidth") <= width


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("kind", PAGES)
def test_axe_finds_nothing_serious(
    browser: Browser, addresses: dict[str, str], kind: str, width: int, scheme: str
) -> None:
    browser.open(addresses[kind], width=width, scheme=scheme)
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.serious_violations() == []


def test_a_model_is_found_by_keyboard_alone(browser: Browser, addresses: dict[str, str]) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(addresses["fleet"])
    browser.press("/")
    assert browser.run("return document.activeElement.id") == "q"
    browser.press("progression")
    browser.press(Keys.ENTER)
    comes_true(browser, "return document.querySelectorAll('.fleet > li').length === 1")
    assert browser.tab_to(".fleet .name")
    browser.press(Keys.ENTER)
    comes_true(browser, "return document.querySelector('h1 .chip')?.textContent === 'stable'")
    assert browser.tab_to("details > summary")
    browser.press(Keys.ENTER)
    comes_true(browser, "return document.activeElement.parentElement.open")


def test_the_first_stop_leads_to_the_contents(browser: Browser, addresses: dict[str, str]) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(addresses["model"], width=PHONE)
    browser.press(Keys.TAB)
    browser.press(Keys.ENTER)
    comes_true(browser, "return location.hash === '#main'")


def test_the_evidence_and_the_chain_are_drawn(browser: Browser, addresses: dict[str, str]) -> None:
    browser.open(addresses["model"], width=PHONE)
    high = browser.run("return document.querySelector('.wide svg').getBoundingClientRect().height")
    assert high > 60
    assert browser.run("return document.querySelectorAll('.steps li').length") == 6
    assert browser.run("return document.querySelector('.wide svg .alarm') !== null") is True


def test_a_hostile_name_is_shown_as_it_is(browser: Browser, addresses: dict[str, str]) -> None:
    browser.open(addresses["hostile fleet"])
    names = browser.run("return [...document.querySelectorAll('.fleet .name')].map(each => each.textContent)")
    assert EVIL in names


def test_a_stored_report_is_one_click_away_and_needs_nothing(
    browser: Browser, addresses: dict[str, str], tmp_path: Path
) -> None:
    browser.open(addresses["model"])
    link = browser.run("return document.querySelector('.timeline .drift .links a').href")
    browser.open(link)
    assert browser.complaints() == []
    assert browser.run("return document.body.textContent") == "report"
    assert browser.run("return getComputedStyle(document.querySelector('p')).color") == "rgb(153, 0, 0)"
    browser.screenshot(tmp_path / "report.png")
