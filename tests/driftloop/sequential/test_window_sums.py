"""Blocks of windows: nothing is lost while it matters, and the state grows with the logarithm of time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftloop.sequential.window_sums import (
    BLOCKS_PER_SIZE,
    LONGEST,
    Block,
    Sums,
    compact,
    is_too_late,
    select_stretches,
)


def filled(windows: int) -> tuple[Block, ...]:
    """The blocks after so many windows; window w has w rows and began on the w-th minute of a day."""
    blocks: tuple[Block, ...] = ()
    for number in range(1, windows + 1):
        since = f"2026-01-01T{number // 60:02}:{number % 60:02}:00Z"
        blocks = compact((*blocks, Block.of(1, since, Sums(np.array([float(number)]), np.array([2.0 * number])))))
    return blocks


@given(st.integers(1, 2 * LONGEST - 2))
def test_a_stretch_holds_exactly_the_newest_windows(windows: int) -> None:
    for stretch in select_stretches(filled(windows)):
        first = windows - stretch.windows + 1
        rows = sum(range(first, windows + 1))
        assert stretch.unpacked.rows[0] == rows
        assert stretch.unpacked.totals[0] == 2 * rows
        assert stretch.since == f"2026-01-01T{first // 60:02}:{first % 60:02}:00Z"


@given(st.integers(1, 700))
def test_blocks_are_few_and_the_oldest_are_forgotten(windows: int) -> None:
    blocks = filled(windows)
    sizes = [block.windows for block in blocks]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) <= BLOCKS_PER_SIZE * (int(math.log2(LONGEST)) + 1)
    assert min(windows, LONGEST) <= sum(sizes) <= BLOCKS_PER_SIZE * 2 * LONGEST
    assert max(sizes) <= LONGEST


def test_the_newest_window_is_always_tested_alone_and_everything_kept_together() -> None:
    for windows in (1, 2, 7, 40, 300):
        blocks = filled(windows)
        lengths = [stretch.windows for stretch in select_stretches(blocks)]
        assert lengths[0] == 1
        assert lengths[-1] == sum(block.windows for block in blocks)
        assert lengths == sorted(lengths)


def test_counts_survive_storage_exactly_and_sums_to_single_precision() -> None:
    sums = Sums(np.array([3.0, 1_000_000.0]), np.array([0.1, -123_456.789]))
    stored = Block.of(1, None, sums).unpacked
    np.testing.assert_array_equal(stored.rows, sums.rows)
    np.testing.assert_allclose(stored.totals, sums.totals, rtol=6e-8)


@pytest.mark.parametrize(
    ("last", "after", "late"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00", True),
        ("2026-01-01T01:00:00+02:00", "2026-01-01T00:00:00Z", True),
        ("2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z", False),
        ("2026-01-02", "2026-01-01T23:00:00Z", False),
        (None, "2026-01-01T00:00:00Z", False),
        ("2026-01-01T00:00:00Z", None, False),
    ],
)
def test_late_is_a_matter_of_time_not_of_text(last: str | None, after: str | None, late: bool) -> None:
    assert is_too_late(last, after) is late
