"""`--segment`: each value of a column is judged by itself, from the command line, Python and a monitor."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import driftloop
from driftloop.cli.main import run
from driftloop.errors import SchemaError


def records(seed: int, rows: int, shift: float = 0.0) -> pd.DataFrame:
    """Four wards, numbered; in the third one the values move."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"ward": rng.integers(1, 5, rows), "value": rng.normal(50, 10, rows), "other": rng.random(rows)}
    )
    frame.loc[frame["ward"] == 3, "value"] += shift
    return frame


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    records(1, 1_000).to_csv(tmp_path / "reference.csv", index=False)
    records(2, 400, shift=12).to_csv(tmp_path / "window.csv", index=False)
    return tmp_path


def test_a_ward_that_moves_alone_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sides = ["check", "--reference", str(folder / "reference.csv"), "--current", str(folder / "window.csv")]
    assert run([*sides, "--segment", "ward"]) == 0
    assert "ward = 3: drift: value" in capsys.readouterr().out
    assert run([*sides, "--segment", "ward", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["segments"]
    result = driftloop.check(folder / "reference.csv", folder / "window.csv", segments="ward")
    assert result.segments is not None
    assert [each.sentence for each in result.segments.drifted] != []
    assert json.dumps(told).count('"drift"') == len(result.segments.drifted) == 1


def test_a_monitor_keeps_its_segments(folder: Path) -> None:
    monitor = driftloop.Monitor(folder / "reference.csv", segments=["ward"])
    monitor.save(folder / "monitor.json")
    again = driftloop.Monitor.load(folder / "monitor.json")
    assert monitor.segments == again.segments == ("ward",)
    assert again.update(folder / "window.csv", at="2026-11-02").segments is not None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--segment", "wards"), "segment 'wards': the data has no such column"),
        (("--segment", ""), "segment '': the data has no such column"),
        (("--target", ""), "target '': the data has no such column"),  # of a variable that is not set
        (("--segment", "ward", "--id", "ward"), "segment 'ward': the column is not compared (role id)"),
    ],
)
def test_what_cannot_be_a_segment_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    sides = ["check", "--reference", str(folder / "reference.csv"), "--current", str(folder / "window.csv")]
    assert run([*sides, *options]) == 2
    assert said in capsys.readouterr().err


def test_a_saved_baseline_brings_its_own_segments(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = str(folder / "baseline.parquet")
    assert run(["profile", str(folder / "reference.csv"), "--output", saved, "--segment", "ward"]) == 0
    assert run(["check", "--reference", saved, "--current", str(folder / "window.csv"), "--segment", "ward"]) == 2
    assert "--segment" in capsys.readouterr().err
    assert run(["check", "--reference", saved, "--current", str(folder / "window.csv")]) == 0
    assert "ward = 3: drift: value" in capsys.readouterr().out


def test_a_segment_of_a_schema_is_one_of_categories() -> None:
    schema = driftloop.Schema((driftloop.Column("ward"), driftloop.Column("x", role="target"), driftloop.Column("y")))
    assert schema.with_segments(["ward"]).columns[0] == driftloop.Column("ward", "categorical", segment=True)
    assert schema.with_segments([]) == schema
    with pytest.raises(SchemaError, match="not compared"):
        schema.with_segments(["x"])
