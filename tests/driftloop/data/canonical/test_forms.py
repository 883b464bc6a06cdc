"""Numbers, dates and truth values are read as they were meant, whoever wrote them, or refused."""

import math

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Column, Schema
from driftloop.data.canonical.batches import canonical_batches
from driftloop.data.columns import category_name, numbers, texts, times
from driftloop.data.formats.date_formats import date_order, moment, time_of_day
from driftloop.data.formats.epoch_times import seconds, time_unit
from driftloop.data.formats.number_formats import number, plain_number, written
from driftloop.data.formats.true_false import true_false_format
from driftloop.data.reading import Reading, ReadNotes
from driftloop.errors import InputError

AUGUST = 1785542400.0  # 2026-08-01, UTC


def read(values, column, *, reading=None, notes=None, **others):
    """One column as the statistics get it."""
    columns = (column, *(Column(name) for name in others), Column("beside"))
    schema = Schema(columns, reading=reading)
    table = pa.table({column.name: values, **others})
    arrays = [b.column(0) for b in canonical_batches(table.to_batches(), schema, notes)]
    if column.kind == "categorical":
        return [r.levels[c] if c >= 0 else None for r in (texts(a, schema.missing) for a in arrays) for c in r.codes]
    convert = numbers if column.kind == "numeric" else times
    return np.concatenate([convert(array, schema.missing).values for array in arrays]).tolist()


NUMBER, TIME = Column("x"), Column("x", "datetime")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1.5", "-2.25", "3e2"], [1.5, -2.25, 300.0]),
        (["1,5", "-2,25", "3"], [1.5, -2.25, 3.0]),
        (["1,234.50", "12.5"], [1234.5, 12.5]),
        (["1.234,50", "12,5"], [1234.5, 12.5]),
        (["1.234.567", "1.000"], [1234567.0, 1000.0]),
        (["1 234,5", "12,0"], [1234.5, 12.0]),
        (["1'234.5", "1\u00a0234"], [1234.5, 1234.0]),
        (["0,125", "0,250"], [0.125, 0.25]),
        (["1234,567", "1,500"], [1234.567, 1.5]),
        (["1.234", "5.678"], [1.234, 5.678]),
        (["inf", "-Infinity"], [math.inf, -math.inf]),
        (["+5", " 7 "], [5.0, 7.0]),
        (["\u22121.5", "\u20132", "\uff0d3", "\ufe634", "\u20125"], [-1.5, -2.0, -3.0, -4.0, -5.0]),
        (["(12.50)", "(3)", "4"], [-12.5, -3.0, 4.0]),
        (["(1,234.50)", "7.5"], [-1234.5, 7.5]),
        (["12.50-", "3-", "4"], [-12.5, -3.0, 4.0]),
        (["1.234,50-", "7,5"], [-1234.5, 7.5]),
        (["1\u2009234.5", "1\u2007234", "1\u202f234"], [1234.5, 1234.0, 1234.0]),
        (["1\u2019234.50", "1\u2019234"], [1234.5, 1234.0]),
        (["12,34,567.50", "1,23,456"], [1234567.5, 123456.0]),
    ],
)
def test_numbers_with_either_decimal_mark_and_with_groups(values, expected):
    assert read(values, NUMBER) == expected


def test_what_leaves_the_decimal_mark_open_is_refused_with_what_to_declare():
    with pytest.raises(InputError, match=r"column 'x' has numbers such as 1,234.*declare \[reading\] decimal"):
        read(["1,234", "5,678"], NUMBER)
    assert read(["1,234", "5,678"], NUMBER, reading=Reading(decimal=",")) == [1.234, 5.678]
    assert read(["1,234", "5,678"], NUMBER, reading=Reading(thousands=",")) == [1234.0, 5678.0]


def test_another_column_of_the_source_or_the_reference_tells_the_mark():
    assert read(["1,234"] * 2, NUMBER, y=["1,5", "2,5"]) == [1.234] * 2
    assert read(["1,234"] * 2, NUMBER, y=["1,234.5", "2.5"]) == [1234.0] * 2
    assert read(["1.234"] * 2, NUMBER, y=["1,5", "2,5"]) == [1234.0] * 2
    assert read(["1,234"] * 2, Column("x", format="decimal-comma")) == [1.234] * 2
    assert read(["1,234"] * 2, Column("x", format="decimal-point")) == [1234.0] * 2


def test_two_marks_in_one_column_are_refused_and_single_slips_are_malformed():
    with pytest.raises(InputError, match="decimal points in some rows and decimal commas in others"):
        read(["1.5", "2,5"] * 10, NUMBER)
    slip = read([f"{i}.5" for i in range(99)] + ["7,25"], NUMBER)
    assert math.isnan(slip[-1])
    assert slip[3] == 3.5


