"""A few windows of each odd table and each fault: no rule fires on unchanged data, and each fault is told."""

import numpy as np
import pytest

from benchmarks.rates import stream
from benchmarks.real_feeds.faults import BROKEN, CONVERTED, converted
from benchmarks.real_feeds.measure import measure_broken, measure_unchanged
from benchmarks.real_feeds.shapes import SHAPES


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_an_unchanged_odd_table_is_no_incident(name: str) -> None:
    """Incidents by chance have a level of 0.25 %: of 30 windows two or more with a probability of 0.3 %."""
    assert measure_unchanged(name, 50, stream(31), 30).incidents.hits <= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_feed_is_an_incident(name: str) -> None:
    """At 98 % of windows three or more of 15 are missed with a probability of 0.3 %."""
    assert measure_broken(name, BROKEN[name], stream(32), 15).incidents.hits >= 13


@pytest.mark.slow
def test_a_column_in_another_unit_is_an_incident() -> None:
    """One window a conversion. At 98 % seven or more of 64 are missed with a probability of 0.04 %."""
    found = [measure_broken(name, converted(*CONVERTED[name]), stream(33), 1).incidents.hits for name in CONVERTED]
    assert len(found) == 64
    assert np.sum(found) >= 58
