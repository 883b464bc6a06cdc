"""What is worth knowing and changes nothing."""

import numpy as np

from driftloop.data_quality.notes import column_notes
from tests.driftloop.data_quality.feeds import pair


def test_one_value_beyond_the_schemas_range_is_a_note():
    window = np.append(np.linspace(0, 1, 49), 17.0)
    assert list(column_notes(pair(np.linspace(0, 1, 350), window, range=(0, 1)))) == [
        "x: 1 of 50 values beyond the schema's range"
    ]


def test_one_far_value_is_a_note_without_a_declared_range():
    window = np.append(np.linspace(0, 1, 49), 17.0)
    assert list(column_notes(pair(np.linspace(0, 1, 350), window))) == [
        "x: 1 of 50 values far beyond all of the baseline"
    ]
    assert list(column_notes(pair(np.linspace(0, 1, 350), np.append(np.linspace(0, 1, 49), 1.5)))) == []


def test_unusable_values_are_a_note_with_how_many_the_baseline_has():
    numbers = [str(value) for value in np.linspace(0, 1, 99)]
    assert list(column_notes(pair(numbers, [*numbers, "?", "inf"], "numeric"))) == [
        "x: 2 of 101 values are no numbers that can be used and count as missing; in the baseline none"
    ]
    (note,) = column_notes(pair([*numbers, "?"], [*numbers, "?", "inf"], "numeric"))
    assert note.endswith(
        "2 of 101 values are no numbers that can be used and count as missing; in the baseline 1 of 100"
    )
    (note,) = column_notes(pair([*numbers, "?"], numbers, "numeric"))
    assert "0 of 99 values are no numbers" in note
    assert list(column_notes(pair(numbers, numbers, "numeric"))) == []


def test_a_column_filled_on_one_side_only():
    (note,) = column_notes(pair([np.nan] * 100, np.arange(30.0)))
    assert note.startswith("x: has values in 100% of rows, before 0%")


def test_a_calendar_column_is_named():
    (note,) = column_notes(pair(np.arange(350) % 12 + 1, np.full(60, 11)))
    assert note.startswith("x: 11 in every row, as of a calendar column")
    assert list(column_notes(pair(np.full(350, 20), np.full(60, 20)))) == []


def test_a_missing_value_is_not_among_those_that_are_counted():
    window = np.concatenate([np.linspace(0, 1, 49), [17.0, np.nan, np.nan]])
    assert list(column_notes(pair(np.linspace(0, 1, 350), window, range=(0, 1)))) == [
        "x: 1 of 50 values beyond the schema's range"
    ]
