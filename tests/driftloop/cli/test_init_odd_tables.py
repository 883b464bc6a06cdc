"""Odd tables: what `driftloop init` writes for them is set up well, and later records can be checked by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from driftloop.cli.main import run
from driftloop.data.schema import Schema
from tests.driftloop.setup.tables import saved

ROWS = 240
Change = Callable[[pd.DataFrame], pd.DataFrame]


def plain(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    times = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.sort(rng.uniform(0, 200, rows)), unit="D")
    return pd.DataFrame(
        {
            "rid": [f"R{seed}{number:04}" for number in range(rows)],
            "at": times.strftime("%Y-%m-%d %H:%M:%S"),
            "a": rng.normal(size=rows).round(4),
            "b": rng.choice(["x", "y", "z"], rows),
            "y": rng.normal(size=rows).round(4),
        }
    )


def renamed(**names: str) -> Change:
    return lambda frame: frame.rename(columns=names)


def without(*names: str) -> Change:
    return lambda frame: frame.drop(columns=list(names))


def target(*classes: object) -> Change:
    """The target has these values, in turn."""
    return lambda frame: frame.assign(y=[classes[row % len(classes)] for row in range(len(frame))])


def wide(frame: pd.DataFrame) -> pd.DataFrame:
    more = np.random.default_rng(len(frame)).normal(size=(len(frame), 500)).round(3)
    return pd.concat([pd.DataFrame(more, columns=[f"c{number}" for number in range(500)]), frame], axis=1)


def german_dates(frame: pd.DataFrame) -> pd.DataFrame:
    times = pd.to_datetime(frame["at"])
    return frame.assign(at=times.dt.strftime("%d.%m.%Y %H:%M"))


ODD: dict[str, tuple[Change, str, str]] = {
    # the change, the target's name, the task
    "no id": (without("rid"), "y", "regression"),
    "no time": (without("at"), "y", "regression"),
    "neither": (without("rid", "at"), "y", "regression"),
    "500 columns": (wide, "y", "regression"),
    "a target of several words": (renamed(y="my target value"), "my target value", "regression"),
    "quotes": (renamed(y="he said \"y\" 'z'", a='"""', b="'"), "he said \"y\" 'z'", "regression"),
    "letters of the world": (renamed(y="цена €", a="größe", b="色", rid="識別子", at="時刻"), "цена €", "regression"),
    "signs that turn the direction": (renamed(y="💊\u202ey", a="a\u0301"), "💊\u202ey", "regression"),
    "TOML's own words": (renamed(y="true", a="[[columns]]", b="name = 1", rid="null"), "true", "regression"),
    "Python's own words": (renamed(y="class", a="__init__", b="lambda", rid="None"), "class", "regression"),
    "dots, tabs and line ends": (renamed(y="a.b.c", a="new\nline", b="tab\tname"), "a.b.c", "regression"),
    "the names that init would enter": (renamed(y="recorded_at", a="record_id"), "recorded_at", "regression"),
    "two texts": (target("ja", "nein"), "y", "binary"),
    "40 texts": (target(*(f"k{number:02}" for number in range(40))), "y", "multiclass"),
    "two numbers": (target(0, 1), "y", "binary"),
    "classes with signs": (target("a b", "c, d", 'e"f'), "y", "multiclass"),
    "dates as texts": (german_dates, "y", "regression"),
    "constant features": (lambda frame: frame.assign(b="x"), "y", "regression"),
}


@pytest.mark.parametrize("case", ODD)
def test_an_odd_table_is_set_up_well_and_its_next_records_are_checked(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change, name, task = ODD[case]
    monkeypatch.chdir(tmp_path)
    saved(change(plain(ROWS, 1)), Path("table.csv"))
    saved(change(plain(ROWS // 2, 2)), Path("next.csv"))
    assert run(["init", "table.csv", "--name", "m", "--yes"]) == 0
    schema = Schema.load(Path("models/m/schema.toml"))
    found = schema.role("target")
    assert found is not None
    assert found.name == name
    assert f'task = "{task}"' in Path("models/m/model.toml").read_text()
    assert run(["doctor", "--model", "m"]) == 0
    capsys.readouterr()
    arguments = ["--config", "driftloop.toml", "--model", "m", "--json"]
    assert run(["check", "--reference", "table.csv", "--current", "next.csv", *arguments]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["verdict"] == "stable", said["reasons"]


@pytest.mark.parametrize(
    ("rows", "arguments", "line"),
    [
        (1, [], "all 1 record has the same value"),
        (0, [], "the table has no rows"),
        (ROWS, ["--target", "prize"], "target 'prize': table.csv has no such column"),
        (ROWS, ["--target", "at"], "target 'at': dates or times"),
        (ROWS, ["--id", "y"], "id 'y': the column has another role already"),
        (ROWS, ["--task", "binary"], "holds too many different values to be classes"),
    ],
)
def test_a_table_that_cannot_be_a_model_is_refused_in_one_line(
    rows: int,
    arguments: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(plain(rows, 1), Path("table.csv"))
    assert run(["init", "table.csv", "--name", "m", *arguments]) == 2
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1
    assert not Path("models").exists()
