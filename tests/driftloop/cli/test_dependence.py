"""`--cluster` and `--season`: the same answer from the command line, Python and the timer's rules."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import driftloop
from driftloop import Policy
from driftloop.check_series import Series, check_next
from driftloop.cli.main import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("dependence")
    rng = np.random.default_rng(5)
    effects = rng.normal(size=200)

    def visits(patients: np.ndarray, first_day: int) -> pd.DataFrame:
        days = first_day + np.arange(len(patients)) * 70 // len(patients)
        return pd.DataFrame(
            {
                "value": (2 * effects[patients] + rng.normal(size=len(patients))).round(2),
                "patient": [f"P{patient:04}" for patient in patients],
                "seen": pd.Timestamp("2024-01-01 10:00") + pd.to_timedelta(days, unit="D"),
            }
        )

    visits(np.repeat(np.arange(60), 6), 0).to_csv(place / "reference.csv", index=False)
    visits(np.repeat(np.arange(60, 72), 6), 70).to_csv(place / "window.csv", index=False)
    return place


def verdict(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, object]:
    assert run(["check", *map(str, arguments), "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_the_command_line_and_python_relabel_the_same_clusters(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = ("--reference", folder / "reference.csv", "--current", folder / "window.csv")
    found = verdict(capsys, *sides, "--cluster", "patient")
    in_python = driftloop.check(folder / "reference.csv", folder / "window.csv", cluster="patient")
    assert found["p_value"] == in_python.p_value
    assert {"name": "patient", "reason": "names a dependent group"} in found["columns_not_compared"]  # type: ignore[operator]
    plain = driftloop.check(folder / "reference.csv", folder / "window.csv", ignore=["patient"])
    assert plain.p_value is not None
    assert in_python.p_value is not None
    assert in_python.p_value > plain.p_value


def test_a_season_is_asked_for_by_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sides = ("--reference", folder / "reference.csv", "--current", folder / "window.csv")
    found = verdict(capsys, *sides, "--season", "weekday", "--cluster", "patient")
    assert any("records of the same weekday" in str(note) for note in found["notes"])  # type: ignore[attr-defined]
    assert run(["check", *map(str, sides), "--season", "weekday", "--ignore", "seen"]) == 2
    assert "needs a column with the role timestamp" in capsys.readouterr().err


def test_a_saved_baseline_brings_its_own_clusters(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = folder / "baseline.parquet"
    assert run(["profile", str(folder / "reference.csv"), "--output", str(saved), "--cluster", "patient"]) == 0
    capsys.readouterr()
    sides = ("--reference", saved, "--current", folder / "window.csv")
    in_python = driftloop.check(folder / "reference.csv", folder / "window.csv", cluster="patient")
    assert verdict(capsys, *sides)["p_value"] == in_python.p_value
    assert run(["check", *map(str, sides), "--cluster", "patient"]) == 2
    assert "--cluster" in capsys.readouterr().err


def test_a_monitor_keeps_what_it_was_told(folder: Path) -> None:
    monitor = driftloop.Monitor(folder / "reference.csv", cluster="patient", season="weekday")
    assert (monitor.cluster, monitor.season) == ("patient", "weekday")
    monitor.update(folder / "window.csv", at="2026-11-02")
    again = driftloop.Monitor.load(monitor.save(folder / "monitor.json") or folder / "monitor.json")
    assert (again.cluster, again.season) == ("patient", "weekday")
    assert again.evidence == monitor.evidence
    assert again.baseline.schema.season == "weekday"


def test_a_window_of_too_few_clusters_waits_for_the_next() -> None:
    schema = driftloop.Schema((driftloop.Column("value"), driftloop.Column("ward", "categorical", role="cluster")))

    def window(wards: list[int], seed: int) -> driftloop.Window:
        values = np.random.default_rng(seed).normal(size=20 * len(wards))
        frame = pd.DataFrame({"value": values, "ward": [str(ward) for ward in np.repeat(wards, 20)]})
        return driftloop.Window(frame, schema)

    baseline = driftloop.Baseline(window(list(range(8)), 1).profile)
    first, series = check_next(Series(), baseline, window([8], 2), Policy())
    assert first.verdict.value == "insufficient"
    assert first.reasons[0].endswith("at least 2 are needed in the window, or more in the baseline")
    second, series = check_next(series, baseline, window([9], 3), Policy())
    assert second.verdict.value == "stable"
    assert (second.rows, series.waiting) == (40, ())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--cluster", "patient"), "whole groups change sides"),
        (("--season", "weekday"), "Records change sides within their season"),
        ((), "Every record of both sides counts"),
    ],
)
def test_the_report_says_what_changed_sides(folder: Path, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    page = tmp_path / "report.html"
    sides = ("--reference", str(folder / "reference.csv"), "--current", str(folder / "window.csv"))
    assert run(["check", *sides, *options, "--report", str(page), "--quiet", "--language", "en"]) == 0
    assert said in page.read_text(encoding="utf-8")
