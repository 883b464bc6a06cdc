"""Processes that read: one that is lost, one that crashes, and a command that is stopped."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from driftloop import Profile
from driftloop.data.readers.sources import find_parts
from driftloop.data.reading import ReadNotes
from driftloop.errors import InputError
from driftloop.parts import workers
from driftloop.parts.means import Means, Observer
from driftloop.parts.profiles import profile_parts
from driftloop.parts.recipe import Recipe
from driftloop.profile.saving.parquet_format import profile_to_bytes
from tests.driftloop.parts.tables import SCHEMA, table, write_days, write_parquet


class KillsAfter(Observer):
    """Kills the processes that read once so many parts are done."""

    def __init__(self, parts: int) -> None:
        self.left, self.planned_parts = parts, []

    def planned(self, parts: int, cached: int, rows: int | None) -> None:
        self.planned_parts.append(parts)

    def finished(self, name: str, parts: int) -> None:
        self.left -= parts
        if self.left == 0:
            for child in CHILDREN:
                child.kill()


CHILDREN: list[subprocess.Popen[bytes]] = []


@pytest.fixture
def children(monkeypatch):
    CHILDREN.clear()
    make = workers._process

    def made():
        CHILDREN.append(make())
        return CHILDREN[-1]

    monkeypatch.setattr(workers, "_process", made)
    return CHILDREN


def test_a_lost_process_is_one_line_and_the_next_run_goes_on(tmp_path, children) -> None:
    days, cache = write_days(tmp_path / "days", 12), tmp_path / "cache"
    parts, recipe = find_parts(days, None, ReadNotes()), Recipe(SCHEMA, {})
    observer = KillsAfter(5)
    with pytest.raises(InputError, match=r"process that read it was ended by signal 9|a process that reads has ended"):
        profile_parts(parts, recipe, Means(cache, 2, observer), ReadNotes())
    partial = profile_parts(parts, recipe, Means(cache, 2, observer), ReadNotes())
    first, second = observer.planned_parts
    assert first == 12
    assert second <= 12 - 5
    assert profile_to_bytes(partial.contents) == profile_to_bytes(Profile.build(days, SCHEMA))
    assert all(child.poll() is not None for child in children)


def test_a_crash_in_a_process_is_a_crash_here_and_names_the_file(tmp_path, monkeypatch) -> None:
    days = write_days(tmp_path / "days", 3)
    crashing = tmp_path / "site" / "sitecustomize.py"
    crashing.parent.mkdir()
    crashing.write_text(
        "import sys\n"
        "if 'driftloop.parts.worker' in ' '.join(sys.orig_argv):\n"
        "    import driftloop.parts.reading as reading\n"
        "    def broken(*args):\n"
        "        raise ZeroDivisionError('planted')\n"
        "    reading.read_partial = broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(crashing.parent))
    parts = find_parts(days, None, ReadNotes())
    with pytest.raises(RuntimeError, match=r"(?s)day-000.*ZeroDivisionError: planted"):
        profile_parts(parts, Recipe(SCHEMA, {}), Means(processes=2), ReadNotes())


def test_a_stopped_command_leaves_no_half_file_and_is_resumed(tmp_path) -> None:
    data = tmp_path / "data.parquet"
    write_parquet(table(60_000, 1), data, row_group=1_000)
    script = (
        "import driftloop.parts.units as units, sys\n"
        "units.UNIT_VALUES = 5_000\n"
        "from driftloop.cli.main import main\n"
        "import driftloop.parts.profiles as profiles, driftloop.parts.tree, os, signal\n"
        "from driftloop.cli.progress import PartsStatus\n"
        "done = []\n"
        "def finished(self, name, parts):\n"
        "    done.append(name)\n"
        "    if len(done) == int(sys.argv.pop(1) if len(sys.argv[1]) < 4 else 0):\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    script = script.replace(
        "    if len(done) == int(sys.argv.pop(1) if len(sys.argv[1]) < 4 else 0):\n",
        "    if len(done) == int(os.environ['STOP_AFTER']):\n",
    )
    script += "PartsStatus.finished = finished\nmain()\n"
    command = [
        sys.executable,
        "-c",
        script,
        "profile",
        str(data),
        "-o",
        str(tmp_path / "a.profile"),
        "--processes",
        "1",
    ]
    stopped = subprocess.run(
        command, env={**os.environ, "STOP_AFTER": "20"}, capture_output=True, text=True, check=False
    )
    assert stopped.returncode == 128 + signal.SIGTERM
    assert stopped.stderr == "driftloop: stopped by SIGTERM\n"
    assert not (tmp_path / "a.profile").exists()
    kept = tmp_path / ".a.profile.parts"
    assert len(list(kept.glob("??/*.part"))) >= 20
    assert not list(kept.rglob("*.tmp"))
    again = subprocess.run(command, env={**os.environ, "STOP_AFTER": "0"}, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "read: 40 parts; known from before: 20" in again.stdout
    assert not kept.exists()
    from driftloop import Baseline

    written = (tmp_path / "a.profile").read_bytes()
    schema = Baseline.from_bytes(written).schema
    assert written == profile_to_bytes(Profile.build(data, schema))


def test_a_process_ends_with_the_command_that_started_it(tmp_path) -> None:
    process = workers._process()
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait() == 0


def test_nothing_of_a_row_is_pickled() -> None:
    for path in Path(workers.__file__).parent.glob("*.py"):
        assert "import pickle" not in path.read_text()
