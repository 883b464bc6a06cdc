"""The wheel and the source distribution, built once from what git would give a clone."""

import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = "from setuptools import build_meta; print(build_meta.build_{kind}({to!r}))"


@dataclass(frozen=True)
class Built:
    """Where the two files are."""

    sdist: Path
    wheel: Path


def tracked() -> list[str]:
    """What a clone holds, uncommitted changes included."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in names if (ROOT / name).is_file()]


def clone(folder: Path) -> Path:
    """A copy of what a clone holds."""
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


def build(kind: str, source: Path, to: Path) -> Path:
    """Build without isolation, so that the pinned setuptools does it."""
    code = BUILD.format(kind=kind, to=str(to))
    done = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return to / done.stdout.splitlines()[-1]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The source distribution of a clone, and the wheel of that source distribution, as pip would build it."""
    folder = tmp_path_factory.mktemp("built")
    sdist = build("sdist", clone(folder / "clone"), folder)
    with tarfile.open(sdist) as packed:
        packed.extractall(folder / "unpacked", filter="data")
    (source,) = (folder / "unpacked").iterdir()
    return Built(sdist, build("wheel", source, folder))
