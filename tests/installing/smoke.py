"""What a fresh installation must do, whatever the Python and the system: run with the interpreter that it is in.

`python -I tests/installing/smoke.py` in an environment that holds the engine and nothing else. It prints one line and
ends with 0, or with an assertion that says what was seen.
"""

import csv
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROWS = 300


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            commands()
            library()
        finally:
            os.chdir(Path(folder).anchor)  # Windows removes no folder that somebody is in
    sys.stdout.write(
        f"driftloop {importlib.metadata.version('driftloop')} works on Python {platform.python_version()}\n"
    )


def commands() -> None:
    """The command line, as a process: two verdicts, a report, and one line for what is no data."""
    write("reference.csv", 0.0)
    write("same.csv", 0.0, start=1000)
    write("über.csv", 40.0)  # a name that not every code page holds
    assert run("--version").stdout.strip() == f"driftloop, version {importlib.metadata.version('driftloop')}"
    assert verdict("same.csv") == "stable"
    assert verdict("über.csv", "--report", "report.html") == "drift"
    page = Path("report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "größe" in page
    assert run("check", "--reference", "reference.csv", "--current", "über.csv").stdout.startswith("drift")
    Path("windows").mkdir()
    write("windows/a.csv", 0.0, start=2000)
    write("windows/b.csv", 40.0, start=3000)
    lines = run("replay", "--reference", "reference.csv", "--windows", "windows", "--json").stdout.splitlines()
    assert [json.loads(line)["verdict"] for line in lines] == ["stable", "drift"], lines
    missing = run("check", "--reference", "reference.csv", "--current", "missing.csv", code=2)
    assert missing.stderr.count("\n") == 1, missing.stderr
    for wrong, said in (("--fail-on=drfit", "did you mean 'drift'"), ("--farget=x", "--farget"), ("--id=x", "'x'")):
        refused = run("check", "--reference", "reference.csv", "--current", "same.csv", wrong, code=2)
        assert said in refused.stderr, refused.stderr
        assert refused.stderr.count("\n") == 1, refused.stderr


def library() -> None:
    """The package from Python: every public name, and a monitor that comes back from its file."""
    import driftloop

    assert Path(driftloop.__file__).is_relative_to(sysconfig.get_paths()["purelib"]), driftloop.__file__
    assert all(getattr(driftloop, name) is not None for name in driftloop.__all__)
    assert driftloop.__version__ == importlib.metadata.version("driftloop")
    monitor = driftloop.Monitor("reference.csv")
    assert monitor.update("über.csv").verdict == "drift"
    monitor.save("monitor.json")
    assert repr(driftloop.Monitor.load("monitor.json")) == repr(monitor)
    assert "<svg" in monitor._repr_html_()
    # Dates before 1970 and times of day: not every system's C library knows them.
    Path("dates.csv").write_text("born,size\n" + "".join(f"19{n % 60 + 10}-03-01,{n}\n" for n in range(50)))
    assert driftloop.Window("dates.csv", driftloop.Schema([
        driftloop.Column("born", "datetime", role="timestamp"), driftloop.Column("size"),
    ])).first_time == "1910-03-01T00:00:00Z"  # fmt: skip


def write(name: str, shift: float, start: int = 0) -> None:
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["größe", "farbe"])
        for number in range(start, start + ROWS):
            table.writerow([number * 37 % 101 + number / 997 + shift, ("rot", "blau")[number % 2]])


def verdict(current: str, *more: str) -> str:
    answer = run("check", "--reference", "reference.csv", "--current", current, "--json", *more).stdout
    return str(json.loads(answer)["verdict"])


def run(*arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    """The installed command, with its own `driftloop` script."""
    script = Path(sysconfig.get_path("scripts"), "driftloop.exe" if os.name == "nt" else "driftloop")
    done = subprocess.run(
        [script, *arguments], capture_output=True, text=True, encoding="utf-8", errors="replace", check=False
    )
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done


if __name__ == "__main__":
    main()
