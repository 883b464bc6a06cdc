"""Parts of a date are told from measurements by name and range together."""

import numpy as np
import pytest

from driftloop.data.inference.calendar_columns import RANGES, calendar_part, is_day_flag
from driftloop.data.inference.calendar_texts import are_calendar_texts


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
        (["day", "of", "month"], 1, 31, "day of the month"),
        (["hour", "of", "day"], 0, 23, "hour of the day"),
        (["iso", "week"], 1, 53, "week"),
        (["dayofyear"], 1, 366, "day of the year"),
        (["dayofweek"], 0, 6, "day of the week"),
        (["monat"], 1, 12, "month"),
        (["jahr"], 2024, 2026, "year"),
        (["semana"], 1, 52, "week"),
        (["fiscal", "year"], 2024, 2027, "year"),
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
        (["hour", "month"], [1, 2]),
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


@pytest.mark.parametrize(
    ("words", "high", "part"), [(["month", "sin"], 1, "month on a circle"), (["hour", "cos"], 1.1, None)]
)
def test_a_part_of_a_date_on_a_circle(words, high, part):
    assert calendar_part(words, np.linspace(-1, high, 9)) == part


@pytest.mark.parametrize(
    "words", [["is", "weekend"], ["holiday"], ["public", "holiday"], ["is", "working", "day"], ["weekday"]]
)
def test_a_flag_of_the_day(words):
    assert is_day_flag(words) == (words != ["is", "working", "day"])


def test_a_flag_with_another_word_is_a_measurement():
    assert not is_day_flag(["weekend", "drinker"])
    assert not is_day_flag(["is", "public"])


def test_names_of_weekdays_and_months():
    assert are_calendar_texts(["Monday", "sun", "Sat."])
    assert are_calendar_texts(["Jan", "May"])
    assert not are_calendar_texts(["May", "June", "Summer"])
    assert not are_calendar_texts([])


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
