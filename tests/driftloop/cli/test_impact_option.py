"""`driftloop check --holdout`: the estimated error in the terminal and in JSON; wrong use is one line."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.csv as csv
import pytest
from click.testing import CliRunner

from driftloop.cli.main import cli
from tests.driftloop.impact.tables import numbers


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    tables = {
        "reference": numbers(10_000, 1000).drop_columns("prediction"),
        "current": numbers(2, shift=0.7).drop_columns(["prediction", "y"]),
        "holdout": numbers(1),
        "labelled": numbers(2, shift=0.7).slice(0, 80),
    }
    for name, table in tables.items():
        csv.write_csv(table, tmp_path / f"{name}.csv")
    return {name: str(tmp_path / f"{name}.csv") for name in tables}


def ran(files: dict[str, str], *names: str, more: tuple[str, ...] = ()) -> tuple[int, str]:
    given = [part for name in ("reference", "current", *names) for part in (f"--{name}", files[name])]
    done = CliRunner().invoke(cli, ["check", *given, "--target", "y", *more])
    return done.exit_code, done.output


def test_the_terminal_says_the_error_and_what_it_assumes(files: dict[str, str]) -> None:
    code, output = ran(files, "holdout")
    assert code == 0
    assert "estimated error: 1" in output
    assert "outcomes depend on the inputs as they did" in " ".join(output.split())


def test_json_has_the_numbers_and_labels_replace_the_assumption(files: dict[str, str]) -> None:
    alone = json.loads(ran(files, "holdout", more=("--json",))[1])["impact"]
    told = json.loads(ran(files, "holdout", "labelled", more=("--json",))[1])["impact"]
    assert alone["low"] < alone["error"] < alone["high"]
    assert (alone["labels"], told["labels"], alone["worse"]) == (0, 80, True)


def test_labels_without_a_holdout_are_refused(files: dict[str, str]) -> None:
    code, output = ran(files, "labelled")
    assert code == 2
    assert "--labelled needs --holdout" in output
