"""Mutation testing: which small faults do a module's own tests let pass?

`python -m tests.mutation driftloop/sequential driftloop/ledger --count 60 --seed 1`

Draws mutants of the files, applies one at a time in a copy of the tree, and runs the tests of its module there: those
in `tests/` under the same path (`driftloop/ledger/drifts.py`: `tests/driftloop/ledger/test_drifts*.py`; where no file
has that name, all of the folder). A test that fails or does not end kills the mutant; survivors are listed with file,
line and change.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutation.mutants import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = ("-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--no-header", "--tb=line", "--hypothesis-seed=0")
PATIENCE = 5  # times as long as without a fault, and some seconds: only a test that hangs takes longer
START_SECONDS = 30.0
HANGS = 1_800.0  # seconds, of tests without a fault


def own_tests(path: Path, root: Path = ROOT) -> tuple[str, ...]:
    """The tests of a module, as paths from the root. Raises ValueError when there is none."""
    folder = Path("tests") / path.parent
    own = sorted((root / folder).glob(f"test_{path.stem}.py")) + sorted((root / folder).glob(f"test_{path.stem}_*.py"))
    found = own or sorted((root / folder).glob("test_*.py"))
    if not found:
        raise ValueError(f"{path}: no tests in {folder}")
    return tuple(str(test.relative_to(root)) for test in found)


def drawn(targets: list[str], count: int, seed: int, root: Path = ROOT) -> list[Mutant]:
    """At most `count` mutants of all files under the targets, drawn without replacement, in the order of files."""
    files = sorted(
        file
        for target in targets
        for file in ([root / target] if target.endswith(".py") else (root / target).rglob("*.py"))
    )
    if missing := [str(file) for file in files if not file.is_file()]:
        raise FileNotFoundError(", ".join(missing))
    every = [mutant for file in files for mutant in mutants_of(file.relative_to(root), file.read_bytes())]
    chosen = random.Random(seed).sample(range(len(every)), min(count, len(every)))
    return [every[index] for index in sorted(chosen)]


def copied(to: Path) -> None:
    """The tree as it stands, without what git ignores; tools that tests start are linked."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    for tools in (".venv", ".tools"):
        if (ROOT / tools).exists():
            (to / tools).symlink_to(ROOT / tools)
    subprocess.run(["git", "init", "-q"], cwd=to, check=True)  # some tests ask git which files there are


def outcome(tree: Path, tests: tuple[str, ...], markers: str, seconds: float) -> str:
    """`passed`, `failed`, or `hung` after so many seconds; then the process is ended with its children."""
    command = [sys.executable, "-m", "pytest", *OPTIONS, "-m", markers, *tests]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    with subprocess.Popen(
        command, cwd=tree, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            return "failed" if process.wait(seconds) else "passed"
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return "hung"


def survivors(mutants: list[Mutant], tree: Path, markers: str) -> list[Mutant]:
    """Those that no test of their module sees. Raises RuntimeError when the tests fail without a fault."""
    limits: dict[tuple[str, ...], float] = {}
    alive = []
    for number, mutant in enumerate(mutants, 1):
        tests = own_tests(mutant.path, tree)  # of the copy: the tree that it was made of may change meanwhile
        if tests not in limits:
            start = time.monotonic()
            if outcome(tree, tests, markers, HANGS) != "passed":
                raise RuntimeError(f"these fail without a fault: {' '.join(tests)}")
            limits[tests] = START_SECONDS + PATIENCE * (time.monotonic() - start)
        source = (tree / mutant.path).read_bytes()
        _write(tree / mutant.path, mutant.applied(source), 2 * number)
        found = outcome(tree, tests, markers, limits[tests])
        _write(tree / mutant.path, source, 2 * number + 1)
        if found == "passed":
            alive.append(mutant)
        print(f"{number}/{len(mutants)} {'SURVIVED' if found == 'passed' else found:8} {mutant}", flush=True)
    return alive


def _write(file: Path, content: bytes, stamp: int) -> None:
    """With a time of its own: Python takes a compiled file of the same second and size for the newest."""
    file.write_bytes(content)
    os.utime(file, (stamp, stamp))


def main() -> int:
    """1 when more survive than `--least` allows."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("targets", nargs="+", help="files or folders, from the root of the repository")
    parser.add_argument("--count", type=int, default=60, help="how many mutants to draw")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--markers", default="not slow", help="which tests run, as for pytest's -m")
    parser.add_argument("--least", type=float, default=0.85, help="the part that must be killed")
    given = parser.parse_args()
    mutants = drawn([target.rstrip("/") for target in given.targets], given.count, given.seed)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copied(Path(folder))
        alive = survivors(mutants, Path(folder), given.markers)
    killed = len(mutants) - len(alive)
    print(f"\n{killed} of {len(mutants)} killed ({killed / len(mutants):.0%}); survivors:", *alive, sep="\n")
    return int(killed < given.least * len(mutants))


if __name__ == "__main__":
    sys.exit(main())
