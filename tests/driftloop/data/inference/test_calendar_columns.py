"""Parts of a date are told from measurements by name and range together."""

import numpy as np
import pytest

from driftloop.data.inference.calendar_columns import RANGES, are_calendar_names, calendar_part


@pytest.mark.parametrize(
    ("words", "low", "high", "part"),
    [
        (["month"], 1, 12, "month"),
        (["month", "number"], 0, 11, "month"),
        (["weekday"], 0, 6, "weekday"),
        (["day", "of", "week"], 1, 7, "day of the week"),
        (["day", "of", "year"], 1, 366, "day of the year"),
        (["week", "of", "the", "year"], 1, 53, "week of the year"),
        (["pickup", "hour"], 0, 23, "hour"),
        (["year"], 2024, 2026, "year"),
    ],
)
def test_a_part_of_a_date(words, low, high, part):
    assert calendar_part(words, np.arange(low, high + 1.0)) == part


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["gestational", "week"], [20, 40]),
        (["hours"], [3, 8]),
        (["month"], [1, 14]),
        (["month"], [1.5, 3.0]),
        (["month"], []),
        (["hour", "day"], [1, 2]),
        (["age"], [1, 12]),
        (["day", "of", "week"], [1, 8]),
    ],
)
def test_a_measurement(words, values):
    assert calendar_part(words, np.array(values, float)) is None


@pytest.mark.parametrize("part", RANGES)
def test_one_beyond_either_end_is_no_part_of_a_date(part):
    low, high = RANGES[part]
    assert calendar_part([part], np.array([low, high], float)) == part
    assert calendar_part([part], np.array([low - 1, high], float)) is None
    assert calendar_part([part], np.array([low, high + 1], float)) is None


def test_names_of_weekdays_and_months():
    assert are_calendar_names(["Monday", "sun", "Sat."])
    assert are_calendar_names(["Jan", "May"])
    assert not are_calendar_names(["May", "June", "Summer"])
    assert not are_calendar_names([])


def test_such_columns_are_no_features_unless_the_schema_says_so():
    import pyarrow as pa

    from driftloop import Schema

    rng = np.random.default_rng(2)
    table = pa.table(
        {
            "month": rng.integers(1, 13, 200),
            "weekday": rng.choice(["Mon", "Tue", "Sun"], 200),
            "hours": rng.integers(0, 20, 200),
            "age": rng.normal(50, 9, 200).round(),
        }
    )
    assert [column.role for column in Schema.infer(table).columns] == ["time", "time", "feature", "feature"]
