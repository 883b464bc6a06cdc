"""Each planted fault is found, and named with what mends it; a set-up without one has none."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from driftloop.checkup.examine import examine
from driftloop.checkup.findings import ORDER, Finding
from driftloop.checkup.window_checks import days_between_checks, smallest_shift
from driftloop.errors import ConfigError
from tests.driftloop.checkup.set_ups import ROWS, Change, bad, edit, looked_at, made
from tests.driftloop.setup.tables import saved


@pytest.mark.parametrize("target", ["price", "garden", "town"])
def test_what_init_has_made_needs_no_mending(tmp_path: Path, target: str) -> None:
    assert bad(made(tmp_path, target=target)) == []


def column(name: str, value: object, rows: int) -> Change:
    """Replaces a column's first values."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        changed = frame.astype({name: object})
        changed.loc[: rows - 1, name] = value  # type: ignore[call-overload]
        return changed

    return change


@pytest.mark.parametrize(
    ("change", "severity", "where", "what", "fix"),
    [
        (lambda f: f.drop(columns="size"), "error", "column 'size'", "no such column", "correct `name`"),
        (lambda f: f.drop(columns="price"), "error", "column 'price'", "no such column", "correct `name`"),
        (lambda f: f.head(0), "error", "model m", "no records", "some"),
        (column("size", "large", 40), "error", "column 'size'", "40 of 400 values are not numeric", "correct `kind`"),
        (column("size", "large", 2), "warning", "column 'size'", "2 of 400 values are not numeric", "correct `kind`"),
        (column("size", None, ROWS), "warning", "column 'size'", "no record has a value", "ignore"),
        (column("size", "inf", 5), "warning", "column 'size'", "5 of 400 values are infinite", "zero"),
        (column("size", 1e9, 40), "error", "column 'size'", "beyond its range", "widen `range`"),
        (column("size", 1e9, 1), "warning", "column 'size'", "1 of 400 values lie beyond", "widen `range`"),
        (column("town", "Trier", 40), "error", "column 'town'", "not among its categories ('Trier')", "categories"),
        (column("town", "Erika", 1), "warning", "column 'town'", "a rare value", "categories"),
        (column("price", None, 300), "warning", "target 'price'", "300 of 400 records have no value", "more labels"),
        (column("price", None, ROWS), "error", "target 'price'", "no record has a value", "outcomes"),
        (column("price", 7.0, ROWS), "error", "target 'price'", "have the same value", "another target"),
        (column("house", "H1", 3), "error", "id 'house'", "2 of 400 records have an id that another has", "one record"),
        (column("house", None, 3), "warning", "id 'house'", "3 of 400 records have none", "the feed"),
        (column("sold_at", None, 3), "warning", "time 'sold_at'", "3 of 400 records have none", "the feed"),
        (column("sold_at", "2999-01-01", 3), "error", "time 'sold_at'", "lie ahead of today", "was made"),
    ],
)
def test_a_fault_of_the_table_is_found(
    tmp_path: Path, change: Change, severity: str, where: str, what: str, fix: str
) -> None:
    config = made(tmp_path, change)
    found = [f for f in bad(config) if where in f.where and what in f.what and fix in f.fix]
    assert [f.severity for f in found] == [severity], bad(config)
    assert "Erika" not in repr(bad(config)), "a rare value is nobody's to read"
    assert all("\n" not in f.line for f in bad(config))


@pytest.mark.parametrize(
    ("file", "pattern", "by", "what"),
    [
        ("models/m/schema.toml", 'role = "id"', "", "no column has the role id"),
        ("models/m/schema.toml", 'role = "timestamp"', "", "no column has the role timestamp"),
        ("models/m/schema.toml", 'role = "target"', "", "no column has the role target"),
        ("models/m/schema.toml", 'kind = "numeric"', 'kind = "numerc"', "did you mean 'numeric'?"),
        ("models/m/model.toml", "^data = .*", 'data = "nowhere.csv"', "is not there"),
        ("driftloop.toml", "^budget", "budgt", "unknown entry 'budgt'"),
        ("driftloop.toml", '^name = "m"', 'name = "other"', "does not name this model"),
    ],
)
def test_a_fault_of_the_files_is_found(tmp_path: Path, file: str, pattern: str, by: str, what: str) -> None:
    config = made(tmp_path)
    edit(tmp_path / file, pattern, by)
    assert any(what in finding.what for finding in bad(config)), bad(config)


def test_a_model_without_a_folder_is_found(tmp_path: Path) -> None:
    config = made(tmp_path)
    config.write_text(config.read_text() + '\n[[model]]\nname = "gone"\n')
    assert [f.what for f in bad(config) if f.where == "model gone"] == ["has no models/gone/schema.toml"]


@pytest.mark.parametrize("content", [None, "[[model]\n"])
def test_a_configuration_that_cannot_be_read_is_the_one_finding(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "driftloop.toml").write_text(content)
    (found,) = examine(tmp_path / "driftloop.toml", {})
    assert (found.severity, found.fix) == ("error", "nothing else was looked at")


