"""`driftloop doctor` as a user meets it: exit codes, JSON, what the repository brings, and what a wheel alone says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import driftloop
from driftloop.cli.main import run
from sandbox.waiting import HANG_SECONDS
from tests.driftloop.checkup.set_ups import edit, made

ROOT = Path(driftloop.__file__).resolve().parents[1]


def test_nothing_is_to_be_mended_in_this_repository(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--config", str(ROOT / "driftloop.toml")]) == 0
    told = capsys.readouterr().out
    assert told.endswith("nothing to fix\n")
    assert "error" not in told
    assert "warning" not in told


def test_what_must_be_mended_is_exit_code_1_and_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = made(tmp_path)
    edit(tmp_path / "models/m/schema.toml", 'name = "size"', 'name = "sise"')
    capsys.readouterr()
    assert run(["doctor", "--config", str(config)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("error: model m, column 'sise': the table has no such column: correct `name`")
    assert lines[-1].startswith("1 to fix")


def test_json_has_every_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = made(tmp_path)
    edit(tmp_path / "models/m/schema.toml", 'name = "size"', 'name = "sise"')
    capsys.readouterr()
    assert run(["doctor", "--config", str(config), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert all(set(finding) == {"severity", "where", "what", "mend"} for finding in said["findings"])
    assert said["findings"][0]["severity"] == "error"


@pytest.mark.parametrize("service", ["azure", "github"])
def test_a_wheel_alone_says_in_one_line_what_it_needs(tmp_path: Path, service: str) -> None:
    config = made(tmp_path)
    command = [sys.executable, "-m", "driftloop", "doctor", "--config", str(config), f"--{service}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=HANG_SECONDS, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert f"--{service}" in done.stderr
    assert "in a clone of the repository" in done.stderr
    assert "requirements/training.txt" in done.stderr


def test_a_repository_brings_its_own_checks(tmp_path: Path) -> None:
    """Any package beside driftloop.toml may: nothing in the engine names it."""
    config = made(tmp_path)
    package = tmp_path / "our_rules"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "doctor.py").write_text(
        "from driftloop.checkup.checks import ModelCheck\n"
        "from driftloop.checkup.findings import error\n"
        "CHECKS = (ModelCheck(lambda model: [error(model.name, 'has no owner', 'name one')]),)\n"
    )
    command = [sys.executable, "-m", "driftloop", "doctor", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, check=False, cwd="/")
    assert done.returncode == 1, done.stderr
    assert "error: m: has no owner: name one" in done.stdout


@pytest.mark.parametrize(
    ("content", "line"),
    [("import not_there_at_all\n", "cannot be imported (No module named"), (None, "Python imports")],
)
def test_checks_that_cannot_be_imported_are_one_line(tmp_path: Path, content: str | None, line: str) -> None:
    config = made(tmp_path)
    package = tmp_path / ("json" if content is None else "our_rules")
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "doctor.py").write_text(content or "CHECKS = ()\n")
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "driftloop", "doctor", "--config", str(config)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=HANG_SECONDS, check=False, cwd="/", env=environment
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert line in done.stderr or "cannot be imported" in done.stderr
