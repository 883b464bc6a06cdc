"""What works on Linux alone stays out of the engine, since macOS and Windows run it too."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
POSIX_MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios"}
POSIX_CALLS = {
    "chown", "fchmod", "fchown", "fork", "forkpty", "getpgid", "getppid", "getuid", "geteuid", "getgid", "killpg",
    "mkfifo",
    "nice", "posix_fadvise", "pread", "sched_getaffinity", "setpgid", "setsid", "statvfs", "sync", "uname", "wait4",
}  # fmt: skip
POSIX_SIGNALS = {
    "SIGHUP",
    "SIGKILL",
    "SIGQUIT",
    "SIGUSR1",
    "SIGUSR2",
    "SIGALRM",
    "SIGCHLD",
    "alarm",
    "setitimer",
    "pause",
}
NO_MOMENT_BEFORE_1970 = {"fromtimestamp", "utcfromtimestamp", "gmtime", "localtime"}
GUARDED = {
    ("driftloop/parts/cache.py", "geteuid"),
    ("driftloop/parts/means.py", "sched_getaffinity"),
}
"""Asked for before it is called."""


def strange(source: str) -> Iterator[str]:
    """What another system does not have, or does otherwise."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from POSIX_MODULES.intersection(names)
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            if (owner == "os" and node.attr in POSIX_CALLS) or (owner == "signal" and node.attr in POSIX_SIGNALS):
                yield node.attr
            if node.attr in NO_MOMENT_BEFORE_1970:
                yield node.attr
        if isinstance(node, ast.Call) and (problem := _of_text(node)):
            yield problem


def _of_text(call: ast.Call) -> str | None:
    """A text file without an encoding is read by the system's code page; a folder is opened on POSIX alone."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    named = {keyword.arg for keyword in call.keywords}
    if name in ("read_text", "write_text") and "encoding" not in named:
        return f"{name} without an encoding"
    if name in ("open", "fdopen") and ast.unparse(call.func) != "os.open":
        modes = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
        binary = any(isinstance(each, ast.Constant) and "b" in str(each.value) for each in modes)
        if not binary and "encoding" not in named:
            return f"{name} without an encoding"
    return "O_DIRECTORY" if "O_DIRECTORY" in ast.unparse(call) else None


def test_the_engine_uses_what_every_system_has() -> None:
    files = [path for path in (ROOT / "driftloop").rglob("*.py") if "__pycache__" not in path.parts]
    assert len(files) > 60
    found = {
        (path.relative_to(ROOT).as_posix(), problem)
        for path in files
        for problem in strange(path.read_text(encoding="utf-8"))
    }
    assert found == GUARDED


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import fcntl", "fcntl"),
        ("from resource import getrusage", "resource"),
        ("import os\nos.fork()", "fork"),
        ("import signal\nsignal.SIGKILL", "SIGKILL"),
        ("datetime.fromtimestamp(0)", "fromtimestamp"),
        ("path.read_text()", "read_text without an encoding"),
        ("path.open()", "open without an encoding"),
        ("open(path, 'w')", "open without an encoding"),
        ("os.fsync(os.open(folder, os.O_DIRECTORY))", "O_DIRECTORY"),
    ],
)
def test_each_mistake_is_found(source: str, problem: str) -> None:
    assert problem in list(strange(source))


@pytest.mark.parametrize(
    "source", ["path.open('rb')", "open(path, mode='wb')", "path.open(encoding='utf-8')", "os.open(os.devnull, 1)"]
)
def test_what_every_system_has_is_not_found(source: str) -> None:
    assert list(strange(source)) == []
