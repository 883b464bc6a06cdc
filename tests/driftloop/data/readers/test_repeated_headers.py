"""Rows that repeat the header of a CSV are left out, counted, and told as an incident."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import driftloop
from driftloop import Column, Profile, Schema, Verdict, Window, read_batches
from driftloop.data.reading import ReadNotes

SAID = r"rows? repeats? the header: were files joined as they are\? \(if this is normal: give the files as a folder"


def frame(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"a": rng.normal(5, 1, rows), "b": rng.normal(0, 1, rows)})


def joined(path: Path, parts: int, first: int = 3, **options: object) -> Path:
    """Files with headers, one behind the other."""
    path.write_text("".join(frame(60, first + part).to_csv(index=False, **options) for part in range(parts)))
    return path


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    frame(400, 1).to_csv(tmp_path / "reference.csv", index=False)
    return tmp_path / "reference.csv"


@pytest.mark.parametrize("parts", [2, 6])
@pytest.mark.parametrize("options", [{}, {"sep": ";"}, {"lineterminator": "\r\n"}, {"quoting": 1}])
def test_a_csv_that_was_joined_is_an_incident_though_its_columns_are_numbers(tmp_path, reference, parts, options):
    path = joined(tmp_path / "joined.csv", parts, **options)
    result = driftloop.check(reference, path)
    assert result.verdict is Verdict.INCIDENT
    assert any(pd.Series(reason).str.contains(SAID)[0] for reason in result.reasons)
    assert result.rows == 60 * parts
    assert any("joined.csv: rows that repeat the header are left out" in note for note in result.notes)


def test_one_file_and_the_same_files_in_a_folder_are_no_incident(tmp_path, reference):
    assert driftloop.check(reference, joined(tmp_path / "one.csv", 1)).verdict is not Verdict.INCIDENT
    (tmp_path / "parts").mkdir()
    for part in range(3):
        frame(60, 3 + part).to_csv(tmp_path / "parts" / f"{part}.csv", index=False)
    assert driftloop.check(reference, tmp_path / "parts").verdict is not Verdict.INCIDENT


def test_a_reference_that_was_joined_too_makes_it_a_note(tmp_path):
    result = driftloop.check(joined(tmp_path / "reference.csv", 5, first=20), joined(tmp_path / "window.csv", 2))
    assert result.verdict is not Verdict.INCIDENT
    assert sum("rows that repeat the header are left out" in note for note in result.notes) == 2


def test_a_saved_profile_and_a_merged_one_keep_the_count(tmp_path):
    schema = Schema((Column("a"), Column("b")))
    window = Window.build(joined(tmp_path / "w.csv", 4), schema)
    assert window.profile.repeated_headers == 3
    assert Window.from_bytes(window.to_bytes()).profile.repeated_headers == 3
    assert window.profile.merge(window.profile).repeated_headers == 6
    (tmp_path / "parts").mkdir()
    for part in range(4):
        frame(60, 3 + part).to_csv(tmp_path / "parts" / f"{part}.csv", index=False)
    whole = Window.build(tmp_path / "parts", schema)
    assert whole.profile.columns == window.profile.columns
    assert whole.sha256 != window.sha256, "a file that is mended is another window"


def test_a_category_called_like_its_column_is_no_header(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("other,status,third\n" + "x,status,1\n" * 3 + "x,open,2\n" * 5)
    schema = Schema((Column("status", kind="categorical"),))
    profile = Profile.build(read_batches(path, schema), schema)
    assert (profile.rows, profile.repeated_headers, profile.columns["status"].counts["status"]) == (8, 0, 3)


def test_a_block_with_nothing_but_headers_is_counted(tmp_path):
    path = tmp_path / "headers.csv"
    path.write_text("a,b\n" * 5)
    notes = ReadNotes()
    (batch,) = read_batches(path, notes=notes)
    assert batch.num_rows == 0
    assert Profile.build([batch], Schema((Column("a"),))).repeated_headers == 4
