"""The interpreters of this machine that the engine supports."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")


@cache
def python(version: str) -> str | None:
    """An interpreter of a version: from `DRIFTLOOP_PYTHONS`, the PATH, pyenv, or uv's own; None where there is none."""
    return next((found for found in _candidates(version) if _version(found) == version), None)


def _candidates(version: str) -> Iterator[str]:
    yield from filter(None, os.environ.get("DRIFTLOOP_PYTHONS", "").split(os.pathsep))
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    home = Path.home()
    for folder in (home / ".pyenv/versions", home / ".local/share/uv/python", Path("/opt/hostedtoolcache/Python")):
        yield from sorted(map(str, folder.glob(f"*{version}.*/bin/python")), reverse=True)
        yield from sorted(map(str, folder.glob(f"{version}.*/*/bin/python")), reverse=True)


def _version(interpreter: str) -> str | None:
    ask = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        return subprocess.run([interpreter, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
