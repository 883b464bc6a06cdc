"""Profiles on Spark are those of one machine, bit for bit: even, lost and uneven tasks; pyspark in local mode."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from driftloop import Profile
from driftloop.profile.saving.parquet_format import profile_to_bytes
from tests.driftloop.parts.tables import SCHEMA, table, write_csv, write_days, write_parquet

ROOT = Path(__file__).resolve().parents[3]
PYTHON = Path(os.environ.get("DRIFTLOOP_SPARK_PYTHON", ROOT / ".tools" / "spark" / "bin" / "python"))
Run = Callable[..., subprocess.CompletedProcess[str]]

needs_spark = pytest.mark.skipif(
    not PYTHON.exists() or shutil.which("java") is None, reason="no pyspark in .tools/spark or no Java: `make spark`"
)


@pytest.fixture
def run(tmp_path) -> Run:
    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        settings = "--conf spark.ui.enabled=false --conf spark.ui.showConsoleProgress=false"
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYSPARK_PYTHON": str(PYTHON),
            "PYSPARK_SUBMIT_ARGS": f"--master local[2,4] --conf spark.local.dir={tmp_path} {settings} pyspark-shell",
            "SPARK_LOCAL_IP": "127.0.0.1",
            **more,
        }
        return subprocess.run(
            [str(PYTHON), *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


@needs_spark
def test_files_on_spark_give_the_file_that_one_machine_gives(run, tmp_path, monkeypatch) -> None:
    folder = write_days(tmp_path / "data", 10, rows=300)
    write_parquet(table(2_000, 77), folder / "sub" / "large.parquet", row_group=100)
    write_csv(table(300, 78), folder / "text" / "day.csv")
    here, there = tmp_path / "here.profile", tmp_path / "there.profile"
    done = run("-m", "driftloop", "profile", str(folder), "-o", str(there), "--engine", "spark", "-q")
    assert done.returncode == 0, done.stderr[-3000:]
    local = [sys.executable, "-m", "driftloop", "profile", str(folder), "-o", str(here), "-q"]
    subprocess.run(local, check=True, cwd=tmp_path)
    assert there.read_bytes() == here.read_bytes()


@needs_spark
def test_a_file_that_no_task_can_read_is_one_line(run, tmp_path) -> None:
    folder = write_days(tmp_path / "data", 3, rows=50)
    (folder / "day-0001.parquet").write_bytes(b"PAR1 is not enough PAR1")
    done = run("-m", "driftloop", "profile", str(folder), "-o", str(tmp_path / "a"), "--engine", "spark", "-q")
    assert done.returncode == 2, done.stderr[-3000:]
    assert "day-0001.parquet" in done.stderr.splitlines()[-1]
    assert done.stderr.splitlines()[-1].startswith("driftloop: ")
    assert not (tmp_path / "a").exists()


@needs_spark
def test_lost_uneven_and_empty_tasks_change_no_bit(run, tmp_path) -> None:
    data = write_parquet(table(6_000, 5), tmp_path / "data" / "a.parquet", row_group=1_000)
    lost = tmp_path / "lost"
    lost.mkdir()
    schema = tmp_path / "schema.toml"
    schema.write_text(
        "\n".join(f'[[columns]]\nname = "{c.name}"\nkind = "{c.kind}"\nrole = "{c.role}"' for c in SCHEMA.columns)
    )
    program = Path(__file__).with_name("spark_program.py")
    done = run(str(program), str(data), str(schema), LOST=str(lost))
    assert done.returncode == 0, done.stderr[-3000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    expected = sha256(profile_to_bytes(Profile.build(data, SCHEMA))).hexdigest()
    assert answer["found"] == dict.fromkeys(("lost", "skewed"), expected)
    assert len(list(lost.iterdir())) >= 3  # partitions 1, 4 and 7 lost their process
    assert max(answer["sizes"]) > 0.9 * 6_000
    assert answer["inferred"] == 6_000


def test_without_pyspark_one_line_says_what_it_needs(tmp_path) -> None:
    data = write_parquet(table(50, 1), tmp_path / "a.parquet")
    done = subprocess.run(
        [sys.executable, "-m", "driftloop", "profile", str(data), "-o", str(tmp_path / "b"), "--engine", "spark"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("driftloop: --engine spark needs pyspark and Java 17")
    assert len(done.stderr.splitlines()) == 1


def test_spark_keeps_no_cache(tmp_path) -> None:
    data = write_parquet(table(50, 1), tmp_path / "a.parquet")
    command = [sys.executable, "-m", "driftloop", "profile", str(data), "-o", str(tmp_path / "b"), "--engine", "spark"]
    done = subprocess.run([*command, "--cache", "c"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "leave out --cache" in done.stderr
