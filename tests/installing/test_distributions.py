"""The wheel and the source distribution: what is in them, and that a fresh environment of each Python runs them."""

import email
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import driftloop
from tests.installing.conftest import ROOT, Built, tracked
from tests.installing.pythons import SUPPORTED, python

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
UV = ROOT / ".tools/uv/bin/uv"


def test_the_wheel_holds_the_engine_and_nothing_else(built: Built) -> None:
    names = set(zipfile.ZipFile(built.wheel).namelist())
    engine = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert engine == {name for name in tracked() if name.startswith("driftloop/")}
    assert {name for name in names - engine if name.endswith("LICENSE")} != set()


def test_the_source_distribution_holds_what_builds_it(built: Built) -> None:
    with tarfile.open(built.sdist) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "pyproject.toml"} <= names
    others = {name.split("/")[0] for name in names if "/" in name}
    assert others == {"driftloop", "driftloop.egg-info"}


def test_its_metadata_say_what_it_needs_and_on_what_it_runs(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
        told = email.message_from_bytes(wheel.read(name))
    needed = [line for line in told.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert sorted(re.split(r"[<>=!~ ]", line)[0] for line in needed) == [
        "click", "jinja2", "msgspec", "numpy", "pyarrow", "scipy",
    ]  # fmt: skip
    assert told["Requires-Python"] == ">=3.11"
    assert (told["License-Expression"], told["License-File"]) == ("MIT", "LICENSE")
    assert told["Version"] == driftloop.__version__
    pythons = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)]
    assert pythons == list(SUPPORTED)


def test_every_dependency_has_a_smallest_version_that_the_oldest_lock_holds() -> None:
    smallest = dict(entry.split(">=") for entry in PROJECT["dependencies"])
    lock = (ROOT / "requirements/engine-oldest.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.]+)", lock, re.MULTILINE))
    assert {name: pinned[name].removesuffix(".0").removesuffix(".0") for name in smallest} == {
        name: version.removesuffix(".0") for name, version in smallest.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("version", SUPPORTED)
@pytest.mark.parametrize("lock", ["engine", "engine-oldest"])
def test_the_wheel_runs_in_an_empty_environment(built: Built, tmp_path: Path, version: str, lock: str) -> None:
    """The newest and the oldest dependencies; the oldest have files for the oldest Python alone."""
    interpreter = python(version)
    if lock == "engine-oldest" and version != SUPPORTED[0]:
        pytest.skip(f"the smallest versions are those of Python {SUPPORTED[0]}")
    if interpreter is None:
        pytest.skip(f"this machine has no Python {version}: name one in DRIFTLOOP_PYTHONS")
    environment = tmp_path / "environment"
    requirements = str(ROOT / "requirements" / f"{lock}.txt")
    if UV.exists():
        run(UV, "venv", "--quiet", "--python", interpreter, environment)
        install = [UV, "pip", "install", "--quiet", "--python", inside(environment)]
    else:
        run(interpreter, "-m", "venv", environment)
        install = [inside(environment), "-m", "pip", "install", "--quiet"]
    run(*install, "--require-hashes", "-r", requirements)
    run(*install, "--no-deps", built.wheel)
    said = run(inside(environment), "-I", ROOT / "tests/installing/smoke.py")
    assert f"works on Python {version}" in said


def inside(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(*command: str | Path) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(list(map(str, command)), env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_at_least_the_python_of_the_tests_is_tried() -> None:
    major, minor = sys.version_info[:2]
    assert python(f"{major}.{minor}") is not None
