"""A margin for the intraclass correlation: by hand, when it is added, and what it is for."""

import numpy as np
import pytest

from driftloop import Column, Policy
from driftloop.two_sample.compare import compare_records
from driftloop.two_sample.dependence.raised_correlation import MARGIN, raised_correlation
from driftloop.two_sample.score_matrix import PooledRecords


def units(of_baseline, of_window):
    """Sizes and sides of so many units of one size on each side: (count, records)."""
    sizes = np.repeat([of_baseline[1], of_window[1]], [of_baseline[0], of_window[0]]).astype(float)
    return sizes, np.repeat([False, True], [of_baseline[0], of_window[0]])


def test_half_a_standard_error_is_added():
    # 9 units of 2 and 1 of 6: common size (24 - 72 / 24) / 9 = 7 / 3.
    sizes, window = units((9, 2), (1, 6))
    common = 7 / 3
    error = 0.8 * (1 + (common - 1) * 0.2) * np.sqrt(2 / (common * (common - 1) * 9))
    found = raised_correlation(np.array([0.2, 0.0]), sizes, window)
    assert found == pytest.approx([0.2 + MARGIN * error, MARGIN * np.sqrt(2 / (common * (common - 1) * 9))])


@pytest.mark.parametrize("kind", ["window", "baseline"])
def test_whichever_side_has_few_large_units(kind):
    sizes, window = units((9, 2), (1, 6)) if kind == "window" else units((1, 6), (9, 2))
    assert raised_correlation(np.array([0.2]), sizes, window)[0] > 0.2


@pytest.mark.parametrize(
    ("of_baseline", "of_window"),
    [((9, 2), (9, 6)), ((9, 6), (1, 2)), ((9, 3), (2, 3)), ((2, 2), (9, 6)), ((1, 1), (5, 1))],
)
def test_it_is_as_estimated_where_numbers_or_sizes_are_equal_or_the_few_are_small(of_baseline, of_window):
    assert raised_correlation(np.array([0.2]), *units(of_baseline, of_window)).tolist() == [0.2]


def test_it_never_exceeds_one():
    assert raised_correlation(np.array([0.99, 1.0]), *units((3, 2), (1, 3))).max() <= 1.0


def test_few_large_clusters_beside_many_small_ones_are_no_change():
    """Binomial(150, 0.05) is above 15 once in 500; without the margin about one in twelve was an alarm."""
    columns, hits = (Column("x"), Column("y"), Column("z")), 0
    for number in range(150):
        rng = np.random.default_rng([31, number])
        groups = np.concatenate([np.repeat(np.arange(150), rng.integers(1, 4, 150)), 150 + rng.integers(0, 4, 60)])
        window = groups >= 150
        values = np.sqrt(0.1) * rng.normal(size=(154, 3))[groups] + np.sqrt(0.9) * rng.normal(size=(len(groups), 3))
        pooled = PooledRecords(values, ((), (), ()), window, groups.astype(np.uint64))
        hits += compare_records(pooled, columns, range(3), Policy(), times=199, seed=number).p <= 0.05
    assert hits <= 15
