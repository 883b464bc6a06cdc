"""`make run ARGS=--keep` prints the address of the page for practitioners, and it predicts there."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import requests

from sandbox.waiting import HANG_SECONDS, wait_until

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("loop")]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/api/predict/\S+")
SENT = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("keep")
    log = folder / "log"
    command = [sys.executable, "-m", "sandbox", "--short", "--keep", "--out", str(folder / "out")]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, env=os.environ)
    try:
        wait_until(lambda: process.poll() is not None or "To score a record:" in log.read_text(), "the loop's end")
        found = ADDRESS.search(log.read_text())
        assert found, log.read_text()[-3000:]
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(HANG_SECONDS) == 0, "it ends when it is told to"


def texts(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_the_page_predicts_by_the_model_in_service(address: str) -> None:
    form = requests.get(address, timeout=HANG_SECONDS)
    assert form.status_code == 200
    assert "Body mass index (kg/m2)" in texts(form.text)
    entered = {
        "age": "59", "sex": "2", "bmi": "32.1", "bp": "101", "s1": "157", "s2": "93.2", "s3": "38", "s4": "4",
        "s5": "4.8598", "s6": "87",
    }  # fmt: skip
    body = {f"m.{name}": value for name, value in entered.items()}
    said = requests.post(address, data=body, headers=SENT, timeout=HANG_SECONDS)
    assert said.status_code == 200, texts(said.text)[:2000]
    assert re.search(r"In 90 % of cases like those of the training population, the outcome lies between \d", said.text)
    assert "Shapley values by sampling" in texts(said.text)
    assert json.dumps(body["m.s5"]) in said.text, "what was entered is still there"


def test_without_the_key_it_stays_closed(address: str) -> None:
    assert requests.get(address.split("?", maxsplit=1)[0], timeout=HANG_SECONDS).status_code == 401
