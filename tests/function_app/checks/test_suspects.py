"""Group testing: who broke the window, in how many comparisons, and nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_app.checks import suspects
from function_app.checks.suspects import MOST_COMPARISONS, Answer, find_guilty


@dataclass(frozen=True)
class Rows:
    """A window: which files are in it."""

    files: tuple[int, ...]

    def merge(self, other: "Rows") -> "Rows":
        return Rows((*self.files, *other.files))


class Bench:
    """Judges windows of files with `rows` records each: broken where a share of its files is, and large enough."""

    def __init__(self, broken: Sequence[int], rows: int = 15, share: float = 0.0, least: int = 20) -> None:
        self.broken, self.rows, self.share, self.least = set(broken), rows, share, least
        self.comparisons = 0

    def build(self, files: Sequence[Any]) -> Rows:
        return Rows(tuple(files))

    def judge(self, window: Rows) -> Answer:
        self.comparisons += 1
        if len(window.files) * self.rows < self.least:
            return Answer.UNKNOWN
        bad = len(self.broken & set(window.files)) / len(window.files)
        return Answer.BROKEN if bad > self.share else Answer.CALM


def found(bench: Bench, count: int) -> suspects.Suspects:
    return find_guilty(range(count), bench.build, bench.judge)  # type: ignore[arg-type]


@pytest.mark.parametrize("guilty", [0, 1, 25, 49, 50])
def test_one_bad_file_among_51_small_ones_is_found_alone(guilty: int) -> None:
    bench = Bench([guilty])

    assert found(bench, 51).guilty == (guilty,)
    assert bench.comparisons <= 2 + 2 * 5 + 1, "two halves, two for each halving of 26, one to confirm"


def test_one_bad_file_of_eleven_of_which_each_is_too_small_to_be_judged() -> None:
    for guilty in range(11):
        bench = Bench([guilty], rows=15)
        assert found(bench, 11).guilty == (guilty,)


@given(st.sets(st.integers(0, 59), min_size=1, max_size=6), st.integers(20, 60))
def test_all_the_guilty_and_nobody_else(broken: set[int], count: int) -> None:
    broken = {number for number in broken if number < count} or {0}
    bench = Bench(sorted(broken), rows=25)

    answer = found(bench, count)

    assert set(answer.guilty) == broken
    assert answer.undecided == ()
    assert bench.comparisons <= MOST_COMPARISONS


def test_where_the_break_shows_in_the_whole_only_all_are_guilty() -> None:
    assert found(Bench(range(8)), 8).guilty == tuple(range(8))
    assert found(Bench([0, 1], rows=9), 2).guilty == (0, 1), "neither can be judged by itself"
    together = Bench([])
    assert found(together, 8).guilty == tuple(range(8)), "no part is broken, and neither is the whole, looked at again"


def test_a_calm_group_is_looked_for_down_to_single_files_and_by_half_of_the_comparisons() -> None:
    few, many = Bench(range(8), rows=25), Bench(range(2_000), rows=25)
    assert found(few, 8).guilty == tuple(range(8))
    assert few.comparisons == 2 + 4 + 8, "each group once"
    assert found(many, 2_000).guilty == tuple(range(2_000))
    assert many.comparisons == MOST_COMPARISONS // 2 == 50


def test_within_the_stated_number_of_comparisons_even_when_it_does_not_suffice() -> None:
    broken = list(range(0, 2_000, 20))
    bench = Bench(broken, rows=25)

    answer = found(bench, 2_000)

    assert bench.comparisons <= MOST_COMPARISONS == 100
    assert answer.guilty == () or set(answer.guilty) <= set(broken) or len(answer.guilty) == 2_000


def test_what_is_not_decided_is_not_blamed() -> None:
    broken = list(range(1_500, 2_000, 25))
    bench = Bench(broken, rows=25)

    answer = found(bench, 2_000)

    assert 0 < len(answer.guilty) < len(broken)
    assert set(answer.guilty) <= set(broken), "innocent files are kept"
    assert set(broken) - set(answer.guilty) <= set(answer.undecided), "the next check goes on with the rest"
    assert bench.comparisons <= MOST_COMPARISONS


def test_a_file_blamed_beside_few_rows_is_looked_at_again_beside_all() -> None:
    class Hasty(Bench):
        """Takes file 5 for broken until file 14 is beside it."""

        def judge(self, window: Rows) -> Answer:
            if 5 in window.files and 14 not in window.files:
                self.asked.append(5)
                self.comparisons += 1
                return Answer.BROKEN
            return super().judge(window)

    bench = Hasty([10], rows=25)
    bench.asked: list[int] = []

    assert found(bench, 16).guilty == (10,)
    assert len(bench.asked) >= 4, "the half, the group, its part and the file by itself: it had been blamed"


def test_a_share_that_is_tolerated_does_not_clear_a_single_broken_file() -> None:
    bench = Bench([5], rows=15, share=0.05)

    assert found(bench, 12).guilty == (5,)
