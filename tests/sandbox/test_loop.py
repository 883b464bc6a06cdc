"""`make run` as a user runs it: once, whole, and what it leaves behind; and interrupted half way."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.access import table
from sandbox.access.control import Use
from sandbox.arm.recorder import Recorded
from sandbox.waiting import HANG_SECONDS, wait_until
from tests.contracts.arm_contract import AVAILABLE, kind, violations

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("loop")]


def processes_that_mention(text: str) -> list[str]:
    listing = subprocess.run(["ps", "-eww", "-o", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listing.splitlines() if text in line and "ps -eww" not in line]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out = tmp_path_factory.mktemp("loop") / "out"
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "--out", str(out), "--requests", str(out.parent / "requests.jsonl")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return out, done


@pytest.fixture(scope="module")
def story(played: tuple[Path, subprocess.CompletedProcess[str]]) -> dict[str, Any]:
    out, done = played
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads((out / "loop.json").read_text())  # type: ignore[no-any-return]


def test_each_day_has_the_verdict_that_the_world_deserves(story: dict[str, Any]) -> None:
    assert len(story["checks"]) == 15
    by_kind: dict[str, set[str]] = {}
    promoted_at = max(deployment["day"] for deployment in story["deployments"])
    for check in story["checks"]:
        after = check["day"] > promoted_at
        by_kind.setdefault(check["kind"] + (", retrained" if after else ""), set()).add(check["verdict"])
    assert by_kind == {
        "ordinary": {"stable"},
        "broken feed": {"incident"},
        "changed population": {"drift"},
        "changed population, retrained": {"stable"},
    }


def test_one_drift_is_one_dispatch_one_run_one_job_one_model(story: dict[str, Any]) -> None:
    assert len(story["dispatches"]) == 1
    [dispatch] = story["dispatches"]
    assert [run["event"] for run in story["runs"]] == ["push", "repository_dispatch"]
    assert {run["conclusion"] for run in story["runs"]} == {"success"}
    assert {run["workflow"] for run in story["runs"]} == {".github/workflows/train.yml"}
    assert dispatch["drift_id"] in story["runs"][1]["display_title"]
    assert str(dispatch["run_id"]) == str(story["runs"][1]["id"])
    assert [job["status"] for job in story["jobs"]] == ["Completed", "Completed"]
    assert dispatch["job"] == story["jobs"][1]["name"]
    assert dispatch["outcome"] == "promoted"
    assert [model["version"] for model in story["models"]] == ["1", "2"]
    assert story["models"][1]["tags"]["drift_id"] == dispatch["drift_id"]
    assert dispatch["model_version"] == "2"


def test_the_incident_starts_nothing_and_its_file_is_quarantined(story: dict[str, Any]) -> None:
    [incident] = [check for check in story["checks"] if check["verdict"] == "incident"]
    assert incident["drift_id"] is None
    assert len(incident["quarantined"]) == 1


def test_the_challenger_takes_all_traffic_beside_the_old_slot(story: dict[str, Any]) -> None:
    slots = [(d["name"], d["model_version"], d["traffic"]) for d in story["deployments"]]
    assert slots == [("blue", "1", 0), ("green", "2", 100)]


def test_nobody_asks_for_what_no_role_allows_and_the_documentation_has_the_list(
    played: tuple[Path, subprocess.CompletedProcess[str]], story: dict[str, Any]
) -> None:
    uses = [Use(one["who"], one["action"], one["scope"], tuple(one["roles"])) for one in story["access"]]
    assert [use for use in uses if not use.roles] == []
    assert {use.who for use in uses} >= {"function app", "training cluster", "endpoint", "train", "deploy"}
    page = (ROOT / "docs/identities.md").read_text()
    assert table.markdown(uses) in page, "write the table again: python -m sandbox --roles FILE"


@pytest.mark.skipif(not AVAILABLE, reason="the published schemas are not beside this clone")
def test_every_request_of_the_sdk_keeps_to_the_published_schemas(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    lines = (played[0].parent / "requests.jsonl").read_text().splitlines()
    requests = [Recorded(**json.loads(line)) for line in lines]
    assert {"workspaces_jobs", "workspaces_models_versions", "workspaces_onlineEndpoints_deployments"} <= {
        kind(request) for request in requests
    }
    assert violations(requests) == []


def test_the_report_is_one_page_with_a_picture_for_each_feature(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    page = (played[0] / "report.html").read_text()
    assert page.count('class="chart"') >= 10
    assert not re.search(r"\ssrc=|url\(|@import|<script|<link", page), "nothing is fetched"
    assert "What was started, and what came of it" in page
    assert "diabetes-progression 2" in page
    assert "% of the traffic" in page


def test_the_timeline_tells_the_story(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    text = played[1].stdout
    for word in ("push", "incident", "held", "repository_dispatch", "stable", "loop.json", "report.html"):
        assert word in text
    assert "Traceback" not in text + played[1].stderr


def test_nothing_is_left_running_or_lying_about(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out = played[0]
    assert processes_that_mention(str(out)) == []
    assert sorted(path.name for path in out.iterdir()) == ["loop.json", "report.html"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_everything_that_was_started(tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--out", str(out)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "up on loopback" in line:
            break
    # act and Azurite name the folder; a step of the Azure ML job does, too, and is the last of the family to start
    wait_until(
        lambda: (
            process.poll() is not None or any("training.prepare" in line for line in processes_that_mention(str(out)))
        ),
        "the training workflow's first step",
    )
    assert process.poll() is None
    process.send_signal(number)
    rest = process.stdout.read()
    assert process.wait(HANG_SECONDS) == 130, rest
    assert "interrupted" in rest
    assert "Traceback" not in rest
    assert processes_that_mention(str(out)) == []
    assert list(out.iterdir()) == []
