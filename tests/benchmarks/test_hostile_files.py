"""Memory over hostile files: the benchmark measures what it says, on a few of its files."""

import pytest

from benchmarks.hostile_files import CHECKS, LARGE_INSIDE, LIMIT, measure
from benchmarks.memory import INPUTS


@pytest.mark.slow
def test_checks_over_hostile_files_set_them_aside_and_stay_below_their_share_of_an_instance() -> None:
    found = measure(2, ("line.csv.gz", "quote.csv.gz", "text.parquet"))
    assert found.verdicts == ("incident", "incident")
    assert found.set_aside == (3, 3)
    assert 0 < found.megabytes < 2 * LIMIT / CHECKS


def test_there_are_twelve_and_each_can_be_made() -> None:
    assert len(set(LARGE_INSIDE)) == 12
    assert set(LARGE_INSIDE) <= set(INPUTS)
