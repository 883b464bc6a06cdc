"""Profiles of any batch: bounded, mergeable, the same bytes whatever the order of the parts."""

import datetime as dt
import decimal
import tracemalloc
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftloop import Baseline, Column, Profile, Schema, Window
from driftloop.errors import BaselineError, SchemaError

SCHEMA = Schema((Column("x"), Column("g", "categorical"), Column("t", "datetime", role="timestamp")))


def table(rows, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    x[rng.random(rows) < 0.1] = np.nan
    x[:2] = [np.inf, -np.inf]
    times = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 10**6, rows), unit="s")
    return pa.table({"x": x, "g": rng.choice(["a", "b", None], rows), "t": times})


def bytes_of(data):
    return Window.build(data, SCHEMA).to_bytes()


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_the_same_rows_give_the_same_bytes_whatever_the_order_and_the_parts(cuts, seed):
    data = table(3_000)
    order = np.random.default_rng(seed).permutation(3_000)
    shuffled = data.take(order)
    bounds = [0, *sorted(cuts), 3_000]
    parts = [Window.build(shuffled.slice(a, b - a), SCHEMA) for a, b in pairwise(bounds)]
    merged = parts[-1]
    for part in parts[:-1]:
        merged = merged.merge(part)
    assert merged.to_bytes() == bytes_of(data)
    batches = [part for a, b in pairwise(bounds) for part in shuffled.slice(a, b - a).to_batches()]
    assert bytes_of(batches) == bytes_of(data)


def test_every_row_is_counted_once():
    data = table(5_000)
    profile = Profile.build(data, SCHEMA)
    x, g = profile.columns["x"], profile.columns["g"]
    assert profile.rows == x.rows == g.rows == 5_000
    assert x.missing + x.infinite + x.histogram.total == 5_000
    assert (x.negative_infinite, x.positive_infinite) == (1, 1)
    assert g.missing + g.categories.total == 5_000
    finite = np.asarray(data["x"])[2:]
    assert (x.minimum, x.maximum) == (np.nanmin(finite), np.nanmax(finite))


def test_it_survives_its_file():
    window = Window.build(table(4_000), SCHEMA)
    back = Window.from_bytes(window.to_bytes())
    assert back.to_bytes() == window.to_bytes()
    assert back.sha256 == window.sha256
    assert back.schema == SCHEMA
    assert (back.first_time, back.last_time) == (window.first_time, window.last_time)
    np.testing.assert_array_equal(back.profile.sample.values, window.profile.sample.values)


def test_ten_columns_of_any_rows_fit_in_a_hundred_kilobytes():
    schema = Schema(tuple(Column(f"c{number}") for number in range(10)))
    rng = np.random.default_rng(5)
    sizes = []
    for rows in (20_000, 200_000):
        data = pa.table({f"c{number}": rng.normal(size=rows) for number in range(10)})
        sizes.append(len(Baseline.build(data, schema).to_bytes()))
    assert max(sizes) < 100_000
    assert sizes[1] < 1.1 * sizes[0]


def test_memory_does_not_grow_with_the_rows():
    schema = Schema(tuple(Column(f"c{number}") for number in range(4)))

    def peak(batches):
        def stream():
            rng = np.random.default_rng(6)
            for _ in range(batches):
                yield pa.RecordBatch.from_pydict({f"c{n}": rng.normal(size=20_000) for n in range(4)})

        tracemalloc.start()
        Profile.build(stream(), schema)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    assert peak(40) < 1.5 * peak(8)


AS_NUMBERS = {
    "integers": pa.array([1, 2, None, 40], pa.int8()),
    "unsigned beyond 2**63": pa.array([1, 2, None, 2**64 - 1], pa.uint64()),
    "decimals": pa.array([decimal.Decimal("1"), decimal.Decimal("2"), None, decimal.Decimal("40.5")]),
    "single precision": pa.array([1, 2, None, 40], pa.float32()),
    "texts": pa.array([" 1", "2.0", "", "4e1"]),
    "dictionary of texts": pa.array(["1", "2", None, "40"]).dictionary_encode(),
    "large texts": pa.array(["1", "2", "NA", "40"], pa.large_string()),
    "durations": pa.array([1, 2, None, 40], pa.duration("s")),
    "halves": pa.array(np.array([1, 2, np.nan, 40], np.float16)),
}


@pytest.mark.parametrize("array", AS_NUMBERS.values(), ids=AS_NUMBERS.keys())
def test_any_type_of_number_is_read(array):
    column = Profile.build(pa.table({"x": array}), Schema((Column("x"),))).columns["x"]
    assert (column.rows, column.missing, column.malformed) == (4, 1, 0)
    assert column.minimum == 1.0
    assert column.maximum >= 40


AS_TIMES = {
    "zone": pa.array([dt.datetime(2026, 5, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))), None]),
    "no zone is UTC": pa.array(np.array(["2026-05-01", "NaT"], "datetime64[us]")),
    "nanoseconds": pa.array(np.array(["2026-05-01", "NaT"], "datetime64[ns]")),
    "dates": pa.array([dt.date(2026, 5, 1), None]),
    "texts": pa.array(["2026-05-01T00:00:00Z", ""]),
    "texts without zone": pa.array(["2026-05-01", None]),
}


