"""Labels that are counted while rows pass by: numbers and classes, in any parts, far from zero too."""

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Column, Schema
from driftloop.sequential.label_counter import MOST_NAMES, LabelCounter, merged_labels
from driftloop.sequential.label_shift import LabelSummary

NUMBERS = Schema((Column("x"), Column("y", role="target")))
CLASSES = Schema((Column("x"), Column("y", "categorical", role="target")))


def batch(values: list, kind: pa.DataType | None = None) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(values, kind)], names=["y"])


def tallied(schema: Schema, *batches: pa.RecordBatch) -> LabelSummary | None:
    counter = LabelCounter(schema)
    assert list(counter.counting(batches)) == list(batches)
    return counter.summary


def test_classes_of_batches_are_counted_together_and_names_stay_bounded() -> None:
    summary = tallied(CLASSES, batch(["a", "b", None]), batch(["b"]))
    assert summary is not None
    assert (summary.rows, summary.counts) == (3, {"b": 2, "a": 1})
    summary = tallied(CLASSES, batch([str(number) for number in range(2 * MOST_NAMES)]))
    assert summary is not None
    assert summary.rows == MOST_NAMES == 1_000


def test_a_class_that_is_known_is_counted_however_many_there_are() -> None:
    full = batch([str(number) for number in range(MOST_NAMES)])
    summary = tallied(CLASSES, full, batch(["7", "7", "new"]))
    assert summary is not None
    assert (summary.rows, summary.counts["7"]) == (MOST_NAMES + 2, 3)
    assert "new" not in summary.counts


def test_a_target_that_is_a_time_is_not_counted() -> None:
    times = Schema((Column("x"), Column("y", "datetime", role="target")))
    assert tallied(times, batch([1, 2], pa.timestamp("us"))) is None


def test_numbers_of_batches_are_those_of_one_table() -> None:
    values = np.random.default_rng(1).normal(5, 2, 90)
    whole = LabelSummary.of_numbers(values)
    parts = tallied(
        NUMBERS, *(batch([*part, None, np.inf]) for part in np.split(values, 3)), batch([None], pa.float64())
    )
    assert parts is not None
    assert parts.rows == 90
    assert (parts.total, parts.squares, parts.within) == pytest.approx((whole.total, whole.squares, whole.within))


def test_without_a_label_there_is_nothing() -> None:
    no_target = Schema((Column("x"),))
    assert tallied(no_target, batch([1.0])) is None
    assert tallied(NUMBERS, pa.RecordBatch.from_pydict({"x": [1.0]})) is None
    assert tallied(NUMBERS, batch([None], pa.float64())) is None
    assert tallied(NUMBERS, batch([[1.0]], pa.list_(pa.float64()))) is None, "a list is no label"
    counter = LabelCounter(no_target)
    counter.include(LabelSummary(5, 1.0))
    assert counter.summary is None


def test_labels_that_were_counted_elsewhere_are_added() -> None:
    counter = LabelCounter(CLASSES)
    list(counter.counting([batch(["a", "b"])]))
    counter.include(LabelSummary.of_classes({"b": 3}))
    counter.include(None)
    assert counter.summary == LabelSummary(5, counts={"b": 4, "a": 1})


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9, 1e12])
def test_the_spread_is_that_of_numbers_near_zero_whatever_is_added_to_them(offset: float) -> None:
    values = np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 30.0])
    parts = [LabelSummary.of_numbers(offset + part) for part in np.split(values, 2)]
    merged = merged_labels(*parts)
    assert merged is not None
    assert merged.within == pytest.approx(760.0, rel=1e-9)
    assert LabelSummary.of_numbers(offset + values).within == pytest.approx(760.0, rel=1e-9)


def test_an_empty_part_changes_nothing_and_a_summary_of_an_earlier_version_is_read() -> None:
    some = LabelSummary.of_numbers(np.array([1.0, 3.0]))
    empty = LabelSummary.of_numbers(np.array([]))
    assert merged_labels(some, empty) == merged_labels(empty, some) == merged_labels(some, None) == some
    assert LabelSummary(2, 4.0, 10.0).within == some.within == 2.0
    assert merged_labels(None, empty) == empty
    assert merged_labels(None, None) is None


def test_two_parts_of_unequal_size_add_up_to_the_whole() -> None:
    """0, 0, 0 and 4: means 0 and 4, squared deviations 16 * 3 / 4."""
    merged = merged_labels(LabelSummary.of_numbers(np.zeros(3)), LabelSummary.of_numbers(np.array([4.0])))
    assert merged == LabelSummary(4, 4.0, 16.0, deviations=12.0)
    classes = merged_labels(LabelSummary.of_classes({"a": 2}), LabelSummary.of_classes({"a": 1, "b": 1}))
    assert classes == LabelSummary(4, counts={"a": 3, "b": 1}), "classes have no deviations"
