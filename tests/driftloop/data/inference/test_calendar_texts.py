"""Weekdays, months, quarters, weeks and seasons as feeds write them, and texts that only look like them."""

import pytest

from driftloop.data.inference.calendar_texts import are_calendar_texts


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["2026-Q1", "2026-Q2"], []),
        (["2026Q1", "2026Q4"], []),
        (["Q1 2026", "Q2 2026"], []),
        (["Q4/26"], []),
        (["FY26"], []),
        (["FY2026-Q1", "fy2026-q2"], []),
        (["H1 2026", "2026-H2"], []),
        (["2026-W01", "2026-W48"], []),
        (["2026W48", "2026-W48-5"], []),
        (["KW 5/2026", "week 48 2026"], []),
        (["11/2026", "12/2026"], []),
        (["2026/11", "2026.12"], []),
        (["2025/26", "2026-2027"], []),
        (["Nov-26", "Dec-26"], []),
        (["November 2026"], []),
        (["2026 Nov", "2026-Dec"], []),
        (["M\u00e4rz 2026", "ao\u00fbt 2026"], []),
        (["Montag", "Dienstag"], []),
        (["lundi", "jeudi"], []),
        (["mi\u00e9rcoles", "viernes"], []),
        (["janvier", "f\u00e9vr."], []),
        (["Tuesday"], ["weekday"]),
        (["Q1", "Q3"], ["quarter"]),
        (["W48"], ["week"]),
        (["winter"], ["season"]),
    ],
)
def test_parts_of_dates_and_periods(names, words):
    assert are_calendar_texts(names, words)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], []),
        (["Q1", "Q2"], ["income", "band"]),  # quartiles
        (["winter", "summer"], ["tyre"]),
        (["May"], ["name"]),
        (["W48", "W60"], ["week"]),
        (["13/2026", "12/2026"], []),
        (["2026-Q5"], []),
        (["2026-W54"], []),
        (["Mon", "Jan"], []),
        (["Room-26", "Hall-26"], []),
        (["1/2", "3/4"], []),
    ],
)
def test_other_texts(names, words):
    assert not are_calendar_texts(names, words)
