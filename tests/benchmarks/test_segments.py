"""The measurement of segments runs, and its numbers become a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.markdown.page import page
from benchmarks.planted import shifted
from benchmarks.rates import Rate
from benchmarks.results import Results
from benchmarks.segments import SEGMENTS, SHIFTS, SegmentRate, segment_rates
from benchmarks.subgroups import Named


@pytest.mark.slow
def test_every_table_and_shift_is_measured() -> None:
    found = segment_rates(0.001)
    assert [(each.table, each.shift) for each in found] == [(name, shift) for name in SEGMENTS for shift in SHIFTS]
    assert {each.named.tries for each in found} == {2}


def test_subgroups_and_segments_have_tables_where_they_were_measured() -> None:
    assert "Planted subgroups" not in page(Results({}, 1.0))
    results = Results(
        {},
        1.0,
        subgroups=[Named("wines", 0.1, "content", Rate(9, 10))],
        segments=[SegmentRate("diabetes", 0.5, Rate(3, 4), Rate(0, 4))],
    )
    shown = page(results)
    assert "| wines | content | 10% | 90.0 %" in shown
    assert "| diabetes | 0.5 sd | 75.0 %" in shown


def test_a_planted_shift_of_whole_numbers_stays_whole() -> None:
    planted = np.array([True, False, True])
    assert shifted(pd.Series([1, 2, 3]), planted, 1.6).tolist() == [3, 2, 5]
    assert shifted(pd.Series([1.0, 2.0, np.nan]), planted, 1.6).tolist()[:2] == [2.6, 2.0]
