"""Pages in the system's Chromium: what it says, what it asks for, what axe finds, what it shows."""

import base64
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.waiting import HANG_SECONDS

AXE = Path(__file__).parents[1] / ".tools" / "node_modules" / "axe-core" / "axe.min.js"
BINARIES = ("chromium", "chromium-browser", "google-chrome")
MOST_TABS = 200
"""Presses of the tab key: a page with more stops before its contents is not usable by keyboard."""


def binary() -> str | None:
    """Where Chromium is."""
    return next((found for name in BINARIES if (found := shutil.which(name))), None)


needs_chromium = pytest.mark.skipif(
    binary() is None or shutil.which("chromedriver") is None,
    reason="no Chromium with its driver here (Debian: apt-get install chromium chromium-driver)",
)
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="no axe-core in .tools: run make setup")


class Browser:
    """One browser. Nothing is downloaded: binary and driver are the system's."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, url: str, *, width: int = 1280, scheme: str = "light", media: str = "") -> None:
        """Show a page at a width, in light or dark, on screen or as printed."""
        self._tell(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._tell("Emulation.setEmulatedMedia", media=media, features=features)
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(url)

    def complaints(self) -> list[str]:
        """What the console says of the page that is shown."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses that the page has asked for, itself included."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

    def run(self, script: str, *values: Any) -> Any:
        """What a script returns that runs in the page."""
        return self.driver.execute_script(script, *values)

    def serious_violations(self) -> list[str]:
        """What axe finds that is serious or critical, with the elements."""
        self.run(AXE.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script("axe.run(document).then(arguments[0])")
        return [
            f"{each['id']}: {node['html'][:200]}: {node.get('failureSummary', '')}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]

    def press(self, key: str) -> None:
        """Press a key where the focus is."""
        self.driver.switch_to.active_element.send_keys(key)

    def tab_to(self, selector: str) -> bool:
        """Whether the tab key reaches an element that fits the selector."""
        from selenium.webdriver.common.keys import Keys

        for _ in range(MOST_TABS):
            self.press(Keys.TAB)
            if self.run("return document.activeElement.matches(arguments[0])", selector):
                return True
        return False

    def screenshot(self, path: Path, most: int | None = None) -> None:
        """The whole page as a PNG, or at most so many pixels of its height."""
        size = self.run("return [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        height = size[1] if most is None else min(size[1], most)
        clip = {"x": 0, "y": 0, "width": size[0], "height": height, "scale": 1}
        shot = self._tell("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _tell(self, command: str, **parameters: Any) -> Any:
        return self.driver.execute_cdp_cmd(command, parameters)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser without a window, ended at last."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = binary() or ""
    # Chromium's own sandbox does not start for root, as in a container.
    for argument in (
        "--headless=new",
        "--disable-gpu",
        "--hide-scrollbars",
        *(["--no-sandbox"] if os.getuid() == 0 else []),
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        driver.set_page_load_timeout(HANG_SECONDS)
        driver.set_script_timeout(HANG_SECONDS)
        yield Browser(driver)
    finally:
        driver.quit()
