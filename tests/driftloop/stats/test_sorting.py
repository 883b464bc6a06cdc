"""Distinct values, medians and membership by sorting: numpy's answers, without what numpy loads for them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from driftloop.stats.sorting import are_among, distinct_rows, distinct_values, median

NAMES = ["numbers", "missing ones too", "infinite ones", "keys", "texts", "none"]


def array(name: str) -> npt.NDArray[Any]:
    rng = np.random.default_rng(41)
    arrays: dict[str, npt.NDArray[Any]] = {
        "numbers": rng.integers(-3, 3, 60).astype(float),
        "missing ones too": np.where(rng.random(60) < 0.3, np.nan, rng.integers(0, 4, 60)),
        "infinite ones": np.array([np.inf, -np.inf, 0.0, -0.0, np.inf]),
        "keys": rng.integers(0, 1 << 63, 40).astype(np.uint64).repeat(2),
        "texts": np.array(["b", "a", "b"]),
        "none": np.zeros(0),
    }
    return arrays[name]


@pytest.mark.parametrize("name", NAMES)
def test_distinct_values_are_numpy_s(name: str) -> None:
    np.testing.assert_array_equal(distinct_values(array(name)), np.unique(array(name)))


def test_distinct_rows_are_numpy_s() -> None:
    rng = np.random.default_rng(44)
    rows = rng.integers(0, 2, (50, 3)).astype(float)
    rows[rng.random(rows.shape) < 0.2] = np.nan
    np.testing.assert_array_equal(distinct_rows(rows), np.unique(rows, axis=0))


@pytest.mark.parametrize("name", NAMES)
def test_membership_is_numpy_s(name: str) -> None:
    values, others = array(name), array(name)[::3]
    np.testing.assert_array_equal(are_among(values, others), np.isin(values, others))
    np.testing.assert_array_equal(are_among(values, others[:0]), np.zeros(len(values), bool))
    np.testing.assert_array_equal(are_among(values[:0], others), np.zeros(0, bool))


def test_values_beyond_all_others_are_not_among_them() -> None:
    assert are_among(np.array([-1, 5, 9]), np.array([0, 5])).tolist() == [False, True, False]


@pytest.mark.parametrize("values", [[3.0], [3.0, 1.0], [0.1, 0.3, 0.7, 0.2], [np.inf, 1.0, 2.0], [np.nan, 1.0]])
def test_the_median_is_numpy_s(values: list[float]) -> None:
    np.testing.assert_array_equal(median(np.array(values)), np.median(values))


def test_nothing_has_no_median() -> None:
    assert np.isnan(median(np.zeros(0)))
