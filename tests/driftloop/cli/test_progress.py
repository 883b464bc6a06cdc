"""Long work says how far it has come, where a person looks on; a shell completes commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from driftloop.cli.main import run
from driftloop.cli.progress import StatusLine
from driftloop.data.readers import read_batches
from driftloop.data.readers.progress import observed
from sandbox.waiting import HANG_SECONDS


@pytest.fixture
def ticking() -> Iterator[float]:
    """A clock that goes on by 2 at each look."""
    return iter(float(second) for second in range(0, 10_000, 2))


def test_a_terminal_shows_rate_and_estimate(
    ticking: Iterator[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    status = StatusLine(quiet=False, clock=lambda: next(ticking))
    status.windows(1, 5)  # after 2 s
    status.windows(2, 5)  # after 4 s
    assert "1 of 5 windows, 0.5 windows/s, 8 s left" in capsys.readouterr().err.split("\x1b[K")[1]
    status.rows("a.csv", 6_000, 0.25)
    assert capsys.readouterr().err.endswith("a.csv: 6,000 rows, 1,000 rows/s, 0 s left")
    status.rows("a.csv", 6_000, 0.5)
    assert capsys.readouterr().err.endswith("a.csv: 12,000 rows, 1,500 rows/s, 2 s left")
    status.clear()
    assert capsys.readouterr().err == "\r\x1b[K"


def test_no_terminal_and_quiet_show_nothing(
    ticking: Iterator[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for terminal, quiet in ((False, False), (True, True)):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal)
        status = StatusLine(quiet=quiet, clock=lambda: next(ticking))
        status.windows(1, 5)
        status.clear()
        assert status.observer is None
    assert capsys.readouterr().err == ""


def test_no_name_steers_the_status_line(
    ticking: Iterator[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    StatusLine(quiet=False, clock=lambda: next(ticking)).rows("\x1b[31m" + "x" * 200, 1, 0.5)
    line = capsys.readouterr().err.partition("\x1b[K")[2]
    assert "\x1b" not in line
    assert len(line) < 60


def test_reading_tells_rows_and_how_far(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x;y\n" + "1;2\n" * 300_000)
    seen: list[tuple[str, int, float | None]] = []
    with observed(lambda *told: seen.append(told)):
        batches = list(read_batches(path))
    assert sum(rows for _, rows, _ in seen) == sum(map(pa.RecordBatch.__len__, batches)) == 300_000
    shares = [share for _, _, share in seen if share is not None]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    told = len(seen)
    list(read_batches(path))
    assert len(seen) == told, "only while it is asked for"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert f"_DRIFTLOOP_COMPLETE={shell}_complete" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "position", "expected"),
    [("driftloop ch", "1", "plain,check"), ("driftloop check --la", "2", "plain,--language")],
)
def test_commands_and_options_are_completed(words: str, position: str, expected: str) -> None:
    environment = {**os.environ, "COMP_WORDS": words, "COMP_CWORD": position, "_DRIFTLOOP_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [sys.executable, "-m", "driftloop"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert expected in done.stdout.splitlines()
