"""docs/your-own-model.md, followed word for word in a copy of the repository, with a table that is in no example."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from sandbox.services import CONTAINERS
from sandbox.waiting import HANG_SECONDS
from workflows.reporting import plain

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "your-own-model.md"
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("own-model-page")]
REMOTE = {"az", "gh"}
"""Commands that need an account; what they name is held against the files that it stands for."""
# The copy has the environment of this checkout: make must not install anything into it.
KEPT = 'make() { command make -o .venv/.dev -o .venv/.run -o .tools/.ready "$@"; }'


def commands() -> list[str]:
    """Every command that the page shows, in its order."""
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.strip()]


def flats(rows: int = 500) -> pd.DataFrame:
    """Flats with what they cost: a mixed table with an id, times, categories and missing values."""
    rng = np.random.default_rng(7)
    area, year = rng.gamma(9, 9, rows).round(1), rng.integers(1900, 2024, rows)
    district = rng.choice(["Altstadt", "Hafen", "Nord", "Süd"], rows, p=[0.2, 0.3, 0.3, 0.2])
    dear = pd.Series(district).map({"Altstadt": 60_000, "Hafen": 20_000, "Nord": 0, "Süd": 30_000}).to_numpy()
    listed = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.sort(rng.uniform(0, 300, rows)), unit="D")
    return pd.DataFrame(
        {
            "listing": [f"L{number:05}" for number in range(rows)],
            "listed_at": listed.strftime("%Y-%m-%d %H:%M"),
            "area": area,
            "district": district,
            "built": np.where(rng.random(rows) < 0.04, np.nan, year),
            "energy": rng.choice(list("ABCDE"), rows),
            "floor": rng.integers(0, 8, rows),
            "price": (40_000 + 3_100 * area + dear + 350 * (year - 1900) + rng.normal(0, 26_000, rows)).round(-2),
        }
    )


@dataclass(frozen=True)
class Done:
    """A command that was run."""

    command: str
    code: int
    output: str


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would give a clone, with this checkout's environment and the user's table."""
    place = tmp_path_factory.mktemp("clone") / "driftloop"
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    for name in (".venv", ".tools"):
        (place / name).symlink_to(ROOT / name)
    flats().to_csv(place / "prices.csv", index=False)
    flats().tail(60).to_csv(place / "this_week.csv", index=False)
    return place


