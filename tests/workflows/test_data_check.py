"""What the action `driftloop-check` does with its inputs, and what it tells the run."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.driftloop.populations import draw, fresh
from workflows.data_check import step
from workflows.data_check.step import Inputs, WrongInputError, main, summary_of

FILES = {"CHECK_REFERENCE": "reference.csv", "CHECK_CURRENT": "current.csv", "CHECK_REPORT": "out/report.html"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two tables, in which the step runs."""
    monkeypatch.chdir(tmp_path)
    draw(350, np.random.default_rng(1)).to_csv("reference.csv", index=False)
    fresh(60).to_csv("current.csv", index=False)
    return tmp_path


def ended(folder: Path, **inputs: str) -> tuple[int, dict[str, str], str]:
    """Exit code, outputs and summary of a step."""
    files = {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary")}
    inputs = {f"CHECK_{name.upper()}": value for name, value in inputs.items()}
    code = main({**os.environ, "GITHUB_ACTIONS": "true", **files, **FILES, **inputs})
    written = [(folder / name).read_text() if (folder / name).exists() else "" for name in ("output", "summary")]
    return code, dict(line.split("=", 1) for line in written[0].splitlines()), written[1]


def shifted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(bmi=frame["bmi"] + 9)


def test_a_stable_window_is_a_page_and_two_outputs(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, outputs, summary = ended(folder)
    assert (code, outputs) == (0, {"verdict": "stable", "report": "out/report.html"})
    assert "<svg" in (folder / "out/report.html").read_text()
    assert "### Driftloop: stable" in summary
    assert "| bmi | numeric | mean" in summary
    assert "stable: no change beyond chance" in capfd.readouterr().out


@pytest.mark.parametrize(("fail_on", "code"), [("", 0), ("incident", 0), ("drift", 3), ("incident,drift", 3)])
def test_a_drift_fails_the_step_where_that_was_asked_for_and_is_told_all_the_same(
    folder: Path, capfd: pytest.CaptureFixture[str], fail_on: str, code: int
) -> None:
    shifted(fresh(60)).to_csv("current.csv", index=False)
    found, outputs, summary = ended(folder, fail_on=fail_on)
    assert (found, outputs["verdict"]) == (code, "drift")
    assert "**bmi**" in summary
    assert ("::error::drift: bmi: mean" in capfd.readouterr().out) is (code == 3)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"current": "missing.csv"}, "missing.csv: no such file"),
        ({"current": ""}, "the input current is missing"),
        ({"fail_on": "drfit"}, "did you mean 'drift'"),
        ({"target": "bmj"}, "bmj"),
        ({"reference": "reference.csv\nverdict=stable"}, "more than one line"),
        ({"config": "--help"}, "--help"),
        ({"report": "reference.csv"}, "reference.csv"),
    ],
)
def test_bad_input_is_one_error_and_no_output(
    folder: Path, capfd: pytest.CaptureFixture[str], inputs: dict[str, str], said: str
) -> None:
    code, outputs, summary = ended(folder, **inputs)
    out = capfd.readouterr().out
    assert (code, outputs, summary) == (2, {}, "")
    assert out.startswith("::error::")
    assert out.count("\n") == 1
    assert said in out


def test_every_input_is_an_option_of_the_command(folder: Path) -> None:
    """A value that begins with a dash stays a value; what is ignored stands a line each."""
    said = {"config": "a.toml", "model": "m", "target": "-t", "id": "i", "time": "w", "ignore": "a, b\n\n c \n"}
    read = Inputs.read(FILES | {f"CHECK_{name.upper()}": value for name, value in said.items()})
    assert read.options == (
        "--config=a.toml", "--model=m", "--target=-t", "--id=i", "--time=w", "--ignore=a, b", "--ignore=c",
    )  # fmt: skip
    code, outputs, _ = ended(folder, ignore="bmi\nsex", report="a report.html")
    assert (code, outputs["report"]) == (0, "a report.html")
    assert (folder / "a report.html").exists()


@pytest.mark.parametrize("name", ["REFERENCE", "CURRENT", "REPORT", "FAIL_ON", "MODEL"])
@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\x1bb", "a\x00b"])
def test_a_line_break_in_an_input_forges_no_output(name: str, value: str) -> None:
    with pytest.raises(WrongInputError, match="more than one line, or a control character"):
        Inputs.read(FILES | {f"CHECK_{name}": value})


def test_names_from_the_data_do_nothing_in_the_summary(folder: Path) -> None:
    hostile = "[x](https://x.example) <img src=x> | ![i](i)\n::error::y"
    sizes = np.random.default_rng(2)
    pd.DataFrame({hostile: sizes.normal(size=300)}).to_csv("reference.csv", index=False)
    pd.DataFrame({hostile: sizes.normal(size=60) + 9}).to_csv("current.csv", index=False)
    code, outputs, summary = ended(folder)
    assert (code, outputs["verdict"]) == (0, "drift")
    assert re.search(r"(?<!\\)[<!\[\]]", summary) is None, "every sign that Markdown or HTML takes is escaped"
    assert "\n::" not in summary
    assert len([line for line in summary.splitlines() if line.startswith("|")]) == 3, "the name is one cell"


def test_a_summary_stays_small_however_many_columns_there_are() -> None:
    column = {"name": "c", "kind": "numeric", "effect_text": "mean +1", "p_value": 0.5, "drift": False}
    left_out = [{"name": "x" * 50, "reason": "ignored"}] * 4000
    result: dict[str, Any] = {
        "verdict": "stable", "rows": 5, "baseline_rows": 6, "p_value": 0.5, "reasons": ["r" * 100] * 4000,
        "notes": [], "features": [column] * 4000, "columns_not_compared": left_out,
    }  # fmt: skip
    page = summary_of(result)
    assert len(page) < 50_000
    assert "and 3950 more columns, in the report" in page


def test_an_unknown_verdict_is_not_passed_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "VERDICTS", frozenset())
    with pytest.raises(ValueError, match="gave the verdict 'stable'"):
        ended(folder)
    assert not (folder / "output").exists()
