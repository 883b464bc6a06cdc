"""A holdout that cannot be one is refused in one line: what would give an estimate that is wrong without a sign."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from driftloop import Baseline, Column, DriftloopError, Schema
from driftloop.impact.cross_fitted import KEY, attach, attached
from driftloop.impact.holdout import ERROR, build_holdout, read_holdout
from driftloop.impact.holdout_file import MOST_BYTES, MOST_VALUES
from driftloop.profile.saving.parquet_format import profile_to_bytes
from tests.driftloop.impact.tables import classes, kinds, numbers

OF_CLASSES = Schema((Column("x"), Column("y", "categorical", role="target")))
OF_NUMBERS = Schema((Column("x"), Column("z", "categorical"), Column("y", role="target")))


def put(table: pa.Table, name: str, values: Any) -> pa.Table:
    """The table with another column in the place of one, or one more."""
    at = table.schema.get_field_index(name)
    column = pa.array(values) if not isinstance(values, pa.ChunkedArray) else values
    return table.append_column(name, column) if at < 0 else table.set_column(at, name, column)


def refused(source: Any, schema: Schema, said: str) -> None:
    with pytest.raises(DriftloopError, match=said) as caught:
        read_holdout(source, schema)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("factor", [100.0, -1.0])
def test_what_is_no_probability_is_refused(factor: float) -> None:
    table = classes(1)
    refused(
        put(table, "probability_yes", pc.multiply(table["probability_yes"], factor)), OF_CLASSES, "outside of 0 to 1"
    )


def test_probabilities_may_be_off_by_their_rounding() -> None:
    table = classes(1)
    rounded = np.minimum(table["probability_yes"].to_numpy(), 1).astype(np.float32) + np.float32(2e-7)
    assert read_holdout(put(table, "probability_yes", rounded), OF_CLASSES).rows == 500


def test_probabilities_of_one_record_add_up_to_one_at_most() -> None:
    table = classes(1)
    said = table["probability_yes"]
    refused(put(table, "probability_no", said), OF_CLASSES, "add up to more than 1")
    other = put(table, "probability_no", pc.round(pc.subtract(1.0, said), 2))
    assert read_holdout(other, OF_CLASSES).rows == 500


def test_probabilities_of_a_class_that_never_comes_are_refused() -> None:
    misspelt = classes(1).rename_columns({"probability_yes": "probability_Yes"})
    refused(misspelt, OF_CLASSES, "a class that no outcome has")


def test_a_rare_class_may_be_missing_among_the_outcomes() -> None:
    """Probabilities that promise one record of 500 are not contradicted by none."""
    table = put(put(classes(1), "y", ["no"] * 500), "probability_yes", np.full(500, 0.002))
    assert read_holdout(table, OF_CLASSES).rows == 500


def test_the_schema_says_which_classes_there_are() -> None:
    listed = Schema((Column("x"), Column("y", "categorical", role="target", categories=("yes", "no"))))
    table = put(classes(1), "probability_yes", np.full(500, 0.002)).rename_columns(
        {"probability_yes": "probability_si"}
    )
    refused(table, listed, "a class that no outcome has")


@pytest.mark.parametrize("answers", [["LOW"] * 500, np.linspace(0, 1, 500).astype(str).tolist()])
def test_predictions_of_classes_that_no_outcome_has_are_refused(answers: list[str]) -> None:
    refused(put(kinds(1), "prediction", answers), OF_CLASSES, "spell both alike")


def test_a_model_that_is_always_wrong_about_one_class_is_read() -> None:
    labelled = put(put(kinds(1, 60), "y", ["high"] * 60), "prediction", ["low"] * 60)
    assert read_holdout(labelled, OF_CLASSES).rows == 60


def test_an_error_of_a_class_is_at_most_one() -> None:
    refused(put(classes(1), ERROR, np.full(500, 1.5)), OF_CLASSES, "at most 1, and 500 are not")


def test_a_feature_that_is_missing_or_unreadable_is_named() -> None:
    table = numbers(1)
    refused(table.drop_columns("z"), OF_NUMBERS, "has no column 'z'")
    refused(put(table, "x", ["a word"] * 500), OF_NUMBERS, "column 'x' is numeric")


def edited(saved: Baseline, name: str, values: list[Any], column: str = "sample_values") -> bytes:
    """A saved holdout with a column's list replaced, as a damaged file would have it."""
    table = pq.read_table(pa.BufferReader(saved.to_bytes()))
    rows = table.to_pylist()
    for row in rows:
        if row["name"] == name:
            row[column] = values
            row["decimals"] = -1
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


