"""Whole numbers whose digits are dates, and counts of days; amounts of the same size are amounts."""

import numpy as np
import pytest

from driftloop.data.inference.digit_dates import COUNTS, WAYS, digit_dates

MONTHS = np.array([202501 + month for month in range(12)] + [202601 + month for month in range(12)], float)
WRITTEN = {
    "year and month": MONTHS,
    "year (two digits), month and day": np.array([260100 + day for day in range(1, 32)], float),
    "year and day of the year": np.array([2026000 + day for day in range(1, 60)], float),
    "date, hour and minute": np.array([202611270000 + 100 * hour for hour in range(24)], float),
    "date and time": np.array([20261127000000 + 10000 * hour for hour in range(24)], float),
}


@pytest.mark.parametrize("way", WAYS)
def test_enough_different_dates_are_dates_under_any_name(way):
    _, fewest, fewest_named = WAYS[way]
    values = WRITTEN[way]
    assert digit_dates(["x"], values[:fewest]) == way
    assert digit_dates(["x"], values[: fewest - 1]) is None
    assert digit_dates(["date"], values[:fewest_named]) == way


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["x"], MONTHS + 50),  # months 51 to 62
        (["x"], MONTHS + 0.5),
        (["x"], MONTHS - 190000),  # years 10 to 36
        (["x"], np.array([260132.0 + 100 * i for i in range(11)])),  # day 32
        (["x"], np.array([2026367.0 + i for i in range(30)])),
        (["x"], np.array([202611272400.0 + i for i in range(30)])),  # hour 24
        (["x"], np.array([20261127000060.0 + i for i in range(30)])),  # second 60
        (["salary"], np.arange(46_000.0, 47_000.0, 7)),
        (["date"], np.array([46_000.0])),
        (["date"], np.array([46_000.0, 60_000.0])),
    ],
)
def test_amounts(words, values):
    assert digit_dates(words, values) is None


def test_nineteen_of_twenty_must_be_dates():
    values = np.concatenate([MONTHS[:19], [202699.0]])
    assert digit_dates(["x"], values) == "year and month"
    assert digit_dates(["x"], np.concatenate([MONTHS[:18], [202699.0]])) is None


@pytest.mark.parametrize("name", COUNTS)
def test_counts_of_days_under_a_name_that_says_date(name):
    low, high = COUNTS[name]
    found = digit_dates(["date"], np.array([low, high]))
    assert found is not None
    assert digit_dates(["weight"], np.array([low, high])) is None
    assert digit_dates(["date"], np.array([1.0, high])) is None
