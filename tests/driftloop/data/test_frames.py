"""Frames of pandas and polars that Arrow does not take as they are: converted, or refused with the column's name."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from driftloop import Baseline, InputError, check
from driftloop.data.tables import as_batches

ROWS = 60


def counts() -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.random.default_rng(1).integers(0, 3, ROWS)


def table_of(source: Any) -> pa.Table:
    return pa.Table.from_batches(as_batches(source))


def test_sparse_columns_are_read_as_the_dense_ones_that_they_stand_for() -> None:
    dense = pd.DataFrame({"a": counts(), "b": np.where(counts() == 1, np.nan, 0.5)})
    sparse = dense.astype({"a": pd.SparseDtype("int64", 0), "b": pd.SparseDtype("float64")})
    assert Baseline(sparse) == Baseline(dense)
    assert str(sparse.dtypes["a"]).startswith("Sparse"), "the caller's frame stays as it was"


def test_periods_are_the_times_at_which_they_begin_whatever_their_length() -> None:
    days = pd.period_range("2026-01-01", periods=ROWS, freq="D")
    assert table_of(pd.DataFrame({"t": days}))["t"].to_pylist() == days.to_timestamp().to_list()
    hours = pd.DataFrame({"t": days.asfreq("h", "start"), "a": counts()})
    assert Baseline(hours) == Baseline(pd.DataFrame({"t": days, "a": counts()}))


def test_names_that_are_no_texts_become_texts_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names = [pd.Timestamp("2026-01-01"), "a", 3]
        frame = pd.DataFrame(np.ones((3, 3))).set_axis(pd.Index(names, dtype=object), axis=1)
        assert table_of(frame).column_names == ["2026-01-01 00:00:00", "a", "3"]


PANDAS: dict[str, tuple[Callable[[], Any], str]] = {
    "several types": (lambda: [1, "a", 2.5] * (ROWS // 3), "several types (float, int, str): convert them to one"),
    "beyond 64 bits": (lambda: [2**70] * ROWS, "do not fit into 64 bits: convert them to float"),
    "complex": (lambda: np.ones(ROWS) * 1j, "the type complex128, which cannot be compared: convert them"),
    "long double": (lambda: np.ones(ROWS, "longdouble"), "cannot be compared: convert them"),
    "fractions": (lambda: [Fraction(1, 3)] * ROWS, "holds Fraction values, which cannot be compared"),
    "half a pair of surrogates": (lambda: ["a\ud800"] * ROWS, "no Unicode"),
}


@pytest.mark.parametrize("kind", PANDAS)
def test_what_arrow_cannot_take_is_one_line_with_the_column_and_what_to_do(kind: str) -> None:
    make, said = PANDAS[kind]
    values: Any = make()
    column = pd.Series(values, dtype=object if isinstance(values, list) else None)
    with pytest.raises(InputError) as caught:
        Baseline(pd.DataFrame({"good": counts(), "odd one": column}))
    assert "column 'odd one': " in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_objects_of_polars_are_refused_for_arrow_gets_only_their_addresses() -> None:
    frame = pl.DataFrame({"a": counts(), "odd": pl.Series([uuid.UUID(int=1)] * ROWS, dtype=pl.Object)})
    with pytest.raises(InputError, match="column 'odd': holds Python objects: cast it"):
        Baseline(frame)


def test_integers_of_128_bits_in_polars_are_refused_by_name() -> None:
    frame = pl.DataFrame({"a": counts(), "odd": pl.Series([2**70] * ROWS, dtype=pl.Int128)})
    with pytest.raises(InputError, match="column 'odd': holds values of the type Int128"):
        Baseline(frame)


@pytest.mark.parametrize("twice", [pd.DataFrame([[1, 2]] * ROWS, columns=["a", "a"]), pa.table([[1], [2]], ["a", "a"])])
def test_two_columns_of_one_name_are_refused_by_it(twice: Any) -> None:
    with pytest.raises(InputError, match=r"the same name \('a'\): rename one of them"):
        Baseline(twice)


def test_an_error_of_the_library_that_makes_the_rows_does_not_quote_a_value() -> None:
    class Failing:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise RuntimeError("could not convert 'Jane Doe'")

    with pytest.raises(InputError, match="it raised RuntimeError") as caught:
        check(pd.DataFrame({"a": counts()}), Failing())
    assert "Jane" not in str(caught.value)


def test_a_stream_that_breaks_while_it_is_read_is_one_line() -> None:
    schema = pa.schema([("a", pa.int64())])

    def rows() -> Any:
        yield pa.record_batch([pa.array(counts())], schema=schema)
        raise pa.ArrowInvalid("'Jane Doe' is no number")

    class Stream:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return pa.RecordBatchReader.from_batches(schema, rows()).__arrow_c_stream__(requested_schema)

    with pytest.raises(InputError, match="cannot be read to its end: it raised ArrowInvalid") as caught:
        Baseline(Stream())
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize("values", [pd.Series([1.0]), pl.Series([1.0]), pa.array([1.0]), np.ones(3)])
def test_a_column_without_its_table_says_how_to_name_it(values: Any) -> None:
    with pytest.raises(InputError, match="give an array's columns names"):
        Baseline(values)


def test_a_list_of_records_and_a_class_say_what_to_do() -> None:
    with pytest.raises(InputError, match=r"pyarrow\.Table\.from_pylist"):
        Baseline([{"a": 1.0}])
    with pytest.raises(InputError, match="the class DataFrame was given"):
        Baseline(pd.DataFrame)
