"""Dates and times are read as they were meant, whichever part comes first, or refused."""

import numpy as np
import pytest

from driftloop import Column
from driftloop.data.formats.date_formats import date_order, moment, time_of_day
from driftloop.data.formats.epoch_times import seconds, time_unit
from driftloop.data.reading import Reading, ReadNotes
from driftloop.errors import InputError
from tests.driftloop.data.canonical.one_column import read

TIME = Column("x", "datetime")
AUGUST = 1785542400.0  # 2026-08-01, UTC


@pytest.mark.parametrize(
    "values",
    [
        ["2026-08-01", "2026-08-25"],
        ["2026-08-01T00:00:00Z", "2026-08-25T02:00:00+02:00"],
        ["2026-08-01 00:00:00 UTC", "2026-08-25 00:00:00 UTC"],
        ["01/08/2026", "25/08/2026"],
        ["08/01/2026", "08/25/2026"],
        ["01.08.2026", "25.08.2026"],
        ["01-08-2026 00:00", "25-08-2026 00:00"],
        ["8/1/2026 12:00 AM", "8/25/2026 12:00 AM"],
        ["20260801", "20260825"],
        ["1 Aug 2026", "25-August-2026"],
        ["Aug 1, 2026", "Aug 25, 2026"],
        ["Sat, 01 Aug 2026 00:00:00 GMT", "Tue, 25 Aug 2026 00:00:00 GMT"],
        ["1785542400", "1787616000"],
        ["1785542400000", "1787616000000"],
        [20260801, 20260825],
        [1785542400, 1787616000],
        [1785542400000, 1787616000000],
        [1785542400000000000, 1787616000000000000],
    ],
)
def test_dates_as_people_and_programs_write_them(values):
    assert read(values, TIME) == [AUGUST, AUGUST + 24 * 86400]


def test_what_leaves_day_and_month_open_is_refused_with_what_to_declare():
    with pytest.raises(InputError, match=r"column 'x' has dates such as 01/02/2026.*declare \[reading\] dates"):
        read(["01/08/2026", "02/08/2026"], TIME)
    assert read(["01/08/2026"], TIME, reading=Reading(dates="day-first")) == [AUGUST]
    assert read(["08/01/2026"], TIME, reading=Reading(dates="month-first")) == [AUGUST]
    assert read(["01/08/2026"], Column("x", "datetime", format="day-first")) == [AUGUST]
    with pytest.raises(InputError, match=r"such as 26-01-02, which may begin with the year.*four digits.*declare"):
        read(["26/08/01", "26/08/25"], TIME)
    with pytest.raises(InputError, match="such as 01/02/2026"):
        read(["01/08/2026 10:30", "02/08/2026 10:30"], TIME)
    assert read(["01/08/26"], TIME, reading=Reading(dates="day-first")) == [AUGUST]
    with pytest.raises(InputError, match="day first in some rows and the month first in others"):
        read(["25/08/2026", "08/25/2026"] * 5, TIME)
    with pytest.raises(InputError, match="day first in some rows and the year first in others"):
        read(["25/08/2026", "85/08/25"] * 5, TIME)


@pytest.mark.parametrize("text", ["2026-13-01", "30/02/2026", "0000-01-01", "2026-08-01 25:00", "32.1.2026", "Aug", ""])
def test_what_is_no_date_is_none(text):
    assert moment(text) is None
    assert moment(text, "day-first") is None


def test_open_ends_and_old_dates_keep_their_century():
    assert time_unit(np.array([253402214400.0])) == "s"  # 9999-12-31 in seconds
    assert time_unit(np.array([-3.1e11, 1.0e12])) == "ms"  # births from 1960 on in milliseconds
    assert seconds(np.array([18160101.0]), "yyyymmdd")[0] != seconds(np.array([18160101.0]), "yyyymmdd")[0]  # NaN
    assert moment("9999-12-31") == 253402214400.0
    assert time_of_day("14:30:05.5") == 52205.5
    assert time_of_day("24:00") is None
    assert date_order("13/13/2026") is None


def test_short_years_first_are_refused_with_what_to_declare_and_read_where_it_is_declared():
    values = ["24-03-15", "25-01-02"]
    with pytest.raises(
        InputError, match=r"26-01-02.*four digits, or declare \[reading\] dates = \"year-first\", \"month-first\" or"
    ):
        read(values, TIME)
    notes = ReadNotes()
    assert read(values, TIME, reading=Reading(dates="year-first"), notes=notes) == [1710460800.0, 1735776000.0]
    assert notes.lines == ("dates of column 'x' are read year first",)
    assert read(["24.03.15", "25.01.02"], TIME, reading=Reading(dates="year-first")) == [1710460800.0, 1735776000.0]


def test_a_short_year_that_is_no_day_tells_the_order_of_all():
    assert read(["85-03-15", "24-03-15"], TIME) == [479692800.0, 1710460800.0]


def test_years_with_four_digits_do_not_keep_to_year_first():
    assert read(["25/03/2026"], TIME, reading=Reading(dates="year-first")) == [1774396800.0]
    with pytest.raises(InputError, match="day or the month first"):
        read(["01/02/2026"], TIME, reading=Reading(dates="year-first"))


def test_a_clock_beyond_a_day_is_read_among_times_of_day():
    assert read(["23:15", "25:15"], Column("x", "datetime")) == [83700.0, 90900.0]


def test_days_as_excel_counts_them_are_the_records_time():
    notes, time = ReadNotes(), Column("x", "datetime", role="timestamp")
    assert read([45366.0, 45366.5], time, notes=notes) == [1710460800.0, 1710504000.0]
    assert notes.lines == ("numbers of column 'x' are read as days since 1900, as Excel counts",)
    assert read(["45366.25"], time) == [1710482400.0]
    assert read([45366.0], TIME) == [45366.0]  # of a feature these are seconds of a day
