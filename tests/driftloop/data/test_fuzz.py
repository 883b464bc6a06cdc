"""No input ends in a traceback: exit code 0, or 2 with one line that names the file and quotes nothing from it.

500 files here; DRIFTLOOP_FUZZ=50000 for the full run, DRIFTLOOP_FUZZ_FROM for where it begins.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
from pathlib import Path

import pytest

from driftloop.cli.main import main
from tests.driftloop.data import fuzzing

COUNT = int(os.environ.get("DRIFTLOOP_FUZZ", "500"))
FIRST = int(os.environ.get("DRIFTLOOP_FUZZ_FROM", "0"))
PIECES = 10


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command line, in this process."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(list(arguments))
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "reference.csv").write_bytes(fuzzing.csv(fuzzing.rows(random.Random(1)) * 3))
    (folder / "config.toml").write_text("[policy]\npermutations = 99\n")
    (folder / "windows").mkdir()
    return folder


def faults(world: Path, number: int) -> list[str]:
    """What is wrong with the answers on one file; a crash is raised."""
    ending, content = fuzzing.fuzzed(number)
    path = world / "windows" / f"fuzzed.{ending}"
    path.write_bytes(content)
    good, config = str(world / "reference.csv"), str(world / "config.toml")
    sides = (good, str(path)) if number % 2 else (str(path), good)
    answers = [run("check", "--reference", sides[0], "--current", sides[1], "--config", config, "--json")]
    if number % 5 == 0:
        answers.append(run("replay", "--reference", good, "--windows", str(path.parent), "--config", config))
    path.unlink()
    found, names = [], (path.name, "reference.csv: has none of the reference's columns")
    for code, _, err in answers:
        lines = err.strip().splitlines()
        if code not in (0, 2):
            found.append(f"exit code {code}")
        if code == 2 and (
            len(lines) != 1 or not lines[0].startswith("driftloop: ") or not any(name in lines[0] for name in names)
        ):
            found.append(f"no line that names the file: {err[:300]!r}")
        if fuzzing.SECRET in err:
            found.append(f"quotes the file: {err[:300]!r}")
    return found


@pytest.mark.timeout(0)
@pytest.mark.parametrize("piece", range(PIECES))
def test_no_damaged_or_odd_file_ends_in_a_traceback(world, piece):
    wrong = {}
    for number in range(FIRST + piece, FIRST + COUNT, PIECES):
        try:
            found = faults(world, number)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is the finding)
            found = [f"{type(error).__name__}: {error}"[:300]]
        if found:
            wrong[number] = found
    assert wrong == {}, wrong
