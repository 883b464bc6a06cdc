"""A column that the schema needs and that cannot be read is an error with the file's name, never left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import driftloop
from driftloop import Column, InputError, Schema
from driftloop.data.readable import FIRST_LOOK, refuse_unreadable
from driftloop.data.reading import ReadNotes

SCHEMA = Schema(
    (Column("x"), Column("at", kind="datetime", role="timestamp"), Column("who", kind="categorical", role="id"))
)
ALL = {"feature", "timestamp"}


def table(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    at = pd.Timestamp("2026-08-01") + pd.to_timedelta(np.sort(rng.integers(0, 60_000, rows)), unit="min")
    return pd.DataFrame(
        {"x": rng.normal(5, 1, rows), "at": at.astype(str), "who": [f"{seed}-{n}" for n in range(rows)]}
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    reference, window = table(300, 1), table(100, 2)
    reference.to_csv(tmp_path / "reference.csv", index=False)
    window.to_csv(tmp_path / "window.csv", index=False)
    reference.assign(x=[f"q{n}" for n in range(300)]).to_csv(tmp_path / "bad_x.csv", index=False)
    reference.assign(at="later").to_csv(tmp_path / "bad_at.csv", index=False)
    window.assign(at="later").to_csv(tmp_path / "window_at.csv", index=False)
    return tmp_path


@pytest.mark.parametrize(
    ("reference", "current", "said"),
    [
        (
            "bad_x.csv",
            "window.csv",
            "bad_x.csv: column 'x' is read as numeric, but none of its 300 values can be: declare",
        ),
        ("bad_at.csv", "window.csv", "bad_at.csv: column 'at' is read as datetime, but none of its 300 values can be"),
        (
            "reference.csv",
            "window_at.csv",
            "window_at.csv: column 'at' is read as datetime, but none of its 100 values",
        ),
    ],
)
def test_a_declared_column_that_cannot_be_read_is_an_error_on_either_side(folder, reference, current, said):
    with pytest.raises(InputError) as caught:
        driftloop.check(folder / reference, folder / current, schema=SCHEMA)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_feature_of_the_window_is_an_incident(folder):
    result = driftloop.check(folder / "reference.csv", folder / "bad_x.csv", schema=SCHEMA)
    assert result.verdict is driftloop.Verdict.INCIDENT
    assert any(reason.startswith("x: 100% of the values are not numeric") for reason in result.reasons)


def test_a_time_that_nobody_declared_is_a_note(folder):
    result = driftloop.check(folder / "reference.csv", folder / "window_at.csv")
    assert any("window_at.csv: column 'at' is read as datetime, but none of its 100" in note for note in result.notes)
    with pytest.raises(InputError, match=r"window_at\.csv: column 'at'"):
        driftloop.check(folder / "reference.csv", folder / "window_at.csv", time="at")


def test_a_reference_without_a_declared_column_is_an_error(folder):
    schema = Schema((*SCHEMA.columns, Column("y")))
    with pytest.raises(InputError, match=r"reference\.csv: has no column 'y'"):
        driftloop.check(folder / "reference.csv", folder / "window.csv", schema=schema)


def test_an_id_or_time_that_is_not_there_is_a_note(folder):
    schema = Schema((Column("x"), Column("day", kind="datetime", role="timestamp"), Column("number", role="id")))
    notes = driftloop.check(folder / "reference.csv", folder / "window.csv", schema=schema).notes
    for name, role in (("day", "the record's time"), ("number", "the record's id")):
        for side in ("reference.csv", "window.csv"):
            assert any(
                note.endswith(f"{side}: has no column {name!r}, which the schema names as {role}") for note in notes
            )


def passed(*columns: dict[str, list[object]]) -> int:
    batches = [pa.RecordBatch.from_pydict(each) for each in columns]
    return len(list(refuse_unreadable(batches, SCHEMA, "a.csv", ALL, ReadNotes())))


def test_one_value_that_can_be_read_is_enough_wherever_it_stands():
    late = ["?"] * (2 * FIRST_LOOK) + ["1.5"]
    assert passed({"x": ["?"], "at": ["2026-08-01"]}, {"x": late, "at": ["?"] * len(late)}) == 2


def test_a_column_without_a_value_is_missing_and_not_unreadable():
    assert passed({"x": [None, None], "at": ["", "NA"]}) == 1
    with pytest.raises(InputError, match="none of its 3 values"):
        passed({"x": ["?", None, "?"], "at": ["", "", " "]}, {"x": ["?"], "at": ["2026-08-01"]})
