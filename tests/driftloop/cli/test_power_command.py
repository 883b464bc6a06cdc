"""`driftloop power` as a person or a script uses it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftloop.cli.main import run
from driftloop.power.detectable import Detectable, Power
from driftloop.power.planted import Change
from driftloop.report.charts.power_picture import COLOURS, HALVES, power_picture
from driftloop.report.power_table import power_table

HOSTILE = 'a<script>"&\x1b[31m\n'


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    path = tmp_path / "reference.parquet"
    pq.write_table(pa.table({"height": np.random.default_rng(1).normal(170, 8, 60).round(1)}), path)
    return path


def power_of(*detectable: Detectable, **fields: object) -> Power:
    settings: dict[str, object] = {
        "reference_rows": 350,
        "rows": 60,
        "budget": 520,
        "false_retrains": 2,
        "quiet_checks": 1000,
        "columns_not_tried": (),
        "rows_wanted": 29,
        "reference_wanted": None,
    }
    return Power(detectable=detectable, **(settings | fields))  # type: ignore[arg-type]


def shift(name: str, smallest: tuple[float | None, ...]) -> Detectable:
    return Detectable(name, Change.SHIFT, (0.1, 2.5), ((0.5, 1.0),) * 3, smallest, 4.5, "kg/m2")


def test_a_table_json_and_a_picture_say_the_same(
    reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "power.svg"
    assert run(["power", str(reference), "--per-day", "5", "--every", "6", "--picture", str(picture)]) == 0
    table = capsys.readouterr()
    assert "60 reference records, windows of 30; alarm at 1 in 693 checks" in table.out
    assert table.err == ""  # no bar where nobody looks on
    assert run(["power", str(reference), "--rows", "30", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["rows"] == 30
    assert [each["change"] for each in said["detectable"]] == ["shift", "spread", "missing"]
    ElementTree.parse(picture)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--rows N, or --per-day N"),
        (["--rows", "30", "--per-day", "5"], "--rows N, or --per-day N"),
        (["--rows", "5"], "a window of 5 rows is too small"),
        (["--rows", "30", "--json", "--quiet"], "choose one"),
        (["--rows", "0"], "0 is not in the range"),
        (["--per-day", "nan"], "nan is not a number that can be counted with"),
        (["--per-day", "5", "--every", "inf"], "inf is not a number that can be counted with"),
        (["--per-day", "1e300", "--every", "1e300"], "more records than a window can have"),
    ],
)
def test_one_line_says_what_is_wrong(
    reference: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["power", str(reference), *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_sizes_are_in_the_columns_own_unit() -> None:
    table = power_table(power_of(shift("bmi", (1.0, 0.1, None))))
    (row,) = (line for line in table.splitlines() if line.startswith("bmi"))
    assert row.split("  ")[0] == "bmi, kg/m2"
    assert "4.5 (1.00 sd)" in row
    assert "≤ 0.45 (0.10 sd)" in row  # nothing smaller was tried
    assert row.endswith("not found")


def test_blind_columns_and_what_would_be_needed_are_said() -> None:
    table = power_table(power_of(shift("bmi", (None, None, None)), rows_wanted=None, reference_wanted=800))
    assert "blind: bmi (mean)" in table
    assert "needs about 800 reference records" in table
    assert "one false retrain in 500 checks" in table
    assert "no false retrain in 1,000" in power_table(power_of(false_retrains=0))


def test_every_line_fits_a_terminal() -> None:
    table = power_table(power_of(shift("a" * 60, (1.0, 0.5, 0.2))))
    assert max(map(len, table.splitlines())) <= 100


def test_marks_that_fall_together_are_all_seen() -> None:
    """The circle holds the square's corners, and the square those of the diamond."""
    circle, square, diamond = HALVES
    assert circle > square * 2**0.5
    assert square > diamond * 2**0.5
    picture = power_picture(power_of(shift("bmi", (0.1, 0.1, 0.1))))
    assert [picture.index(f'fill="{colour}"', picture.index("bmi")) for colour in COLOURS] == sorted(
        picture.index(f'fill="{colour}"', picture.index("bmi")) for colour in COLOURS
    )


def test_names_cannot_steer_a_terminal_or_a_picture() -> None:
    power = power_of(shift(HOSTILE, (1.0, 0.5, None)))
    assert "\x1b[31m" not in power_table(power)
    picture = power_picture(power)
    assert "<script" not in picture
    ElementTree.fromstring(picture)