@pytest.mark.parametrize("array", AS_TIMES.values(), ids=AS_TIMES.keys())
def test_any_type_of_time_is_read_as_utc(array):
    schema = Schema((Column("t", "datetime"), Column("u", "datetime", role="timestamp")))
    window = Window.build(pa.table({"t": array, "u": array}), schema)
    assert window.first_time == "2026-05-01T00:00:00Z"
    column = window.profile.columns["t"]
    assert (column.missing, column.minimum) == (1, dt.datetime(2026, 5, 1, tzinfo=dt.UTC).timestamp())


def test_a_category_is_the_same_as_number_text_or_bool():
    schema = Schema((Column("g", "categorical"),))
    variants = [[1, 2, None], [1.0, 2.0, float("nan")], ["1", "2.0", ""], ["1", "2", None]]
    counts = [Profile.build(pa.table({"g": pa.array(v)}), schema).columns["g"].counts for v in variants]
    assert counts == [{"1": 1, "2": 1}] * 4
    flags = Profile.build(pa.table({"g": pa.array([True, False, None])}), schema).columns["g"]
    assert (flags.counts, flags.missing) == ({"false": 1, "true": 1}, 1)


def test_pandas_missing_values_of_all_kinds_are_missing():
    frame = pd.DataFrame(
        {
            "a": pd.array([1, pd.NA, 3], dtype="Int64"),
            "b": [1.0, np.nan, 3.0],
            "c": pd.Series(["x", None, "y"]),
            "d": pd.to_datetime(["2026-01-01", None, "2026-01-02"]),
        }
    )
    kinds = {"a": "numeric", "b": "numeric", "c": "categorical", "d": "datetime"}
    schema = Schema(tuple(Column(name, kind) for name, kind in kinds.items()))
    assert [column.missing for column in Profile.build(frame, schema).columns.values()] == [1, 1, 1, 1]


def test_an_empty_text_is_a_value_where_the_schema_says_so():
    schema = Schema((Column("g", "categorical"),), missing=("unknown",))
    column = Profile.build(pa.table({"g": ["", "unknown", "a"]}), schema).columns["g"]
    assert (column.missing, column.counts) == (1, {"": 1, "a": 1})


def test_what_is_no_number_is_counted_as_malformed_and_missing():
    column = Profile.build(pa.table({"x": ["1", "two", "3;5", ""]}), Schema((Column("x"),))).columns["x"]
    assert (column.malformed, column.missing, column.histogram.total) == (2, 3, 1)


def test_a_constant_an_all_missing_and_an_absent_column_are_summarised():
    schema = Schema((Column("a"), Column("b"), Column("c")))
    columns = Profile.build(pa.table({"a": [5.0] * 9, "b": pa.nulls(9)}), schema).columns
    assert (columns["a"].minimum, columns["a"].maximum) == (5.0, 5.0)
    assert (columns["b"].missing, columns["b"].absent, columns["b"].minimum) == (9, 0, None)
    assert (columns["c"].missing, columns["c"].absent) == (9, 9)


def test_a_nested_column_is_refused_by_name():
    with pytest.raises(SchemaError, match=r"column 'x'.*flatten"):
        Profile.build(pa.table({"x": [[1, 2], [3]]}), Schema((Column("x"),)))


def test_profiles_of_different_schemas_do_not_merge():
    a = Window.build(pa.table({"x": [1.0]}), Schema((Column("x"),)))
    b = Window.build(pa.table({"y": [1.0]}), Schema((Column("y"),)))
    with pytest.raises(SchemaError, match="different schemas"):
        a.merge(b)


@pytest.mark.parametrize("content", [b"", b"not parquet", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_a_damaged_baseline_is_refused_in_one_line(content):
    with pytest.raises(BaselineError) as caught:
        Baseline.from_bytes(content)
    assert "\n" not in str(caught.value)


def test_a_truncated_baseline_and_a_foreign_parquet_file_are_refused(tmp_path):
    whole = Baseline.build(table(100), SCHEMA).to_bytes()
    with pytest.raises(BaselineError, match="build it again"):
        Baseline.from_bytes(whole[: len(whole) // 2])
    path = tmp_path / "foreign.parquet"
    pd.DataFrame({"x": [1.0]}).to_parquet(path)
    with pytest.raises(BaselineError, match="not a profile"):
        Baseline.from_bytes(path.read_bytes())


def test_a_newer_version_is_refused_with_the_way_out(monkeypatch):
    monkeypatch.setattr("driftloop.profile.saving.parquet_format.PLAIN", 99)
    content = Baseline.build(table(100), SCHEMA).to_bytes()
    monkeypatch.undo()
    with pytest.raises(BaselineError, match=r"version 99 is newer.*update driftloop"):
        Baseline.from_bytes(content)
