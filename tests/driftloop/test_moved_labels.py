"""Labels that stand in the tables themselves: reported where they have moved, whoever compares."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import driftloop
from driftloop.cli.main import cli
from driftloop.errors import InputError

MOVED = "outcomes have moved: denied is 'yes' in 100% of 100 labels, 50% in the reference"


def records(rng: np.random.Generator, rows: int, labels: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"x": rng.normal(size=rows), "z": rng.normal(size=rows), "denied": labels})


@pytest.fixture
def sides(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    return records(rng, 300, ["yes", "no"] * 150), records(rng, 100, ["yes"] * 100)


def test_check_says_that_all_labels_are_yes(sides: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    check = driftloop.check(*sides, target="denied")
    assert check.notes[0] == MOVED
    assert [(each.name, each.reason) for each in check.columns_not_compared] == [("denied", "target")]
    assert driftloop.check(sides[0], sides[0].head(100), target="denied").notes == ()


def test_the_commands_say_it_too(sides: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path) -> None:
    sides[0].to_csv(tmp_path / "reference.csv", index=False)
    (tmp_path / "weeks").mkdir()
    for week in ("1", "2"):
        sides[1].to_csv(tmp_path / "weeks" / f"{week}.csv", index=False)
    options = ["--reference", str(tmp_path / "reference.csv"), "--target", "denied", "--json"]
    told = CliRunner().invoke(cli, ["check", *options, "--current", str(tmp_path / "weeks" / "1.csv")])
    assert json.loads(told.stdout)["notes"] == [MOVED]
    told = CliRunner().invoke(cli, ["replay", *options, "--windows", str(tmp_path / "weeks")])
    assert [MOVED in json.loads(line)["notes"] for line in told.stdout.splitlines()] == [True, True]


def test_a_monitor_says_it_for_each_window(sides: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    monitor = driftloop.Monitor(sides[0], target="denied")
    assert [MOVED in monitor.update(sides[1].assign(x=sides[1].x + day)).notes for day in (0.0, 0.01)] == [True, True]


def test_a_target_that_is_a_number(rng: np.random.Generator) -> None:
    reference, current = (
        pd.DataFrame({"x": rng.normal(size=rows), "cost": rng.normal(mean, 10, rows)})
        for rows, mean in ((300, 100), (100, 110))
    )
    (note,) = driftloop.check(reference, current, target="cost").notes
    assert note.startswith("outcomes have moved: cost is 1")
    assert note.endswith("in the reference")


def test_labels_on_one_side_only_say_nothing(sides: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    check = driftloop.check(sides[0], sides[1].drop(columns="denied"), target="denied")
    assert not any("outcomes" in note for note in check.notes)


def test_a_renamed_column_is_not_taken_for_the_target(rng: np.random.Generator) -> None:
    def table(rows: int, name: str) -> pd.DataFrame:
        return pd.DataFrame({"x": rng.normal(size=rows), "z": rng.normal(size=rows), name: rng.normal(size=rows)})

    check = driftloop.check(table(300, "blood_pressure"), table(100, "Blood Pressure"))
    assert check.verdict == "incident"
    assert check.reasons[0].startswith("blood_pressure: the column is missing")
    assert "blood_pressure: the window has 'Blood Pressure' in its place" in check.notes[0]
    assert driftloop.check(table(300, "outcome"), table(100, "other")).verdict != "incident"


def test_a_window_whose_names_are_all_written_otherwise_is_told_so(rng: np.random.Generator) -> None:
    table = pd.DataFrame({"blood_pressure": rng.normal(size=60), "age": rng.normal(size=60)})
    with pytest.raises(InputError, match="give 'Blood Pressure' and the others the names that the reference has"):
        driftloop.check(table, table.rename(columns={"blood_pressure": "Blood Pressure", "age": "AGE"}))
    with pytest.raises(InputError, match="is it the right table"):
        driftloop.check(table, table.rename(columns={"blood_pressure": "u", "age": "v"}))
