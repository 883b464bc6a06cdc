"""What is worth knowing and changes nothing."""

import numpy as np
import pytest

from driftloop.data_quality.notes import write_column_notes
from tests.driftloop.data_quality.feeds import pair


def test_one_value_beyond_the_schemas_range_is_a_note():
    window = np.append(np.linspace(0, 1, 49), 17.0)
    assert list(write_column_notes(pair(np.linspace(0, 1, 350), window, range=(0, 1)))) == [
        "x: 1 of 50 values beyond the schema's range"
    ]


def test_one_far_value_is_a_note_without_a_declared_range():
    window = np.append(np.linspace(0, 1, 49), 17.0)
    assert list(write_column_notes(pair(np.linspace(0, 1, 350), window))) == [
        "x: 1 of 50 values far beyond all of the baseline"
    ]
    assert list(write_column_notes(pair(np.linspace(0, 1, 350), np.append(np.linspace(0, 1, 49), 1.5)))) == []


def test_unusable_values_are_a_note_with_how_many_the_baseline_has():
    numbers = [str(value) for value in np.linspace(0, 1, 99)]
    assert list(write_column_notes(pair(numbers, [*numbers, "?", "inf"], "numeric"))) == [
        "x: 2 of 101 values are no numbers that can be used and count as missing; in the baseline none"
    ]
    (note,) = write_column_notes(pair([*numbers, "?"], [*numbers, "?", "inf"], "numeric"))
    assert note.endswith(
        "2 of 101 values are no numbers that can be used and count as missing; in the baseline 1 of 100"
    )
    (note,) = write_column_notes(pair([*numbers, "?"], numbers, "numeric"))
    assert "0 of 99 values are no numbers" in note
    assert list(write_column_notes(pair(numbers, numbers, "numeric"))) == []


def test_a_column_filled_on_one_side_only():
    (note,) = write_column_notes(pair([np.nan] * 100, np.arange(30.0)))
    assert note.startswith("x: has values in 100% of rows, before 0%")


def test_a_calendar_column_is_named():
    (note,) = write_column_notes(pair(np.arange(350) % 12 + 1, np.full(60, 11)))
    assert note.startswith("x: 11 in every row, as of a calendar column")
    assert list(write_column_notes(pair(np.full(350, 20), np.full(60, 20)))) == []


def test_a_missing_value_is_not_among_those_that_are_counted():
    window = np.concatenate([np.linspace(0, 1, 49), [17.0, np.nan, np.nan]])
    assert list(write_column_notes(pair(np.linspace(0, 1, 350), window, range=(0, 1)))) == [
        "x: 1 of 50 values beyond the schema's range"
    ]


@pytest.mark.parametrize(("value", "told"), [(90.0, False), (90.1, True), (10.0, False), (9.9, True)])
def test_a_value_is_far_at_four_times_the_distance_of_the_baselines_end(value, told):
    """The median is 50 and the ends are 40 and 60."""
    notes = list(write_column_notes(pair(np.linspace(40, 60, 351), np.append(np.linspace(45, 55, 49), value))))
    assert notes == (["x: 1 of 50 values far beyond all of the baseline"] if told else [])


def test_a_baseline_of_one_value_has_no_distance_to_measure_in():
    assert list(write_column_notes(pair([5.0] * 50, [5.0] * 49 + [17.0]))) == []


def test_a_baseline_of_more_than_half_zeros_has_one_end_at_its_median():
    """Below it is beyond all of the baseline at once; at zero it is not."""
    baseline = [0.0] * 40 + [1.0] * 10
    assert list(write_column_notes(pair(baseline, [0.0] * 9 + [4.0]))) == []
    assert list(write_column_notes(pair(baseline, [0.0] * 9 + [-0.5]))) == [
        "x: 1 of 10 values far beyond all of the baseline"
    ]


@pytest.mark.parametrize(("window", "said"), [([1.0] * 30, True), ([1.0] * 29 + [0.0], False)])
def test_one_of_two_values_in_every_row_is_named(window, said):
    notes = list(write_column_notes(pair([0.0, 1.0] * 50, window)))
    assert [note[:21] for note in notes] == (["x: 1 in every row, as"] if said else [])


def test_a_column_that_was_empty_is_said_with_its_share_or_as_empty_still():
    assert list(write_column_notes(pair([np.nan] * 9, [1.0, np.nan, 2.0, 3.0]))) == [
        "x: has values in 75% of rows, before 0%; the baseline has none to compare with"
    ]
    assert list(write_column_notes(pair([np.nan] * 9, [np.nan] * 4))) == [
        "x: holds no value; the baseline has none to compare with"
    ]


def test_times_that_cannot_be_used_are_no_times():
    days = ["2026-01-01", "2026-01-02"] * 20
    (note,) = write_column_notes(pair(days, [*days, "soon"], "datetime"))
    assert note.startswith("x: 1 of 41 values are no times that can be used")
