"""A command's process ends with its exit code, all of its output written, whatever still runs in it."""

import subprocess
import sys
from pathlib import Path

import pytest

STARTED = """
import atexit, sys, threading, time
from driftloop.__main__ import main
atexit.register(lambda: print("the interpreter's own end"))
threading.Thread(target=time.sleep, args=(600,)).start()
sys.argv = ["driftloop", *sys.argv[1:]]
main()
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", STARTED, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["check"], 2), (["nonsense"], 2)])
def test_a_thread_that_is_not_done_holds_nothing_up(arguments: list[str], code: int) -> None:
    done = run(*arguments)
    assert done.returncode == code
    assert "own end" not in done.stdout
    assert "version" in done.stdout or done.stderr.startswith("driftloop: ")


def test_long_output_is_whole(tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text(
        ",".join(f"column_{n}" for n in range(900))
        + "\n"
        + "\n".join(",".join(["1.5"] * 900) for _ in range(30))
        + "\n"
    )
    done = run("check", "--reference", str(tmp_path / "wide.csv"), "--current", str(tmp_path / "wide.csv"), "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("}")
    assert len(done.stdout) > 1 << 16  # more than a pipe holds
