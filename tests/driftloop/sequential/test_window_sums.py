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
    STRETCH_GROWTH,
    Block,
    Recent,
    Sums,
    compact,
    is_too_late,
    join,
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


def sizes(windows: int) -> list[int]:
    return [block.windows for block in filled(windows)]


def test_a_third_block_of_a_size_joins_the_two_oldest() -> None:
    assert [sizes(windows) for windows in range(1, 9)] == [
        [1],
        [1, 1],
        [2, 1],
        [2, 1, 1],
        [2, 2, 1],
        [2, 2, 1, 1],
        [4, 2, 1],
        [4, 2, 1, 1],
    ]


def test_blocks_grow_to_the_longest_and_then_the_oldest_is_forgotten() -> None:
    """Two of each size are 126 windows. One more makes a third of 32 in the end, and the oldest 32 are forgotten."""
    longest = next(windows for windows in range(64, 200) if sum(sizes(windows)) < windows)
    assert sum(sizes(longest - 1)) == longest - 1 == 126
    assert sum(sizes(longest)) == longest - LONGEST
    assert sizes(longest) == [32, 32, 16, 8, 4, 2, 1]


def test_the_oldest_windows_are_the_ones_that_are_forgotten() -> None:
    blocks = filled(127)
    assert blocks[0].unpacked.rows[0] == sum(range(33, 65))
    assert blocks[0].since == "2026-01-01T00:33:00Z"


def test_the_next_stretch_is_longer_by_half_at_least() -> None:
    """Blocks 4, 2, 2, 1, 1 give 1, 2, 4, 6, 10: each at least 1.5 times the one before."""
    assert sizes(10) == [4, 2, 2, 1, 1]
    assert [stretch.windows for stretch in select_stretches(filled(10))] == [1, 2, 4, 6, 10]
    assert STRETCH_GROWTH * 4 == 6, "equality is enough"


def test_a_stretch_that_is_hardly_longer_is_passed_over_unless_it_is_the_longest() -> None:
    def lengths(*windows: int) -> list[int]:
        nothing = Sums(np.zeros(1), np.zeros(1))
        return [stretch.windows for stretch in select_stretches(tuple(Block.of(n, None, nothing) for n in windows))]

    assert lengths(4, 4, 1, 8) == [8, 13, 17], "9 is less than 12; 17 is less than 19.5 but all"
    assert lengths(8) == [8]


def test_blocks_without_a_time_take_the_others() -> None:
    def begun(since: str | None) -> Block:
        return Block.of(1, since, Sums(np.ones(1), np.ones(1)))

    assert join(begun(None), begun("2026-01-02")).since == "2026-01-02"
    assert join(begun("2026-01-02"), begun("2026-01-01T23:00:00Z")).since == "2026-01-01T23:00:00Z"
    assert join(begun(None), begun(None)).since is None


def test_joined_blocks_add_sketches_and_seasons_and_lose_a_sketch_that_one_of_them_lacks() -> None:
    nothing = Sums(np.ones(1), np.ones(1))
    with_sketch = Block.of(1, None, nothing, np.array([1.0, -2.0]), (3.0, 0.0))
    both = join(with_sketch, Block.of(2, None, nothing, np.array([4.0, 1.0]), (1.0, 2.0)))
    assert both.sketch is not None
    assert (both.windows, both.sketch.tolist(), both.seasons) == (3, [5.0, -1.0], (4.0, 2.0))
    without = Block.of(1, None, nothing)
    assert without.sketch is None
    for pair in ((with_sketch, without), (without, with_sketch), (without, without)):
        assert join(*pair).sketch is None


def test_recent_windows_weigh_half_as_much_with_each_that_follows() -> None:
    first = Recent.after(None, Sums(np.array([8.0]), np.array([4.0])), np.array([16.0]))
    assert first.variance[0] == (16 / 8 - (4 / 8) ** 2) * 8 / 7
    second = Recent.after(first, Sums(np.array([2.0]), np.array([0.0])), np.array([4.0]))
    assert second.variance[0] == (12 / 6 - (2 / 6) ** 2) * 6 / 5, "8 / 2 + 2 rows, 4 / 2 + 0 and 16 / 2 + 4"


def test_the_variance_of_too_few_records_is_finite_and_never_negative() -> None:
    one = Recent.after(None, Sums(np.array([1.0, 0.0]), np.array([3.0, 0.0])), np.array([9.0, 0.0]))
    assert one.variance.tolist() == [(9 / 2 - (3 / 2) ** 2) * 2, 0.0]
    rounding = Recent.after(None, Sums(np.array([3.0]), np.array([30.0])), np.array([299.9999]))
    assert rounding.variance[0] == 0.0
