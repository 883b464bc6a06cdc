"""Dates in text: which moment they stand for, and which order of day, month and year they show."""

from datetime import UTC, datetime

import pytest

from driftloop.data.formats.date_formats import DateEvidence, are_ordinal_dates, date_order, moment


def day(year, month, number, hour=0, minute=0):
    return datetime(year, month, number, hour, minute, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-075", day(2024, 3, 15)),
        ("2024-366", day(2024, 12, 31)),
        ("2023-366", None),
        ("2024-000", None),
        ("2024-075T10:30", day(2024, 3, 15, 10, 30)),
        ("2024-W11-5", day(2024, 3, 15)),
        ("2024W115", day(2024, 3, 15)),
        ("2024-W11-8", None),
        ("2024-W54-1", None),
        ("2024-W115", None),
        ("2024年3月15日", day(2024, 3, 15)),
        ("2024년 3월 15일", day(2024, 3, 15)),
        ("2024年3月15日 10:30", day(2024, 3, 15, 10, 30)),
        ("Fri Mar 15 10:30:00 2024", day(2024, 3, 15, 10, 30)),
        ("Fri Mar  1 10:30:00 CET 2024", day(2024, 3, 1, 9, 30)),
        ("15/Mar/2024:10:30:00 +0100", day(2024, 3, 15, 9, 30)),
        ("15/Mar/24 10:30 PM", day(2024, 3, 15, 22, 30)),
        ("2024-03-15 10:30 EST", day(2024, 3, 15, 15, 30)),
        ("2024-03-15 10:30 XYZ", None),
    ],
)
def test_the_moment_of_a_text(text, expected):
    assert moment(text) == expected


@pytest.mark.parametrize("mark", ["-", "/", "."])
def test_a_short_year_first_is_read_where_that_is_said(mark):
    text = mark.join(("24", "03", "15"))
    assert moment(text, "year-first") == day(2024, 3, 15)
    assert moment(text, "day-first") == day(2015, 3, 24)
    assert moment(mark.join(("68", "03", "15")), "year-first") == day(2068, 3, 15)
    assert moment(mark.join(("69", "03", "15")), "year-first") == day(1969, 3, 15)


def test_of_a_year_with_four_digits_year_first_says_nothing():
    assert moment("15/03/2024", "year-first") == day(2024, 3, 15)
    assert moment("01/02/2024", "year-first") is None
    assert moment("2024-03-15", "year-first") == day(2024, 3, 15)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("24-03-15", "either"),
        ("31-12-31", "either"),
        ("32-12-31", "year-first"),
        ("32-13-31", None),
        ("32-12-32", None),
        ("25-08-32", "day-first"),
        ("08-25-32", "month-first"),
        ("08-09-32", "either"),
        ("24.03.15", "day-first"),
        ("85.03.15", "year-first"),
    ],
)
def test_a_short_year_is_told_where_the_other_end_can_be_no_day(text, order):
    assert date_order(text) == order


def test_a_column_shows_the_order_of_those_texts_that_show_one():
    assert DateEvidence.of(["24-03-15", "85-03-12"]).order == "year-first"
    assert DateEvidence.of(["24-03-15"]).order is None
    assert (DateEvidence.of(["85-03-12"]) + DateEvidence.of(["25-08-85"])).order is None


def test_two_orders_contradict_each_other_beyond_slips():
    clear, other = ["85-03-12"] * 19, ["25-08-85"]
    assert not DateEvidence.of([*clear, *other]).contradicts_itself
    assert DateEvidence.of([*clear[:18], *other]).contradicts_itself


def test_numbers_of_cases_look_like_ordinal_dates():
    assert are_ordinal_dates(["2024-001", "2024-075"])
    assert not are_ordinal_dates(["2024-001", "2024-01-01"])
