"""`driftloop replay`: a folder of windows, judged as the timer would."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from driftloop.cli.main import cli
from driftloop.errors import InputError
from sandbox.population import Population, diabetes

ORDINARY = diabetes()
HEAVIER = ORDINARY.changed(lambda frame, _: frame.assign(bmi=frame["bmi"] + 4.4))  # one standard deviation


def drawn(population: Population, rows: int, seed: int) -> pd.DataFrame:
    return population.sample(rows, np.random.default_rng(seed)).drop(columns="progression").astype({"sex": int})


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A reference and an empty folder of windows."""
    drawn(ORDINARY, 350, 0).to_parquet(tmp_path / "reference.parquet", index=False)
    (tmp_path / "windows").mkdir()
    return tmp_path


def land(world: Path, name: str, population: Population = ORDINARY, rows: int = 50, seed: int = 1) -> None:
    path, frame = world / "windows" / name, drawn(population, rows, seed)
    if name.endswith(".parquet"):
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)


def run(world: Path, *extra: str) -> Result:
    where = ["--reference", str(world / "reference.parquet"), "--windows", str(world / "windows")]
    return CliRunner().invoke(cli, ["replay", *where, *extra])


def lines(world: Path) -> list[dict[str, object]]:
    result = run(world, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_windows_are_judged_in_name_order_one_object_a_line(world: Path) -> None:
    for place, name in enumerate(["w10.csv", "w02.parquet", "w01.csv"]):
        land(world, name, seed=20 + place)
    (world / "windows" / "notes.txt").write_text("not data")
    found = lines(world)
    assert [line["window"] for line in found] == ["w01.csv", "w02.parquet", "w10.csv"]
    assert all({"window", "verdict", "evidence", "drift"} <= line.keys() for line in found)
    assert all(line["verdict"] == "stable" and line["drift"] is False for line in found)


def test_a_shift_is_a_drift_whose_first_line_says_retrain(world: Path) -> None:
    for week in range(1, 7):
        land(world, f"w{week}.csv", ORDINARY if week < 4 else HEAVIER, seed=30 + week)
    found = lines(world)
    assert [line["drift"] for line in found[:3]] == [False] * 3
    assert found[3]["verdict"] == "drift"
    assert [line["retrain"] for line in found].count(True) == 1
    assert found[3]["retrain"] is True
    assert 0.998 < float(str(found[3]["evidence"])) < 1


def test_a_broken_file_is_an_incident_and_leaves_the_evidence_as_it_was(world: Path) -> None:
    land(world, "w1.csv", seed=41)
    (world / "windows" / "w2.csv").write_text("")
    (world / "windows" / "w3.parquet").write_bytes(b"PAR1 cut off")
    drawn(ORDINARY, 50, 44).assign(bp=np.nan).to_csv(world / "windows" / "w4.csv", index=False)
    land(world, "w5.csv", seed=45)
    found = lines(world)
    assert [line["verdict"] for line in found] == ["stable", "incident", "incident", "incident", "stable"]
    assert len({line["p"] for line in found[:4]}) == 1
    assert not any(line["drift"] for line in found)


def test_a_small_window_waits_and_is_checked_with_the_next(world: Path) -> None:
    land(world, "w1.csv", rows=3, seed=51)
    land(world, "w2.csv", rows=50, seed=52)
    land(world, "w3.csv", rows=50, seed=53)
    assert [(line["verdict"], line["rows"]) for line in lines(world)] == [
        ("insufficient", 3),
        ("stable", 53),
        ("stable", 50),
    ]


def test_a_broken_file_does_not_take_a_waiting_one_with_it(world: Path) -> None:
    land(world, "w1.csv", rows=10, seed=61)
    drawn(ORDINARY, 50, 62).assign(bp=np.nan).to_csv(world / "windows" / "w2.csv", index=False)
    land(world, "w3.csv", rows=50, seed=63)
    found = lines(world)
    assert [line["verdict"] for line in found] == ["insufficient", "incident", "stable"]
    assert found[2]["rows"] == 60


def test_the_same_file_again_adds_no_evidence(world: Path) -> None:
    mild = ORDINARY.changed(lambda frame, _: frame.assign(s6=frame["s6"] + 3.0))
    for week in range(1, 9):
        land(world, f"w{week}.csv", mild, seed=71)
    found = lines(world)
    assert len({line["p"] for line in found}) == 1


def test_a_person_gets_a_table_with_a_line_a_window(world: Path) -> None:
    for week in range(1, 4):
        land(world, f"w{week}.csv", HEAVIER, seed=80 + week)
    result = run(world)
    assert result.exit_code == 0
    alarm, head, *rows = result.output.splitlines()
    assert alarm == "The alarm line is at evidence that is seen without drift in 1 in 690 checks."
    assert head.split() == ["window", "rows", "verdict", "without", "drift"]
    assert [row.split()[0] for row in rows[::2]] == ["w1.csv", "w2.csv", "w3.csv"]
    assert rows[1].endswith(": retrain")
    assert rows[3].endswith("(open)")
    assert all(len(line) <= 80 for line in result.output.splitlines())


def test_the_budget_of_the_configuration_is_kept(world: Path) -> None:
    land(world, "w1.csv", HEAVIER, seed=31)
    config = world / "strict.toml"
    config.write_text("[policy]\nbudget = 1000000000000\n")
    assert json.loads(run(world, "--json").output)["drift"] is True
    assert json.loads(run(world, "--json", "--config", str(config)).output)["drift"] is False


@pytest.mark.parametrize("windows", ["missing", "empty", "a file"])
def test_a_folder_without_windows_is_one_clear_line(world: Path, windows: str) -> None:
    folder = {"missing": world / "nowhere", "empty": world / "windows", "a file": world / "reference.parquet"}[windows]
    result = CliRunner().invoke(
        cli, ["replay", "--reference", str(world / "reference.parquet"), "--windows", str(folder)]
    )
    assert isinstance(result.exception, InputError)
    assert str(folder) in str(result.exception)
    assert result.output == ""
