"""Which size is found, and how many records that needs, by arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from driftloop.power.detectable import Detectable, smallest_found, wanted_sizes
from driftloop.power.planted import Change


def shift_found(smallest: tuple[float | None, ...]) -> Detectable:
    return Detectable("x", Change.SHIFT, (0.1,), ((1.0,),) * 3, smallest, 1.0)


@pytest.mark.parametrize(
    ("found", "size"),
    [([0.8, 0.9, 1.0], 0.1), ([0.0, 0.8, 1.0], 0.2), ([0.0, 0.7, 0.9], 0.3), ([0.0, 0.1, 0.79], None)],
)
def test_the_smallest_size_lies_between_two_that_were_tried(found: list[float], size: float | None) -> None:
    smallest = smallest_found((0.1, 0.2, 0.4), np.array(found))
    assert smallest == (size if size is None else pytest.approx(size))


def test_a_found_size_twice_the_wanted_one_needs_four_times_the_difference() -> None:
    # Found: a shift of 1 with 4 windows of 20 against 1,000: 80 * 1000 / 1080 = 74.07. Wanted: half of it, so 296.3 of
    # k n m / (k n + m), which is k n = 296.3 * 1000 / 703.7 = 421.05: 105.3 a window.
    assert wanted_sizes([shift_found((None, 1.0, 0.5))], 1000, 20) == (106, None)


def test_a_reference_that_is_too_small_for_any_window_says_how_large_it_must_be() -> None:
    # 80 * 100 / 180 / 0.25 = 177.8 > 100. With m records a side and 4 windows: 4 m / 5 = 177.8, so m = 222.2.
    assert wanted_sizes([shift_found((None, 1.0, 0.5))], 100, 20) == (None, 223)


def test_without_a_shift_to_go_by_nothing_is_suggested() -> None:
    assert wanted_sizes([], 100, 20) == (None, None)
    assert wanted_sizes([shift_found((None, None, 1.0))], 100, 20) == (None, None)
