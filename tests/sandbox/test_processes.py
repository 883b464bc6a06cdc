"""Children end with their whole family, see only the environment that they are given, and report how they ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.processes import start
from sandbox.waiting import HANG_SECONDS, wait_until


def test_a_child_sees_exactly_the_environment_it_is_given(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as output:
        child = start(["/usr/bin/env"], environment={"ONLY": "this"}, folder=tmp_path, output=output)
    assert child.wait(HANG_SECONDS) == 0
    assert log.read_text().split() == ["ONLY=this"]


def test_stopping_ends_grandchildren_and_those_who_ignore_the_first_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.processes.STOP_SECONDS", 0.3)
    script = "trap '' TERM; sleep 3600 & echo $!; wait; wait"
    log = tmp_path / "log"
    with log.open("wb") as output:
        child = start(["/bin/bash", "-c", script], environment=dict(os.environ), folder=tmp_path, output=output)
    wait_until(log.read_text, "the grandchild")
    grandchild = int(log.read_text())
    child.stop()
    child.stop()
    assert child.exit_code() is not None
    # It is nobody's child that we could wait for: the kernel ends it a moment after the signal.
    wait_until(lambda: not _runs(grandchild), "the grandchild's end")


def test_the_exit_code_is_the_commands_own(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit(7)"]
    child = start(command, environment={}, folder=tmp_path, output=subprocess.DEVNULL)
    assert child.wait(HANG_SECONDS) == 7


def test_a_command_that_is_not_there_is_an_error_or_a_failure(tmp_path: Path) -> None:
    """With the wrapper that ties children to us the wrapper fails in its place, as a shell would."""
    try:
        child = start(["/no/such/program"], environment={}, folder=tmp_path, output=subprocess.DEVNULL)
    except FileNotFoundError:
        return
    assert child.wait(HANG_SECONDS) != 0


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    if not sys.platform.startswith("linux"):
        pytest.skip("cannot tell a zombie here")
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