def run(clone: Path, command: str, before: list[str], **environment: str) -> Done:
    """Run one line in the shell that the lines before have set up."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DRIFTLOOP_", "GITHUB_"))}
    done = subprocess.run(
        ["bash", "-c", "\n".join([KEPT, *before, command])],
        cwd=clone,
        env={**kept, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HANG_SECONDS * 3,
        check=False,
    )
    return Done(command, done.returncode, done.stdout)


@pytest.fixture(scope="module")
def followed(clone: Path) -> list[Done]:
    """Every command of the page that needs no account, in its order; the loop in its short form."""
    done: list[Done] = []
    before: list[str] = []
    for command in commands():
        if shlex.split(command)[0] in REMOTE:
            continue
        done.append(run(clone, command, before, ARGS="--short"))
        if command.startswith("source "):
            before.append(command)
        if done[-1].code and "--github" not in command:
            break
    return done


def test_every_command_does_what_the_page_says(followed: list[Done], clone: Path) -> None:
    local = [command for command in commands() if shlex.split(command)[0] not in REMOTE]
    assert [done.command for done in followed] == local, followed[-1].output[-3000:]
    outputs = {" ".join(shlex.split(done.command, comments=True)): done for done in followed}
    asks = outputs.pop("driftloop doctor --github --azure")
    assert asks.code == 1
    assert "Traceback" not in asks.output
    for done in outputs.values():
        assert (done.code, "Traceback" in done.output) == (0, False), f"{done.command}\n{done.output[-3000:]}"
    assert "nothing to fix" in outputs["driftloop doctor --model prices"].output
    assert json.loads((clone / "out/gate/gate.json").read_text())["promoted"] is True
    assert 'data = "../../prices.csv"' in (clone / "models/prices/model.toml").read_text()


def test_the_loop_trains_deploys_and_retrains_the_users_model(followed: list[Done], clone: Path) -> None:
    story = json.loads((clone / "out/prices/loop.json").read_text())
    assert story["model"] == "prices"
    (dispatch,) = story["dispatches"]
    assert (dispatch["model"], dispatch["outcome"], dispatch["model_version"]) == ("prices", "promoted", "2")
    slots = [(each["model_version"], each["traffic"]) for each in story["deployments"]]
    assert slots == [("1", 0), ("2", 100)]
    assert (clone / "out/prices/report.html").is_file()


def test_the_page_says_how_many_commands_it_takes() -> None:
    first = re.search(r"```bash\n(.*?)```\n\n(\w+) commands", PAGE.read_text(), re.DOTALL)
    assert first is not None
    words = {"Four": 4, "Five": 5, "Six": 6}
    assert words[first[2]] == len(first[1].splitlines())
    assert first[1].splitlines()[-1].startswith("make run MODEL=prices")


def test_the_parquet_file_that_the_page_makes_is_what_the_pipeline_reads(followed: list[Done], clone: Path) -> None:
    command = "python -m training.prepare --historic historic.parquet --model-name prices --data out/again"
    done = run(clone, command, ["source .venv/bin/activate"])
    assert done.code == 0, done.output
    first = next(each.output for each in followed if "training.prepare" in each.command)
    assert done.output == first.replace("prices.csv", "historic.parquet")


def options(command: str) -> dict[str, str]:
    """What follows each option of a command."""
    words = shlex.split(command)
    return {word: words[place + 1] for place, word in enumerate(words[:-1]) if word.startswith("-")}


def test_the_upload_goes_where_the_pipeline_looks() -> None:
    (upload,) = [command for command in commands() if command.startswith("az ")]
    given = options(upload)
    assert given["--container-name"] in CONTAINERS
    assert (
        f"{given['--container-name']}/{given['--name'].replace('prices', '<model>')}"
        in (ROOT / "docs" / "architecture.md").read_text()
    )


def test_the_runs_that_are_started_by_hand_are_those_that_the_workflows_take() -> None:
    asked = [shlex.split(command) for command in commands() if command.startswith("gh ")]
    assert len(asked) == 3
    for words in asked:
        assert words[:3] == ["gh", "workflow", "run"]
        document: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / words[3]).read_text())
        takes = document[True]["workflow_dispatch"]["inputs"]
        given = dict(word.split("=", 1) for word in words[5::2])
        assert set(words[4::2]) == {"-f"}
        assert set(given) <= set(takes)
        assert {name for name, entry in takes.items() if entry.get("required")} <= set(given)
        assert all(value in takes[name].get("options", [value]) for name, value in given.items())


@pytest.fixture(scope="module")
def rejected(followed: list[Done], clone: Path) -> tuple[str, dict[str, Any]]:
    """The loop of a gate that hardly any challenger passes: what it printed, and its loop.json."""
    assert followed
    file = clone / "models/prices/model.toml"
    file.write_text(file.read_text() + "\n[gate]\nlevel = 0.001\n")
    arguments = "--model prices --strength 1 --short --out out/rejected"
    done = run(clone, f"{shlex.quote(sys.executable)} -m sandbox {arguments}", [])
    assert done.code == 0, done.output[-3000:]
    return done.output, json.loads((clone / "out/rejected/loop.json").read_text())


def test_a_rejected_challenger_says_why_wherever_one_would_look(rejected: tuple[str, dict[str, Any]]) -> None:
    printed, story = rejected
    (drift,) = story["drifts"]
    assert drift["state"] == "rejected"
    reasons = drift["gate"]["reasons"]
    assert reasons
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    assert [line for line in lines if line.startswith("challenger rejected: ")] == [
        f"challenger rejected: {reason}" for reason in reasons
    ]
    (run,) = [run for run in story["runs"] if run["event"] == "repository_dispatch"]
    assert run["conclusion"] == "success", "a rejection is an answer, and no failure"
    assert "prices: rejected" in run["summary"].replace("\\", "")
    for reason in reasons:
        assert plain(reason) in run["summary"]
        assert reason in drift["history"][-1]["note"]


def test_after_a_rejection_the_champion_stays_and_the_next_checks_say_why(
    rejected: tuple[str, dict[str, Any]],
) -> None:
    printed, story = rejected
    assert [(each["model_version"], each["traffic"]) for each in story["deployments"]] == [("1", 100)]
    assert [model["version"] for model in story["models"]] == ["1"]
    assert len(story["dispatches"]) == 1
    (drift,) = story["drifts"]
    lines = " ".join(printed.split())
    assert f"{drift['drift_id']}: the run ended: rejected ({drift['gate']['reasons'][0]}" in lines
