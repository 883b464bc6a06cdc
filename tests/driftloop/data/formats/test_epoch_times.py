"""The unit of whole numbers that are times, and dates written as one number."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from driftloop.data.formats.epoch_times import YEAR_9999, are_compact_dates, are_excel_days, seconds, time_unit

MOMENT = datetime(2026, 8, 1, 12, tzinfo=UTC).timestamp()
UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("year", [1980, 2000, 2026, 2200])
def test_the_size_tells_the_unit_and_the_seconds_come_back(unit, year):
    moments = np.array([datetime(year, month, 3, tzinfo=UTC).timestamp() for month in range(1, 13)])
    counts = moments * UNITS[unit]
    assert time_unit(counts) == unit
    assert seconds(counts, time_unit(counts)).tolist() == moments.tolist()


def test_an_open_end_in_the_year_9999_says_nothing_of_the_unit():
    assert time_unit(np.array([MOMENT * 1e3] + [YEAR_9999[0]] * 5)) == "ms"
    assert time_unit(np.array([YEAR_9999[0]])) == "s"


def test_single_slips_do_not_change_the_unit():
    assert time_unit(np.array([MOMENT] * 19 + [MOMENT * 1e9])) == "s"


def test_compact_dates_and_their_near_misses():
    assert are_compact_dates(np.array([20260801.0, 19000101.0, 20991231.0]))
    for wrong in (20261301.0, 20260132.0, 20260001.0, 18991231.0, 21000101.0, 20260801.5, 2026080.0):
        assert not are_compact_dates(np.array([wrong]))
    assert are_compact_dates(np.array([20260801.0] * 95 + [1.0] * 5))
    assert not are_compact_dates(np.array([20260801.0] * 94 + [1.0] * 6))
    assert not are_compact_dates(np.array([]))


def test_a_day_that_the_month_does_not_have_is_no_time():
    found = seconds(np.array([20260230.0, 20240229.0]), "yyyymmdd")
    assert np.isnan(found[0])
    assert found[1] == datetime(2024, 2, 29, tzinfo=UTC).timestamp()


def test_numbers_near_the_largest_double_have_a_unit_without_a_warning():
    assert time_unit(np.array([1.7e308, 1.7e308])) == time_unit(np.array([1.7e308]))


def test_excels_days_and_their_near_misses():
    assert are_excel_days(np.array([36526.0, 51501.9]))
    assert not are_excel_days(np.array([36525.9]))
    assert not are_excel_days(np.array([51502.0]))
    assert not are_excel_days(np.array([]))
    assert are_excel_days(np.array([45000.0] * 95 + [0.0] * 5))
    assert not are_excel_days(np.array([45000.0] * 94 + [0.0] * 6))
    assert seconds(np.array([25569.0, 45366.5]), "excel").tolist() == [0.0, 1710504000.0]
