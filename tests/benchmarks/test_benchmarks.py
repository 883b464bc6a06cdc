"""The benchmarks still run, and say what they measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.changes import CASES
from benchmarks.plain import plain_p
from benchmarks.rates import Rate
from benchmarks.speed import _process
from benchmarks.tables import TABLES, as_table, table


@pytest.mark.slow
def test_a_quick_run_writes_a_table_the_numbers_and_a_picture(tmp_path: Path) -> None:
    parts = ["--only", "detection", "--only", "years", "--only", "delays"]
    done = CliRunner().invoke(main, ["--scale", "0.001", *parts, "--out", str(tmp_path)], catch_exceptions=False)
    assert done.exit_code == 0
    page = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "processor" in page
    assert all(case.name in page for case in CASES)
    numbers = json.loads((tmp_path / "benchmarks.json").read_text(encoding="utf-8"))
    assert [row["table"] for row in numbers["years"]] == list(TABLES)
    assert [row["deviations"] for row in numbers["delays"]] == [0.35, 0.5, 1.0]
    picture = ElementTree.fromstring((tmp_path / "benchmarks.svg").read_text(encoding="utf-8"))
    assert picture.tag.endswith("svg")


def test_the_memory_of_a_process_is_its_own_and_not_that_of_the_one_that_starts_it() -> None:
    held = np.ones(30_000_000)  # 240 MB here
    seconds, cpu, megabytes = _process([sys.executable, "-S", "-c", "held = bytearray(50_000_000)"])
    assert held.nbytes / 1e6 > 240 - 1
    assert 50 < megabytes < 120
    assert seconds > 0
    assert cpu > 0


def test_a_process_that_fails_is_not_measured() -> None:
    with pytest.raises(subprocess.CalledProcessError, match="exit status 3"):
        _process([sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.parametrize("name", TABLES)
def test_no_record_of_a_table_occurs_twice(name: str) -> None:
    frame = table(name).draw(3_000, np.random.default_rng(1)).to_pandas()
    assert not frame.duplicated().any()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_change_changes_what_it_says_and_keeps_the_columns(case: object) -> None:
    column = case.columns[0]  # type: ignore[attr-defined]
    before = table("diabetes").draw(4_000, np.random.default_rng(2))
    after = as_table(case.make(column).sample(4_000, np.random.default_rng(3)))  # type: ignore[attr-defined]
    assert after.column_names == before.column_names
    if column:
        others = [name for name in before.column_names if name != column]
        assert plain_p(before.select(others), after.select(others)) > 1e-4


def test_an_interval_holds_the_rate_and_shrinks_with_tries() -> None:
    few, many = Rate(3, 20), Rate(300, 2_000)
    assert few.interval[0] < few.value < few.interval[1]
    assert many.interval[1] - many.interval[0] < 0.2 * (few.interval[1] - few.interval[0])
    assert Rate(0, 10).interval[0] == 0.0
    assert Rate(10, 10).interval[1] == 1.0
    assert str(Rate(1, 4)) == "25.0 % (0.6 to 80.6)"


def test_the_plain_tests_find_a_gross_shift_and_nothing_in_equal_tables() -> None:
    same = table("diabetes").draw(200, np.random.default_rng(4))
    assert plain_p(same, same) == 1.0
    moved = same.set_column(0, "age", [np.array(same["age"]) + 30.0])
    assert plain_p(same, moved) < 1e-6
