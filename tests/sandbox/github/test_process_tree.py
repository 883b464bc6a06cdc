import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.github import process_tree
from sandbox.waiting import wait_until


@pytest.fixture
def family() -> Iterator[tuple[int, int]]:
    """A shell and the process that it waits for."""
    parent = subprocess.Popen(["bash", "-c", "sleep 3600 & echo $!; wait"], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    yield parent.pid, child
    process_tree.send(signal.SIGKILL, [child, parent.pid])
    parent.wait()


@pytest.mark.parametrize("source", ["proc", "ps"])
def test_children_and_what_they_started(
    family: tuple[int, int], source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if source == "ps":
        if shutil.which("ps") is None:
            pytest.skip("no ps here")
        monkeypatch.setattr(process_tree, "PROC", tmp_path)
    elif not process_tree.PROC.exists():
        pytest.skip("no /proc here")
    parent, child = family
    assert process_tree.children(parent) == process_tree.descendants(parent) == {child}
    assert parent in process_tree.children(os.getpid())
    assert {parent, child} <= process_tree.descendants(os.getpid())
    assert process_tree.children(child) == set()


def test_what_has_ended_does_not_run(family: tuple[int, int]) -> None:
    parent, child = family
    assert {parent, child} <= process_tree.running()
    process_tree.send(signal.SIGKILL, [child])
    wait_until(lambda: child not in process_tree.running(), "its end")
    assert child not in process_tree.descendants(os.getpid())


def test_a_signal_to_what_has_ended_does_not_keep_the_others_from_theirs(family: tuple[int, int]) -> None:
    _, child = family
    ended = subprocess.Popen(["true"])
    ended.wait()
    process_tree.send(signal.SIGKILL, [ended.pid, child])
    wait_until(lambda: child not in process_tree.running(), "its end")
    assert child not in process_tree.running()
