"""Windows as counts of rows give the evidence that the timer would have."""

from __future__ import annotations

from driftloop.power.simulation import stretch_lengths


def test_stretches_grow_geometrically_and_always_include_the_newest_window() -> None:
    lengths = stretch_lengths(52)
    assert lengths[0] == [1]
    assert all(each[0] == 1 and each == sorted(set(each)) for each in lengths)
    assert max(len(each) for each in lengths) <= 9  # each one more divides the level further
    assert all(each[-1] == week for week, each in enumerate(lengths, 1))  # within the first year nothing is forgotten
