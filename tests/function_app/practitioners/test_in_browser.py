"""The page in the system's Chromium, from the app's own process: by keyboard alone, without a complaint, for axe."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from function_app.storage.accounts import Storage
from sandbox.functions_host import FunctionsHost
from sandbox.serving import Server
from sandbox.waiting import wait_until
from tests.chromium import Browser, needs_axe, needs_chromium, running_browser
from tests.function_app.practitioners.conftest import put_in_service
from tests.function_app.scoring.workspace import HOSTILE, PLACE, Workspace, loaded

pytestmark = [pytest.mark.slow, needs_chromium, pytest.mark.xdist_group("practitioners-page")]
ROOT = Path(__file__).resolve().parents[3]
MODELS = ("page-numbers", "page-classes")
CONFIG = "".join(f'[[model]]\nname = "{name}"\n[model.dispatch]\ntarget = "dry-run"\n' for name in MODELS)
PHONE, DESK = 390, 1280


@pytest.fixture(scope="module")
def workspaces() -> Iterator[dict[str, Workspace]]:
    """Two endpoints of one workspace: it answers by the model that a test gives it."""
    made = Workspace(loaded())
    with Server(made.application()) as server:
        made.url = server.url
        yield {"page-numbers": made}


@pytest.fixture(scope="module")
def host(
    storage: Storage,
    identity_environment: dict[str, str],
    workspaces: dict[str, Workspace],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[FunctionsHost]:
    folder, workspace = tmp_path_factory.mktemp("page"), workspaces["page-numbers"]
    (folder / "driftloop.toml").write_text(CONFIG)
    put_in_service(storage, "page-numbers", workspace)
    numbers, workspace.model = workspace.model, loaded(classes=True)
    put_in_service(storage, "page-classes", workspace)
    workspace.model = numbers
    settings = {
        **identity_environment,
        **PLACE,
        "ARM_CLOUD_METADATA_URL": f"{workspace.url}/metadata",
        "DRIFT_CHECK_SCHEDULE": "0 0 6 * * *",
        "DRIFTLOOP_CONFIG": str(folder / "driftloop.toml"),
    }
    with FunctionsHost(ROOT, settings, folder) as running:
        yield running
    assert "87.65" not in running.log.read_text(), "no measurement is logged"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as made:
        yield made


def address(host: FunctionsHost, model: str = "page-numbers", language: str = "en") -> str:
    return f"{host.url}/api/predict/{model}?code={host.function_key}&lang={language}"


def text_of(browser: Browser, selector: str) -> str:
    return str(browser.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector))


def fill(browser: Browser, **values: str) -> None:
    browser.run(
        """for (const [name, value] of Object.entries(arguments[0]))
             for (const field of document.querySelectorAll('.field input, .field select'))
               if (field.name === 'm.' + name) field.value = value""",
        values,
    )


def send(browser: Browser) -> None:
    """Press the button, and wait for the next page."""
    browser.run("window.before = true; document.querySelector('button').click()")
    wait_until(lambda: browser.run("return !window.before && document.readyState === 'complete'"), "the answer")


GOOD = {"age": "50", "bmi": "31.5", "sex": "2", HOSTILE: HOSTILE}


def test_a_person_with_a_keyboard_alone_gets_a_prediction(browser: Browser, host: FunctionsHost) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(address(host))
    for name, keys in (("age", "50"), ("bmi", "31.5"), ("sex", "2")):
        assert browser.tab_to(f"[name='m.{name}']")
        browser.press(keys)
    browser.run("window.before = true")
    browser.press(Keys.ENTER) if browser.tab_to("button[type=submit]") else pytest.fail("the button is not reached")
    wait_until(lambda: browser.run("return !window.before && document.readyState === 'complete'"), "the answer")
    assert "the outcome lies between" in text_of(browser, ".result")
    assert browser.run("return document.activeElement.id") == "outcome", "a reader begins with the answer"
    assert browser.complaints() == []


def test_a_wrong_entry_is_named_before_anything_is_sent(browser: Browser, host: FunctionsHost) -> None:
    browser.open(address(host))
    fill(browser, age="abc", bmi="500", free="1,5")
    browser.run("window.before = true; document.querySelector('button').click()")
    assert browser.run("return window.before") is True, "the page is still there"
    named = browser.run(
        """const said = (field) => document.getElementById(field.getAttribute('aria-describedby').split(' ')[0]);
           const wrong = [...document.querySelectorAll('[aria-invalid=true]')];
           return wrong.map((field) => [field.name, said(field).innerText])"""
    )
    assert [name for name, _ in named] == ["m.age", "m.bmi", "m.free"]
    assert [text.split(",")[0] for _, text in named] == [
        "Enter a number",
        "Enter a value from 8 to 120 kg/m2. Anything else cannot be true: check the unit.",
        "Write the number with a point for decimals and no separator of thousands",
    ]
    assert browser.run("return document.activeElement.name") == "m.age"
    fill(browser, **GOOD, free="")
    send(browser)
    assert "Prediction" in text_of(browser, ".result")


def test_the_server_finds_what_a_page_without_script_would_send(browser: Browser, host: FunctionsHost) -> None:
    browser.open(address(host))
    fill(browser, bmi="87.65x")
    browser.run("window.before = true; HTMLFormElement.prototype.submit.call(document.getElementById('form'))")
    wait_until(lambda: browser.run("return !window.before && document.readyState === 'complete'"), "the answer")
    assert "One entry needs your attention" in text_of(browser, "#outcome")
    assert browser.run("return document.querySelector('[aria-invalid=true]').value") == "87.65x"
    browser.run("document.querySelector('#outcome a').click()")
    assert browser.run("return document.activeElement.name") == "m.bmi"


@needs_axe
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_axe_and_the_console_have_nothing_to_say(
    browser: Browser, host: FunctionsHost, workspaces: dict[str, Workspace], width: int, scheme: str, language: str
) -> None:
    for model in MODELS:
        workspaces["page-numbers"].model = loaded(classes=model == "page-classes")
        browser.open(address(host, model, language), width=width, scheme=scheme)
        seen = [browser.serious_violations()]
        fill(browser, **GOOD | {"bmi": "115"})
        send(browser)
        seen.append(browser.serious_violations())
        browser.run("document.querySelectorAll('details').forEach((one) => one.open = true)")
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth"), "nothing hangs out"
        fill(browser, bmi="x")
        browser.run("HTMLFormElement.prototype.submit.call(document.getElementById('form'))")
        wait_until(lambda: browser.run("return document.querySelector('.notice.bad') !== null"), "the answer")
        seen.append(browser.serious_violations())
        assert seen == [[], [], []]
        # The console notes the status 422 of the last answer, which is right.
        assert [line for line in browser.complaints() if "422" not in line] == []
        assert {url.split("/")[2] for url in browser.requests() if not url.startswith("data:")} == {
            host.url.split("/")[2]
        }
    workspaces["page-numbers"].model = loaded()


def test_hostile_texts_run_nothing(browser: Browser, host: FunctionsHost) -> None:
    browser.open(address(host))
    assert browser.run("return [...document.querySelectorAll('label')].at(-1).innerText") == HOSTILE
    assert browser.run("return document.scripts.length") == 1


def test_another_site_can_neither_send_the_form_nor_frame_it(
    browser: Browser, host: FunctionsHost, tmp_path: Any
) -> None:
    page = tmp_path / "evil.html"
    page.write_text(
        f'<form method="post" action="{address(host)}"><input name="m.bmi" value="30"></form>'
        f'<iframe src="{address(host)}"></iframe><script>document.forms[0].submit()</script>'
    )
    browser.open(page.as_uri())
    wait_until(lambda: "This page cannot be shown" in text_of(browser, "main"), "the refusal")


def test_the_host_asks_for_a_key(host: FunctionsHost) -> None:
    assert host.http("GET", "/api/predict/page-numbers", key="wrong").status_code == 401
    assert host.http("GET", "/api/predict", key="wrong").status_code == 401


def test_with_entra_the_app_asks_who_it_is(
    storage: Storage, identity_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "driftloop.toml").write_text(CONFIG)
    settings = {
        **identity_environment,
        "DRIFT_CHECK_SCHEDULE": "0 0 6 * * *",
        "DRIFTLOOP_CONFIG": str(tmp_path / "driftloop.toml"),
        "DRIFTLOOP_PAGE_SIGN_IN": "entra",
    }
    with FunctionsHost(ROOT, settings, tmp_path) as closed:
        answer = closed.http("GET", "/api/predict", key="", headers={"X-MS-CLIENT-PRINCIPAL-ID": "me"})
        assert answer.status_code == 403, "nothing stands in front that would say who it is"
        assert closed.http("GET", "/api/checks", key="").status_code == 401, "the others still want their key"
    with FunctionsHost(ROOT, {**settings, "WEBSITE_AUTH_ENABLED": "True"}, tmp_path / "b") as behind:
        options: dict[str, Any] = {"key": "", "allow_redirects": False}
        assert behind.http("GET", "/api/predict", **options).status_code == 302
        headers = {"X-MS-CLIENT-PRINCIPAL-ID": "me"}
        assert behind.http("GET", "/api/predict", headers=headers, **options).status_code == 200
