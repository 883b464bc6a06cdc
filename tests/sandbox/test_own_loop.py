"""`make run MODEL=...`: the loop of a class model, on a world from its own table, until its new version serves."""

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.waiting import HANG_SECONDS
from training import models

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("own-loop")]
MODEL = next(name for name in models.names() if models.find(name).settings().task == "binary")


def scored(line: str) -> requests.Response:
    """What the endpoint answers to a curl line."""
    words = shlex.split(line)
    options = list(zip(words[1:-1:2], words[2:-1:2], strict=True))
    headers = dict(value.split(": ", 1) for option, value in options if option == "-H")
    given = dict(options)
    return requests.post(words[-1], data=given["-d"], headers=headers, verify=given["--cacert"], timeout=HANG_SECONDS)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, requests.Response]:
    """The loop's folder and output, and what its endpoint answered to the curl line that `--keep` prints."""
    out = tmp_path_factory.mktemp("own") / "out"
    # The rehearsal has a test of its own, and the diabetes loop plays the long story.
    arguments = ["--model", MODEL, "--strength", "1", "--short", "--keep", "--out", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    answer = None
    for line in process.stdout:
        lines.append(line)
        if line.startswith("curl "):
            answer = scored(line)
            process.send_signal(signal.SIGINT)
    assert process.wait(HANG_SECONDS) == 0, "".join(lines)[-3000:]
    assert answer is not None
    return out, "".join(lines), answer


@pytest.fixture(scope="module")
def story(played: tuple[Path, str, requests.Response]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((played[0] / "loop.json").read_text())
    return found


def test_the_change_is_found_and_a_challenger_takes_over(story: dict[str, Any]) -> None:
    assert story["model"] == MODEL
    verdicts = [(check["kind"], check["verdict"]) for check in story["checks"]]
    assert verdicts[:3] == [("ordinary", "stable"), ("broken feed", "incident"), ("ordinary", "stable")]
    assert ("changed population", "drift") in verdicts
    (dispatch,) = story["dispatches"]
    assert (dispatch["model"], dispatch["outcome"], dispatch["model_version"]) == (MODEL, "promoted", "2")
    slots = [(d["name"], d["model_version"], d["traffic"]) for d in story["deployments"]]
    assert slots == [("blue", "1", 0), ("green", "2", 100)]


def test_everything_bears_the_models_name_and_no_other_model_is_trained(story: dict[str, Any]) -> None:
    assert {model["name"] for model in story["models"]} == {MODEL}
    jobs = [job["name"] for run in story["runs"] for job in run["jobs"]]
    assert set(jobs) == {"models", f"train ({MODEL}) / train", f"train ({MODEL}) / deploy {MODEL} / deploy"}
    assert {check["model"] for check in story["checks"]} == {MODEL}


def test_the_curl_line_scores_one_of_the_tables_records(played: tuple[Path, str, requests.Response]) -> None:
    answer = played[2]
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["model_version"] == "2"
    (prediction,), (probabilities,) = document["predictions"], document["probabilities"]
    assert prediction in probabilities
    assert sum(probabilities.values()) == pytest.approx(1.0)


def test_the_table_says_which_change_came_and_what_became_of_it(played: tuple[Path, str, requests.Response]) -> None:
    out, text, _ = played
    for word in (
        f"A world for {MODEL}",
        "the change that comes",
        "incident",
        "held",
        "repository_dispatch",
        f"{MODEL} keeps",
    ):
        assert word in text
    assert "Traceback" not in text
    assert sorted(path.name for path in out.iterdir()) == ["loop.json", "report.html"]
