"""Every Arrow type ends in a plain one, or is named as not compared."""

import datetime as dt
import decimal
import io
import uuid

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from driftloop import Baseline, Column, Schema, read_batches
from driftloop.data.columns.numbers import numbers
from driftloop.data.columns.texts import texts
from driftloop.data.columns.times import times
from driftloop.data.plain_types import not_comparable, plain, shortest_decimals, without_short_floats
from driftloop.errors import SchemaError

UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")
PLAIN = {pa.string(), pa.bool_(), pa.float64(), pa.null()}


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array(["a", None], pa.string_view()), ["a", None]),
        (pa.array(["a", None], pa.large_string()), ["a", None]),
        (pa.array([b"a", None], pa.binary_view()), ["a", None]),
        (pa.array([b"a", b"\xff"], pa.large_binary()), ["a", "\\xff"]),
        (pa.array([b"ab", None], pa.binary(2)), ["ab", None]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array([1.5, 2.5, 1.5]).dictionary_encode(), [1.5, 2.5, 1.5]),
        (pc.run_end_encode(pa.array(["a", "a", None])), ["a", "a", None]),
        (pa.array([UUID.bytes, None], pa.uuid()), [str(UUID), None]),
        (pa.array(['{"a": 1}'], pa.json_()), ['{"a": 1}']),
        (pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None, 0], pa.int8())), [True, None, False]),
        (pa.array([0.1, None], pa.float16()), [0.1, None]),
        (pa.array([0.1, 24.7, None], pa.float32()), [0.1, 24.7, None]),
        (pa.array([decimal.Decimal("0.10"), None], pa.decimal128(5, 2)), [0.1, None]),
        (pa.array([decimal.Decimal("1e30")], pa.decimal256(40, 2)), [1e30]),
        (pa.array([decimal.Decimal("0.07")], pa.decimal32(5, 2)), [0.07]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_odd_types_become_plain_ones(array, expected):
    found = plain(array)
    assert found.type in PLAIN
    assert found.to_pylist() == pytest.approx(expected) if found.type == pa.float16() else found.to_pylist() == expected


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.int64()),
        pa.large_list(pa.int64()),
        pa.list_(pa.int64(), 2),
        pa.list_view(pa.int64()),
        pa.struct([("a", pa.int64())]),
        pa.map_(pa.string(), pa.int64()),
        pa.month_day_nano_interval(),
        pa.fixed_shape_tensor(pa.int64(), [2]),
    ],
    ids=str,
)
def test_nested_types_are_named_and_not_compared(kind):
    assert not_comparable(kind)
    table = pa.table({"x": pa.nulls(3, kind), "y": [1.5, 2.5, 3.5]})
    columns = {column.name: column.role for column in Schema.infer(table).columns}
    assert columns == {"x": "ignore", "y": "feature"}
    with pytest.raises(SchemaError, match=r"column 'x'.*cannot be compared"):
        Baseline(table, Schema((Column("x", "categorical"), Column("y"))))


def test_a_nested_column_that_is_declared_is_an_error_that_names_file_and_column(tmp_path):
    schema = Schema((Column("x"), Column("y")))
    table = pa.table({"x": [[1], [2]], "y": [1.0, 2.0]})
    pq.write_table(table, tmp_path / "nested.parquet")
    with pa.ipc.new_file(tmp_path / "nested.arrow", table.schema) as file:
        file.write_table(table)
    (tmp_path / "nested.jsonl").write_text('{"x": [1], "y": 1}\n{"x": [2], "y": 2}\n')
    for ending in ("parquet", "arrow", "jsonl"):
        with pytest.raises(SchemaError, match=f"nested.{ending}: column 'x'"):
            list(read_batches(tmp_path / f"nested.{ending}", schema))
        roles = {c.name: c.role for c in Schema.infer(read_batches(tmp_path / f"nested.{ending}")).columns}
        assert roles == {"x": "ignore", "y": "feature"}


