"""A planted change has the size that it says, and leaves everything else."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline
from driftloop.power.planted import Change, deviation, plant, possible_changes
from driftloop.profile.sampling.sample import Sample

ROWS = 1200


def sample_of(**columns: object) -> tuple[Sample, tuple[object, ...]]:
    baseline = Baseline.build(pa.table(columns))
    return baseline.profile.sample, baseline.schema.features


def numbers(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(50, 7, ROWS)


@pytest.mark.parametrize("upwards", [True, False])
def test_a_shift_moves_the_mean_by_standard_deviations(upwards: bool) -> None:
    sample, _ = sample_of(x=numbers(), y=numbers(2))
    moved = plant(sample, 0, Change.SHIFT, 0.5, np.random.default_rng(3), upwards=upwards)
    expected = 0.5 * deviation(sample, 0) * (1 if upwards else -1)
    np.testing.assert_allclose(moved.values[:, 0] - sample.values[:, 0], expected)
    np.testing.assert_array_equal(moved.values[:, 1], sample.values[:, 1])


@pytest.mark.parametrize(("upwards", "ratio"), [(True, 1.5), (False, 1 / 1.5)])
def test_a_spread_changes_by_a_ratio_and_the_mean_stays(upwards: bool, ratio: float) -> None:
    sample, _ = sample_of(x=numbers())
    moved = plant(sample, 0, Change.SPREAD, 0.5, np.random.default_rng(3), upwards=upwards)
    assert deviation(moved, 0) == pytest.approx(ratio * deviation(sample, 0))
    assert moved.values[:, 0].mean() == pytest.approx(sample.values[:, 0].mean())


def test_whole_numbers_stay_whole_and_move_by_the_size_on_average() -> None:
    counts = np.random.default_rng(1).poisson(3.0, ROWS).astype(float)
    # Of few values: each row needs a number of its own, or equal rows would be one.
    sample, _ = sample_of(x=counts, y=numbers())
    moved = plant(sample, 0, Change.SHIFT, 0.25, np.random.default_rng(3))
    assert np.array_equal(moved.values[:, 0], np.floor(moved.values[:, 0]))
    step = (moved.values[:, 0] - sample.values[:, 0]).mean()
    assert step == pytest.approx(0.25 * deviation(sample, 0), abs=4 * 0.5 / np.sqrt(ROWS))


@pytest.mark.parametrize(("upwards", "share"), [(True, 0.8), (False, 0.4)])
def test_the_commonest_category_gains_or_loses_its_share(upwards: bool, share: float) -> None:
    names = np.repeat(["a", "b", "c"], [ROWS * 6 // 10, ROWS * 3 // 10, ROWS // 10])
    sample, _ = sample_of(name=names, y=numbers())
    moved = plant(sample, 0, Change.SHARE, 0.2, np.random.default_rng(3), upwards=upwards)
    assert (moved.values[:, 0] == 0).mean() == pytest.approx(share, abs=4 * 0.5 / np.sqrt(ROWS))
    if not upwards:  # the others keep their proportion
        assert (moved.values[:, 0] == 1).mean() == pytest.approx(0.45, abs=4 * 0.5 / np.sqrt(ROWS))


def test_a_share_never_passes_one() -> None:
    sample, _ = sample_of(name=np.repeat(["a", "b"], [ROWS - 60, 60]), y=numbers())
    moved = plant(sample, 0, Change.SHARE, 0.7, np.random.default_rng(3))
    assert (moved.values[:, 0] == 0).all()


def test_missing_values_come_at_the_rate() -> None:
    sample, _ = sample_of(x=numbers())
    moved = plant(sample, 0, Change.MISSING, 0.3, np.random.default_rng(3))
    assert np.isnan(moved.values[:, 0]).mean() == pytest.approx(0.3, abs=4 * 0.5 / np.sqrt(ROWS))
    assert not np.isnan(sample.values).any()  # the sample itself stays


def test_what_can_change_depends_on_the_values() -> None:
    sample, columns = sample_of(x=numbers(), same=np.full(ROWS, 3.0), name=np.repeat(["a", "b"], ROWS // 2))
    assert [possible_changes(column, sample, place) for place, column in enumerate(columns)] == [
        (Change.SHIFT, Change.SPREAD, Change.MISSING),
        (Change.MISSING,),
        (Change.SHARE, Change.MISSING),
    ]
