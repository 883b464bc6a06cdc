"""What a baseline with dependent groups or seasons gives beside its features, and how many features a wide one has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Schema
from driftloop.sequential.reference_features import (
    ReferenceFeatures,
    derive_reference_features,
    effective_weights,
    features_of_sample,
)

MONDAY = np.datetime64("2024-01-01T12:00", "us")


def index(of: ReferenceFeatures, name: str) -> int:
    return [feature.name for feature in of.features].index(name)


def test_a_column_that_is_the_same_in_all_records_of_a_ward_varies_between_wards_alone() -> None:
    """Total squares (rows - 1) are all between: mean square (rows - 1) / (wards - 1), in units of the variance."""
    rng = np.random.default_rng(1)
    ward = np.repeat(np.arange(20), 5)
    table = pa.table({"x": rng.normal(size=20)[ward], "y": rng.normal(size=100), "ward": ward.astype(str)})
    schema = Schema((Column("x"), Column("y"), Column("ward", "categorical", role="cluster")))
    found = derive_reference_features(Baseline.build(table, schema))
    assert found.clusters is not None
    assert (found.clusters.clusters, found.clusters.records) == (20, 100.0)
    assert (found.clusters.common_size, found.clusters.concentration) == (pytest.approx(5.0), pytest.approx(1 / 20))
    x, y = index(found, "x location"), index(found, "y location")
    assert (found.clusters.between[x], found.clusters.within[x]) == pytest.approx((99 / 19, 0.0), abs=1e-9)
    assert found.clusters.between[y] * 19 + found.clusters.within[y] * 80 == pytest.approx(99)
    assert found.clusters.within[y] > 0.5
    assert found.clusters.together >= found.clusters.between[x]
    assert found.seasons is None


def seasonal(sunday: float) -> tuple[Baseline, ReferenceFeatures]:
    """Ten weeks of days; Sundays lie higher."""
    day = np.arange(70)
    x = np.random.default_rng(2).normal(size=70) + sunday * (day % 7 == 6)
    table = pa.table({"x": x, "at": pa.array(MONDAY + day * np.timedelta64(1, "D"))})
    schema = Schema((Column("x"), Column("at", "datetime", role="timestamp")), season="weekday")
    baseline = Baseline.build(table, schema)
    return baseline, derive_reference_features(baseline)


def test_with_seasons_the_variance_is_that_within_them_and_each_has_its_own_sums() -> None:
    baseline, found = seasonal(sunday=8.0)
    sample, location = baseline.profile.sample, index(found, "x location")
    assert found.seasons is not None
    assert found.clusters is None
    scores = found.scorers[0].score_reference(sample)[0][:, location]
    assert sample.seasons is not None
    mean = {day: scores[sample.seasons == day].mean() for day in range(7)}
    moved = scores - np.array([mean[day] for day in sample.seasons]) + scores.mean()
    assert found.variance[location] == pytest.approx(moved.var(ddof=1))
    assert found.variance[location] < 0.8 * scores.var(ddof=1)
    assert found.seasons.records[:7].tolist() == [10.0] * 7
    assert found.seasons.totals[6, location] == pytest.approx(10 * mean[6])
    assert found.baseline_sums.totals[location] == pytest.approx(scores.sum())


def test_a_sample_of_a_larger_table_counts_its_seasons_by_effective_records() -> None:
    baseline, _ = seasonal(sunday=0.0)
    weights = np.where(np.arange(70) < 10, 3, 1)
    part = replace(baseline.profile.sample, weights=weights, complete=False)
    assert effective_weights(part).sum() == pytest.approx(90**2 / 150)
    found = features_of_sample(baseline.profile.schema.features, part)
    assert found.seasons is not None
    assert found.seasons.records.sum() == pytest.approx(90**2 / 150)


@pytest.mark.parametrize(("columns", "products"), [(3, 3), (66, 4), (70, 0)])
def test_products_fill_what_the_columns_own_features_leave(columns: int, products: int) -> None:
    """Six features a numeric column, 400 at most: of 66 columns four products are left, of 70 none."""
    rng = np.random.default_rng(3)
    table = pa.table({f"x{number:02}": rng.normal(size=60) for number in range(columns)})
    found = derive_reference_features(Baseline.build(table, Schema.infer(table.to_batches())))
    assert len(found.pairs) == products
    assert len(found.features) == 6 * columns + products
    assert found.pairs[:2] == ((0, 1), (0, 2))[: min(products, 2)]


def test_a_column_with_a_value_in_a_single_record_has_no_variance_and_divides_by_no_zero() -> None:
    x, y = np.arange(30.0), np.full(30, np.nan)
    y[3] = 5.0
    table = pa.table({"x": x, "y": pa.array(y, from_pandas=True)})
    found = derive_reference_features(Baseline.build(table, Schema((Column("x"), Column("y")))))
    location = index(found, "y location")
    assert (found.baseline_sums.rows[location], found.variance[location], found.weights[location]) == (1.0, 0.0, 0.0)
    assert np.isfinite(found.variance).all()
    assert [found.features[place].name for place in found.locations] == ["x location"]


def test_the_variance_of_two_values_divides_by_one() -> None:
    x, y = np.arange(30.0), np.full(30, np.nan)
    y[3:5] = 5.0, 6.0
    table = pa.table({"x": x, "y": pa.array(y, from_pandas=True)})
    baseline = Baseline.build(table, Schema((Column("x"), Column("y"))))
    found = derive_reference_features(baseline)
    scores = found.scorers[1].score_reference(baseline.profile.sample)[0][:, 0]
    assert found.variance[index(found, "y location")] == pytest.approx(np.nanvar(scores, ddof=1))


def test_two_locations_are_enough_to_be_looked_at_together() -> None:
    rng = np.random.default_rng(5)
    table = pa.table({"x": rng.normal(size=100), "y": rng.normal(size=100)})
    found = derive_reference_features(Baseline.build(table, Schema((Column("x"), Column("y")))))
    assert len(found.locations) == 2
    assert found.omnibus_weight > 0.1


def test_correlations_are_those_of_scores_less_their_means_shares_of_categories_included() -> None:
    rng = np.random.default_rng(6)
    group = rng.permutation(np.repeat(["a", "b", "c"], [50, 30, 20]))
    x = rng.normal(size=100) + (group == "a")
    baseline = Baseline.build(pa.table({"x": x, "g": group}), Schema((Column("x"), Column("g", "categorical"))))
    found, sample = derive_reference_features(baseline), baseline.profile.sample
    scores = [scorer.score_reference(sample)[0] for scorer in found.scorers]
    names = [found.features[place].name for place in found.locations]
    assert names == ["x location", "g=a share", "g=b share", "g=c share"]
    of_two = np.corrcoef(np.column_stack([scores[0][:, 0], scores[1][:, :2]]).T)
    # Three shares add up to 1, so that one direction has no variance: its eigenvalue is raised.
    raised = np.linalg.eigvalsh(np.corrcoef(np.column_stack([scores[0][:, 0], scores[1][:, :3]]).T))[1:]
    assert np.linalg.eigvalsh(found.inverse_correlation)[:-1] == pytest.approx(1 / raised[::-1])
    assert of_two[0, 1] > 0.2


def test_nothing_of_an_excluded_column_is_summed_and_everything_of_the_others_is() -> None:
    rng = np.random.default_rng(4)
    table = pa.table({name: rng.normal(size=50) for name in "xyz"})
    baseline = Baseline.build(table, Schema(tuple(Column(name) for name in "xyz")))
    found, sample = derive_reference_features(baseline), baseline.profile.sample
    everything, squares = found.sums_and_squares(sample)
    sums, squares_left = found.sums_and_squares(sample, ("y", "unknown"))
    without = np.array(["y" in feature.columns for feature in found.features])
    assert [feature.name for feature in found.features if "y" in feature.columns][-2:] == ["x with y", "y with z"]
    assert (sums.rows[without] == 0).all()
    assert (sums.totals[without] == 0).all()
    assert (squares_left[without] == 0).all()
    np.testing.assert_array_equal(sums.rows[~without], everything.rows[~without])
    np.testing.assert_array_equal(sums.totals[~without], everything.totals[~without])
    np.testing.assert_array_equal(squares_left[~without], squares[~without])
    assert (everything.rows == 50).all()