@pytest.mark.parametrize("values", [[1.5, 1.5, 2.5] * 9, ["a", "a", "b"] * 9])
def test_runs_of_plain_values_in_a_file_are_compared(tmp_path, values):
    table = pa.table({"x": pc.run_end_encode(pa.array(values)), "y": pa.array([0.5, 1.5, 2.5] * 9)})
    with pa.ipc.new_file(tmp_path / "runs.arrow", table.schema) as file:
        file.write_table(table)
    column = Schema.infer(read_batches(tmp_path / "runs.arrow")).columns[0]
    assert (column.name, column.role) == ("x", "feature")
    batches = list(read_batches(tmp_path / "runs.arrow"))
    assert [value for batch in batches for value in plain(batch.column(0)).to_pylist()] == values


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_time_is_the_same_in_every_unit_and_as_text(unit):
    moment = dt.datetime(2026, 8, 1, 12, 30, 15, tzinfo=dt.UTC)
    array = pa.array([moment, None]).cast(pa.timestamp(unit, "UTC"))
    text = pa.array(["2026-08-01T12:30:15Z", None])
    assert times(array, ()).values[0] == times(text, ()).values[0] == moment.timestamp()
    assert np.isnan(times(array, ()).values[1])


def test_nanoseconds_are_cut_to_microseconds_as_texts_are():
    array = pa.array([1785542400123456789, -1], pa.timestamp("ns"))
    assert times(array, ()).values.tolist() == [1785542400.123456, -1e-6]
    assert times(pa.array(["2026-08-01 00:00:00.123456789"]), ()).values[0] == 1785542400.123456


def test_int96_of_the_year_9999_is_not_1816():
    sink = io.BytesIO()
    table = pa.table({"x": pa.array([dt.datetime(9999, 12, 31)], pa.timestamp("us"))})  # noqa: DTZ001
    pq.write_table(table, sink, use_deprecated_int96_timestamps=True)
    batch = next(read_batches(io.BytesIO(sink.getvalue()), format="parquet"))
    assert times(batch.column(0), ()).values[0] == 253402214400.0


def test_short_floats_stand_for_the_decimals_that_writers_print():
    rng = np.random.default_rng(2)
    values = np.concatenate(
        [rng.normal(size=3000), 10.0 ** rng.uniform(-30, 30, 3000), rng.integers(0, 2**30, 3000), [0, -0.0, np.nan]]
    ).astype(np.float32)
    expected = np.array([float(str(value)) for value in values])
    np.testing.assert_array_equal(shortest_decimals(values), expected)
    decimals = rng.normal(20, 3, 500).round(2)
    np.testing.assert_array_equal(without_short_floats(decimals.astype(np.float32).astype(float)), decimals)
    np.testing.assert_array_equal(without_short_floats(decimals), decimals)


def test_numbers_beyond_float64_are_infinite_in_every_format():
    huge = "9" * 400
    assert numbers(pa.array([huge, "-" + huge, "1e400"]), ()).values.tolist() == [np.inf, -np.inf, np.inf]
    content = f'{{"x": {huge}}}\n{{"x": -1e400}}\n{{"x": 1}}\n'.encode()
    batch = next(read_batches(io.BytesIO(content), format="jsonl"))
    assert numbers(batch.column(0), ()).values.tolist() == [np.inf, -np.inf, 1.0]


def test_half_surrogates_and_nul_characters_in_texts_are_read():
    content = b'{"g": "\\ud800x"}\n{"g": "a\\u0000b"}\n'
    batch = next(read_batches(io.BytesIO(content), format="jsonl"))
    assert texts(batch.column(0), ()).levels == ("\\ud800x", "a\0b")


def test_whole_numbers_of_json_keep_all_their_digits():
    batch = next(read_batches(io.BytesIO(b'{"id": 9007199254740993}\n{"id": null}\n'), format="jsonl"))
    assert texts(batch.column(0), ()).levels == ("9007199254740993",)


def test_pythons_nan_and_infinity_in_json_are_read():
    content = b'{"x": NaN}\n{"x": Infinity}\n{"x": -Infinity}\n{"x": 1.5}\n'
    batch = next(read_batches(io.BytesIO(content), format="jsonl"))
    np.testing.assert_array_equal(numbers(batch.column(0), ()).values, [np.nan, np.inf, -np.inf, 1.5])


def test_categories_of_a_dictionary_are_looked_at_once_however_long_they_are():
    entries = pa.array(["x" * 100_000, "y"] + [f"unused {i}" for i in range(70_000)])
    array = pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 0] * 10_000, pa.int32()), entries)
    found = texts(array, ())
    assert len(found.levels) == 2
    assert np.bincount(found.codes + 1).tolist() == [10_000, 20_000, 10_000]