def test_a_table_that_is_no_table_is_one_finding(tmp_path: Path) -> None:
    config = made(tmp_path)
    (tmp_path / "table.csv").write_bytes(b"\x00\x01PNG\xff")
    found = [finding for finding in bad(config) if "table" in finding.where]
    assert [finding.severity for finding in found] == ["error"]


def test_a_category_target_with_too_many_classes_does_not_fit_a_binary_task(tmp_path: Path) -> None:
    config = made(tmp_path, target="garden")
    schema = tmp_path / "models/m/schema.toml"
    edit(schema, r'^categories = \["no", "yes"\]', "")
    frame = pd.read_csv(tmp_path / "table.csv")
    frame["garden"] = np.random.default_rng(2).choice(["yes", "no", "perhaps"], ROWS)
    saved(frame, tmp_path / "table.csv")
    assert [f.what for f in bad(config) if "target" in f.where] == ["the task is binary, and it has 3 classes"]


def test_another_table_is_looked_at_where_it_is_given(tmp_path: Path) -> None:
    config = made(tmp_path)
    frame = pd.read_csv(tmp_path / "table.csv").drop(columns="size")
    other = saved(frame, tmp_path / "other.csv")
    found = examine(config, {}, model="m", data=other)
    assert any("no such column" in finding.what for finding in found)
    config.write_text(config.read_text() + '\n[[model]]\nname = "gone"\n')
    with pytest.raises(ConfigError, match="choose one by --model"):
        examine(config, {}, data=other)
    with pytest.raises(ConfigError, match="did you mean 'gone'"):
        examine(config, {}, model="gon")


def test_findings_come_the_worst_first_and_each_once(tmp_path: Path) -> None:
    config = made(tmp_path, column("size", 1e9, 1))
    edit(tmp_path / "models/m/schema.toml", 'role = "id"', "")
    found = examine(config, {})
    assert [ORDER[finding.severity] for finding in found] == sorted(ORDER[finding.severity] for finding in found)
    assert len(set(found)) == len(found)
    assert {finding.severity for finding in found} == {"error", "warning", "note"}


@pytest.mark.parametrize(
    ("schedule", "days"),
    [(None, 1.0), ("0 0 6 * * mon", 7.0), ("0 0 */6 * * *", 0.25), ("0 0 6 1 * *", 30.4), ("0 0 6 31 2 *", 1.0)],
)
def test_the_window_follows_from_the_schedule(tmp_path: Path, schedule: str | None, days: float) -> None:
    config = made(tmp_path)
    edit(config, "^schedule = .*", "" if schedule is None else f'schedule = "{schedule}"')
    assert days_between_checks(looked_at(config)) == pytest.approx(days, rel=0.03)


def daily(place: Path, change: Change | None = None) -> Path:
    """A set-up that is checked at each tick of the timer."""
    config = made(place, change)
    edit(config, "^schedule = .*", "")
    return config


def window_findings(config: Path) -> list[Finding]:
    return [finding for finding in examine(config, {}) if finding.where.endswith("window")]


def test_what_a_window_finds_is_told(tmp_path: Path) -> None:
    config = daily(tmp_path)
    found = window_findings(config)
    assert [finding.severity for finding in found] == ["note", "note"]  # 2 records a day wait for 20
    assert "fewer than min_rows = 20" in found[0].what
    assert "Cohen" in found[1].what
    command = f"driftloop power {tmp_path / 'table.csv'} --config {config} --model m --rows 20"
    assert command in found[1].what


def test_windows_of_the_suggested_schedule_are_those_that_were_suggested(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = made(tmp_path)
    suggested = re.search(r"window +about (\d+) records", capsys.readouterr().out)
    (finding,) = window_findings(config)
    told = re.search(r"one of about (\d+) records", finding.what)
    assert suggested
    assert told
    assert float(told[1]) == pytest.approx(float(suggested[1]), rel=0.03)  # months differ


@pytest.mark.parametrize(
    ("rows", "least", "fix"),
    [(25, 20, "the 25 records of the table limit it"), (400, 2, "check less often"), (200, 2, "raise `min_rows`")],
)
def test_windows_that_find_only_large_shifts_are_told(tmp_path: Path, rows: int, least: int, fix: str) -> None:
    config = daily(tmp_path, lambda frame: frame.iloc[:: ROWS // rows].head(rows))
    config.write_text(config.read_text() + f"min_rows = {least}\n")
    (finding,) = [finding for finding in window_findings(config) if finding.severity == "warning"]
    assert fix in finding.fix


@pytest.mark.parametrize("columns", [1, 10])
def test_the_smallest_shift_is_found_in_eight_of_ten(columns: int) -> None:
    """By simulation of the test that the formula is of: two-sided, z of two means, one of several columns."""
    from scipy import special

    rng = np.random.default_rng(3)
    window, reference, rate, runs = 60, 350, 1 / 52, 4_000
    shift = smallest_shift(window, reference, columns, rate)
    z = rng.normal(shift / np.sqrt(1 / window + 1 / reference), 1, runs)
    level = -special.ndtri(rate * 0.75 / columns / 2)
    assert np.mean(z > level) == pytest.approx(0.8, abs=4 * np.sqrt(0.8 * 0.2 / runs))