@pytest.fixture
def saved() -> Baseline:
    return build_holdout(numbers(1), np.random.default_rng(7).exponential(size=500), OF_NUMBERS)


@pytest.mark.parametrize("error", [float("nan"), float("inf"), -1.0, 1e300])
@pytest.mark.parametrize("beside", [False, True])
def test_saved_errors_that_are_none_are_refused(saved: Baseline, tmp_path: Path, error: float, beside: bool) -> None:
    bad = edited(saved, ERROR, [error] * 500)
    content = profile_to_bytes(saved.profile, {KEY: b64encode(bad)}) if beside else bad
    (tmp_path / "holdout.parquet").write_bytes(content)
    refused(tmp_path / "holdout.parquet", OF_NUMBERS, "holdout.parquet: its errors must be finite, not negative")


@pytest.mark.parametrize("weight", [-5, 0, 10**15])
def test_weights_that_the_records_do_not_have_are_refused(saved: Baseline, tmp_path: Path, weight: int) -> None:
    (tmp_path / "holdout.parquet").write_bytes(edited(saved, "x", [weight] * 500, "sample_weights"))
    refused(tmp_path / "holdout.parquet", OF_NUMBERS, "holdout.parquet: its sample counts records that it was not")


@pytest.mark.parametrize("inside", [b"", b"!! no Base64", b64encode(b"PAR1 nothing")])
def test_damaged_cross_fitted_records_name_the_file(saved: Baseline, tmp_path: Path, inside: bytes) -> None:
    (tmp_path / "holdout.parquet").write_bytes(profile_to_bytes(saved.profile, {KEY: inside}))
    refused(tmp_path / "holdout.parquet", OF_NUMBERS, "holdout.parquet: ")


@pytest.mark.parametrize("beside", [False, True])
def test_a_file_that_unpacks_to_more_than_a_holdout_is_refused_unread(
    saved: Baseline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, beside: bool
) -> None:
    table = pq.read_table(pa.BufferReader(saved.to_bytes()))
    count = MOST_VALUES * table.num_rows + 1
    at = table.schema.get_field_index("sample_values")
    ends = pa.array([0, *[count] * table.num_rows], pa.int32())
    many = pa.ListArray.from_arrays(ends, pa.array(np.zeros(count)))
    sink = pa.BufferOutputStream()
    pq.write_table(table.set_column(at, table.schema.field(at), many), sink, compression="zstd")
    content = sink.getvalue().to_pybytes()
    assert len(content) < 50_000
    if beside:
        content = profile_to_bytes(saved.profile, {KEY: b64encode(content)})
    (tmp_path / "holdout.parquet").write_bytes(content)
    opened: list[object] = []
    monkeypatch.setattr(pq, "ParquetFile", opened.append)
    refused(tmp_path / "holdout.parquet", OF_NUMBERS, "holds more than a holdout of 3 columns can")
    assert opened == []


def test_a_holdout_within_holdouts_is_refused_unread(
    saved: Baseline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each level of Base64, which is stored twice, is 2.7 times the one inside."""
    content = saved.to_bytes()
    while len(content) < MOST_BYTES * 4:
        content = profile_to_bytes(saved.profile, {KEY: b64encode(content)})
    (tmp_path / "holdout.parquet").write_bytes(content)
    opened: list[object] = []
    monkeypatch.setattr(pq, "read_metadata", opened.append)
    refused(tmp_path / "holdout.parquet", OF_NUMBERS, "holds more than a holdout")
    assert opened == [], "it is all in the metadata, which alone would take seven times its size"


def test_the_largest_holdout_is_read(tmp_path: Path) -> None:
    """As many records as are kept, long names that are all different, and as much again beside them."""
    rng = np.random.default_rng(3)
    names = [f"{n:04}" + "n" * 400 for n in range(1024)]
    schema = Schema((Column("z", "categorical"), *(Column(f"x{n}") for n in range(20)), Column("y", role="target")))
    values = {"z": rng.choice(names, 3000), **{f"x{n}": rng.normal(size=3000) for n in range(20)}}
    whole = build_holdout(pa.table(values), rng.exponential(size=3000), schema)
    both = attach(whole, build_holdout(pa.table(values).slice(0, 2000), rng.exponential(size=2000), schema))
    (tmp_path / "holdout.parquet").write_bytes(both.to_bytes())
    read = read_holdout(tmp_path / "holdout.parquet", schema)
    assert attached(read) is not None
    assert read.rows == 3000
