"""What makes a file broken: unreadable, without a column, or with one that says nothing in any row."""

import io
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftloop import Column, Schema
from driftloop.data.reading import Reading
from driftloop.errors import InputError
from function_app.incoming.decoding import FEWEST_BLANK, FIRST_LOOK, any_columns, by_schema, checked
from function_app.incoming.sources import File

SCHEMA = Schema(
    columns=(
        Column(name="id", kind="categorical", role="id"),
        Column(name="bmi"),
        Column(name="seen", kind="datetime"),
        Column(name="sex", kind="categorical"),
        Column(name="said", role="prediction"),
    )
)
ALL = frozenset({"bmi", "seen", "sex"})
GOOD: dict[str, Any] = {"bmi": 26.5, "seen": "2026-11-22", "sex": "1"}


def a_file(name: str = "a.parquet") -> File:
    return File("incoming", name, "e", datetime.now(UTC), 1)


def batch(rows: int = FEWEST_BLANK, **columns: Any) -> pa.RecordBatch:
    given = {**{name: [value] * rows for name, value in GOOD.items()}, **columns}
    return pa.RecordBatch.from_pydict(given)


def passed(*batches: pa.RecordBatch, never: frozenset[str] = ALL) -> int:
    return sum(found.num_rows for found in checked(iter(batches), a_file(), SCHEMA, never))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("bmi", pa.array([None] * 20, pa.float64())),
        ("bmi", pa.array([float("nan")] * 20)),
        ("bmi", [""] * 20),
        ("bmi", [" NA "] * 20),
        ("bmi", ["Mrs Patient"] * 20),
        ("bmi", [float("inf")] * 20),
        ("seen", ["yesterday"] * 20),
        ("seen", pa.array([None] * 20, pa.timestamp("us"))),
        ("sex", [""] * 20),
        ("sex", pa.array([None] * 20, pa.string())),
    ],
)
def test_a_column_that_says_nothing_in_any_row_breaks_a_file_and_is_not_quoted(name: str, values: Any) -> None:
    with pytest.raises(InputError, match=f"column '{name}' has no value that can be read in any of 20 rows") as caught:
        passed(batch(**{name: values}))
    assert "Patient" not in str(caught.value)


def test_one_value_anywhere_is_enough() -> None:
    for place in (0, FIRST_LOOK - 1, FIRST_LOOK, 19):
        values: list[Any] = ["?"] * 20
        values[place] = "26.5"
        assert passed(batch(bmi=values)) == 20
    silent = batch(bmi=["?"] * 20)
    assert passed(silent, batch(), silent) == 60


def test_fewer_than_twenty_rows_may_be_empty_by_chance() -> None:
    assert FEWEST_BLANK == 20
    assert passed(batch(19, bmi=[None] * 19)) == 19
    with pytest.raises(InputError):
        passed(batch(10, bmi=[None] * 10), batch(10, bmi=[None] * 10))


def test_only_columns_that_mostly_have_a_value_must_have_one() -> None:
    assert passed(batch(bmi=[None] * 20), never=frozenset({"sex"})) == 20
    assert passed(batch(bmi=[None] * 20), never=frozenset()) == 20


def test_a_feature_that_is_missing_breaks_a_file_and_a_prediction_does_not() -> None:
    with pytest.raises(InputError, match=r"column 'seen' is missing \(2 of 3 are\)"):
        passed(pa.RecordBatch.from_pydict({"bmi": [1.0]}))
    assert passed(batch()) == 20, "the prediction is not there"


def test_names_are_looked_at_in_the_first_batch_only() -> None:
    """JSON Lines may lack a key in a whole batch: there it is a missing value."""
    assert passed(batch(), pa.RecordBatch.from_pydict({"bmi": [1.0]})) == 21


@pytest.mark.parametrize("decode", [any_columns, by_schema])
def test_what_a_model_declares_decides_how_its_files_are_read(decode: Any) -> None:
    text = b"id;bmi;seen;sex\nr1;24,125;01/02/2026;1\n"
    csv = File("incoming", "a.csv", "1", datetime(2026, 11, 2, tzinfo=UTC), len(text))

    def read(reading: Reading) -> dict[str, Any]:
        (batch,) = decode(SCHEMA, reading)(io.BytesIO(text), csv)
        return batch.to_pydict()

    with pytest.raises(InputError, match=r"01/02/2026.*declare \[reading\] dates"):
        read(Reading(decimal=","))
    found = read(Reading(decimal=",", dates="day-first"))
    assert found["bmi"] == [24.125]
    assert found["seen"] == [datetime(2026, 2, 1, tzinfo=UTC).timestamp()]
    own = msgspec.structs.replace(SCHEMA, reading=Reading(decimal=",", dates="month-first"))
    (batch,) = decode(own, Reading())(io.BytesIO(text), csv)
    assert batch.to_pydict()["seen"] == [datetime(2026, 1, 2, tzinfo=UTC).timestamp()], "the schema's own holds"


def test_files_are_read_with_the_columns_of_the_schema() -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({**{name: [value] for name, value in GOOD.items()}, "more": [1]}), buffer)

    (read,) = by_schema(SCHEMA, Reading())(io.BytesIO(buffer.getvalue()), a_file())

    assert set(read.schema.names) == set(GOOD)


def test_a_file_without_the_group_of_its_records_is_broken() -> None:
    schema = Schema((*SCHEMA.columns, Column("ward", "categorical", role="cluster")))
    table = pa.Table.from_batches([batch(30, id=[str(row) for row in range(30)], ward=["north", "south"] * 15)])

    def read(rows: pa.Table) -> int:
        buffer = io.BytesIO()
        pq.write_table(rows, buffer)
        return sum(each.num_rows for each in by_schema(schema, Reading())(io.BytesIO(buffer.getvalue()), a_file()))

    assert read(table) == 30
    with pytest.raises(InputError, match="has no column 'ward', by which its records depend on one another"):
        read(table.drop_columns(["ward"]))