@pytest.mark.parametrize("text", ["1_00", "12a", "1,2,3", "1.2.3", "1,2,456", "--5", "٣", "0x10", "5 mg", "1 2"])
def test_what_is_no_number_is_none(text):
    assert plain_number(text) is None
    assert number(text, ".") is None
    assert number(text, ",") is None
    assert written("12a") == "other"


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


def test_the_evidence_may_come_in_a_later_batch():
    schema = Schema((TIME, Column("y")))
    early = pa.record_batch({"x": ["01/08/2026"], "y": ["1,234"]})
    late = pa.record_batch({"x": ["25/08/2026"], "y": ["1,5"]})
    notes = ReadNotes()
    first, second = canonical_batches([early, late], schema, notes, "feed.csv")
    assert times(first.column(0), ()).values[0] == AUGUST
    assert numbers(first.column(1), ()).values[0] == 1.234
    assert numbers(second.column(1), ()).values[0] == 1.5
    assert "feed.csv: dates of column 'x' are read day first" in notes.lines
    assert "feed.csv: numbers of column 'y' are read with a decimal comma" in notes.lines


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


PAIRS = [
    pa.array([True, False, None]),
    ["true", "false", ""],
    ["True", "False", "nan"],
    ["TRUE", "FALSE", ""],
    ["1", "0", ""],
    [1, 0, None],
    [1.0, 0.0, math.nan],
    ["1.0", "0.00", ""],
    ["yes", "no", ""],
    ["Y", "N", ""],
    ["t", "f", ""],
    ["ON", "off", ""],
]


@pytest.mark.parametrize("words", ["false/true", "0/1", "No/Yes"])
@pytest.mark.parametrize("values", PAIRS, ids=str)
def test_truth_values_are_those_of_the_reference_whoever_wrote_them(values, words):
    false, true = words.split("/")
    assert read(values, Column("x", "categorical", format=words)) == [true, false, None]


def test_words_that_are_no_truth_values_stay():
    assert true_false_format(["Yes ", " No"]) == " No/Yes "
    assert true_false_format(["1", "2"]) == true_false_format(["m", "f"]) == true_false_format(["1"]) == ""
    assert read(["1", "2", "0"], Column("x", "categorical", format="0/1")) == ["1", "2", "0"]
    assert read(["1", "yes"], Column("x", "categorical")) == ["1", "yes"]


def test_whole_numbers_lose_their_zeros_and_codes_keep_theirs():
    assert [category_name(text) for text in ("24", "24.0", "24.00", "24.", "-0.0", "01", "1.10", "007.0")] == [
        "24", "24", "24", "24", "0", "01", "1.10", "007.0"
    ]  # fmt: skip
    assert read([24, 24.0], Column("x", "categorical")) == ["24", "24"]


def test_texts_are_told_apart_beyond_64_characters():
    names = {category_name("https://example.org/" + "x" * 60 + end) for end in ("/a", "/b")}
    assert len(names) == 2
    assert {len(name) for name in names} == {64}


def test_reading_refuses_what_makes_no_sense():
    for wrong in ({"decimal": ",", "thousands": ","}, {"separator": "ab"}, {"encoding": "klingon"}, {"thousands": "x"}):
        with pytest.raises(ValueError, match=r"must|not known"):
            Reading(**wrong)


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


def test_underscores_stand_between_thousands():
    assert read(["1_234", "12_345_678", "500"], NUMBER) == [1234.0, 12345678.0, 500.0]
    assert read(["1_234.5", "7.5"], NUMBER) == [1234.5, 7.5]
    assert math.isnan(read(["1_23", "7.5"], NUMBER)[0])


def test_durations_are_read_in_seconds_whoever_writes_them():
    column = Column("x", format="duration")
    assert read(["36:15:00", "1 day, 2:03:04", "PT36H", "90"], column) == [130500.0, 93784.0, 129600.0, 90.0]
    assert read(pa.array([3_600_000], pa.duration("ms")), column) == [3600.0]
    assert math.isnan(read(["36:15:00", "long"], column)[1])


def test_a_clock_beyond_a_day_is_read_among_times_of_day():
    assert read(["23:15", "25:15"], Column("x", "datetime")) == [83700.0, 90900.0]


def test_days_as_excel_counts_them_are_the_records_time():
    notes, time = ReadNotes(), Column("x", "datetime", role="timestamp")
    assert read([45366.0, 45366.5], time, notes=notes) == [1710460800.0, 1710504000.0]
    assert notes.lines == ("numbers of column 'x' are read as days since 1900, as Excel counts",)
    assert read(["45366.25"], time) == [1710482400.0]
    assert read([45366.0], TIME) == [45366.0]  # of a feature these are seconds of a day
