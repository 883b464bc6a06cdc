"""Which of several ids and times is the record's own, and that a stream is handed on whole."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from driftloop.data.inference.schema_inference import LOOKED_AT, findings_of, infer_columns
from driftloop.errors import InputError

NOW = 1_790_000_000.0
DAY = 86_400
ROWS = 100
EARLIER = 1_780_000_000


def roles(now: float = NOW, **columns: object) -> dict[str, str]:
    batch = pa.RecordBatch.from_pydict(columns)
    return {finding.name: finding.role for finding in findings_of([batch], now)}


def grounds(**columns: object) -> dict[str, str]:
    batch = pa.RecordBatch.from_pydict(columns)
    return {finding.name: finding.ground for finding in findings_of([batch], NOW)}


def times(seed: int = 1, *, ordered: bool = False, start: int = EARLIER) -> pa.Array:
    found = start + np.random.default_rng(seed).permutation(10 * DAY)[:ROWS]
    return pa.array(np.sort(found) if ordered else found, pa.int64()).cast(pa.timestamp("s"))


def ids(seed: int) -> list[int]:
    return np.random.default_rng(seed).permutation(5_000 + np.arange(ROWS)).tolist()


def test_of_several_ids_the_one_named_as_such_else_the_first():
    assert roles(number=ids(1), visit_id=ids(2)) == {"number": "ignore", "visit_id": "id"}
    assert roles(number=ids(1), other=ids(2)) == {"number": "id", "other": "ignore"}


def test_an_id_that_repeats_is_not_the_record_s_own():
    many = np.random.default_rng(3).integers(0, 90, 4 * ROWS).tolist()
    unique = np.random.default_rng(4).permutation(4 * ROWS).tolist()
    assert roles(customer_id=many, number=unique) == {"customer_id": "ignore", "number": "id"}
    assert roles(customer_id=many) == {"customer_id": "ignore"}


def test_of_several_times_a_named_one_then_one_in_order_then_the_first():
    assert roles(a=times(1), created_at=times(2), b=times(3, ordered=True)) == {
        "a": "ignore",
        "created_at": "timestamp",
        "b": "ignore",
    }
    assert roles(a=times(1), b=times(2, ordered=True)) == {"a": "ignore", "b": "timestamp"}
    assert roles(a=times(1), b=times(2)) == {"a": "timestamp", "b": "ignore"}


@pytest.mark.parametrize("name", ["birthdate", "expiry_date", "due", "valid_until", "date_of_birth"])
def test_a_time_of_something_else_is_never_the_record_s(name):
    assert roles(**{name: times(1, ordered=True), "a": times(2)}) == {name: "ignore", "a": "timestamp"}
    assert roles(**{name: times(1)}) == {name: "ignore"}


def test_a_time_that_lies_ahead_in_the_reference_is_not_the_record_s():
    ahead = times(1, start=int(NOW) + 2 * DAY)
    assert roles(created_at=ahead, a=times(2)) == {"created_at": "ignore", "a": "timestamp"}
    assert "lie ahead already in the reference" in grounds(created_at=ahead, a=times(2))["created_at"]
    clocks = pa.array([int(NOW) + DAY - 1] * ROWS, pa.int64()).cast(pa.timestamp("s"))
    assert roles(created_at=clocks) == {"created_at": "timestamp"}, "a day ahead is another clock or zone"


def test_the_others_say_which_one_was_taken():
    assert grounds(a=times(1), created_at=times(2))["a"].endswith("the record's time is 'created_at'")


def test_texts_and_numbers_of_times_are_ranked_like_typed_ones():
    texts = [f"2026-08-{day:02d}" for day in np.random.default_rng(1).integers(1, 29, ROWS)]
    assert roles(a=texts, logged=times(2)) == {"a": "ignore", "logged": "timestamp"}
    epochs = (EARLIER + np.arange(ROWS) * 77).tolist()
    assert roles(a=texts, b=epochs) == {"a": "ignore", "b": "timestamp"}


def test_an_index_of_pandas_is_no_column():
    assert roles(__index_level_0__=ids(1), a=[1.5] * ROWS) == {"a": "feature"}


def test_batches_whose_types_differ_are_looked_at_together():
    first = pa.RecordBatch.from_pydict({"a": [1, 2, 3] * 10})
    second = pa.RecordBatch.from_pydict({"a": ["x", "y", "z"] * 10})
    (finding,) = findings_of([first, second], NOW)
    assert (finding.kind, finding.role) == ("categorical", "feature")


def test_the_stream_comes_back_whole_and_only_its_first_rows_decide():
    batches = [pa.RecordBatch.from_pydict({"a": np.full(LOOKED_AT // 2, 1.5 + index)}) for index in range(4)]
    batches[3] = pa.RecordBatch.from_pydict({"a": ["text"] * 3})
    findings, stream = infer_columns(iter(batches), NOW)
    assert findings[0].kind == "numeric"
    assert [batch.num_rows for batch in stream] == [LOOKED_AT // 2] * 3 + [3]


@pytest.mark.parametrize(
    ("columns", "said"), [({"a": []}, "no rows"), ({"a": [[1]]}, "no column of the reference can be compared")]
)
def test_nothing_to_compare_is_an_error(columns, said):
    with pytest.raises(InputError, match=said):
        infer_columns(iter([pa.RecordBatch.from_pydict(columns)]), NOW)
