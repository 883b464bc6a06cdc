"""How a baseline's features share the level, what its own records give, and how records are counted."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from driftloop import Baseline, Policy, Schema
from driftloop.profile.sampling.sample import Sample
from driftloop.sequential import reference_features
from driftloop.sequential.reference_features import (
    CACHE_SIZE,
    LEAST_EIGENVALUE,
    LEAST_VARIANCE,
    SHARES,
    ReferenceFeatures,
    derive_reference_features,
)


def derived(table: pa.Table, unused: tuple[str, ...] = ()) -> ReferenceFeatures:
    schema = Schema.infer(table.to_batches())
    if unused:
        schema = schema.with_importances({c.name: 0.0 if c.name in unused else 1.0 for c in schema.features})
    return derive_reference_features(Baseline.build(table, schema))


def mixed(rows: int = 200) -> pa.Table:
    """Two numeric columns and a categorical one of 60, 30, 8 and 2 %."""
    rng = np.random.default_rng(1)
    groups = np.repeat(["a", "b", "c", "d"], [rows * 60 // 100, rows * 30 // 100, rows * 8 // 100, rows * 2 // 100])
    return pa.table({"x": rng.normal(size=rows), "y": rng.normal(size=rows), "g": rng.permutation(groups)})


def weight(of: ReferenceFeatures, name: str) -> float:
    (index,) = [index for index, feature in enumerate(of.features) if feature.name == name]
    return float(of.weights[index])


def test_all_kinds_of_change_share_the_whole_level() -> None:
    assert sum(SHARES.values()) == pytest.approx(1.0)
    assert max(SHARES, key=lambda kind: SHARES[kind]) == "location"


def test_features_of_one_kind_share_its_part_alike() -> None:
    """2 locations; 3 shares, 1 rare values and 1 category without a share of its own; 3 ranges; 3 missing; products of
    x and y with each other and with the two common categories: 5."""
    found = derived(mixed())
    assert weight(found, "x location") == weight(found, "y location") == SHARES["location"] / 2
    assert weight(found, "y scale") == SHARES["scale"] / 2
    assert weight(found, "g=a share") == weight(found, "g rare values") == pytest.approx(SHARES["share"] / 5)
    assert weight(found, "g unseen values") == weight(found, "x out of range") == pytest.approx(SHARES["range"] / 3)
    assert weight(found, "g missing") == pytest.approx(SHARES["missing"] / 3)
    assert weight(found, "x with y") == pytest.approx(SHARES["dependence"] / 5)
    assert found.omnibus_weight == SHARES["omnibus"]
    # What the category without a share of its own would have had is spent on nothing.
    assert found.weights.sum() + found.omnibus_weight == pytest.approx(1 - SHARES["share"] / 5)


def test_kinds_that_a_table_does_not_have_leave_their_part_to_the_others() -> None:
    one = derived(mixed().select(["x"]))
    there = sum(SHARES[kind] for kind in ("location", "scale", "shape", "range", "missing"))
    assert weight(one, "x location") == pytest.approx(SHARES["location"] / there)
    assert one.omnibus_weight == 0.0, "one location is nothing together"
    assert one.weights.sum() == pytest.approx(1.0)


def test_what_the_model_does_not_use_has_no_weight_in_any_product_or_together() -> None:
    found = derived(mixed(), unused=("y",))
    assert weight(found, "y location") == weight(found, "x with y") == weight(found, "y missing") == 0.0
    assert weight(found, "x location") == pytest.approx(SHARES["location"])
    assert [found.features[index].name for index in found.locations] == ["x location", "g=a share", "g=b share"]


def test_a_constant_column_keeps_only_its_indicators() -> None:
    schema = Schema.from_object({"columns": [{"name": "x"}, {"name": "same"}]})
    table = mixed().select(["x"]).append_column("same", pa.array([1.0] * 200))
    found = derive_reference_features(Baseline.build(table, schema))
    assert weight(found, "same location") == weight(found, "same scale") == weight(found, "x with same") == 0.0
    assert weight(found, "same out of range") > 0
    assert "same location" not in [found.features[index].name for index in found.locations]


def test_only_common_categories_join_the_locations() -> None:
    found = derived(mixed())
    names = [found.features[index].name for index in found.locations]
    assert names == ["x location", "y location", "g=a share", "g=b share"], "8 % is less than a tenth"
    assert LEAST_VARIANCE < 1e-6


def test_moments_are_those_of_the_baselines_own_records() -> None:
    table = mixed()
    found = derived(table)
    indicator = (np.array(table["g"].to_pylist()) == "b").astype(float)
    index = [feature.name for feature in found.features].index("g=b share")
    assert found.variance[index] == pytest.approx(indicator.var(ddof=1))
    assert found.skew[index] == pytest.approx(stats.skew(indicator))
    assert found.kurtosis[index] == pytest.approx(stats.kurtosis(indicator, fisher=False))
    assert (found.baseline_sums.rows[index], found.baseline_sums.totals[index]) == (200, 60)


def test_an_estimated_variance_adds_uncertainty_to_products_alone() -> None:
    """Of a variance estimated from m records: about 3 (kurtosis - 1) / m."""
    found = derived(mixed())
    product = np.array([feature.kind == "dependence" for feature in found.features])
    assert product.sum() == 5
    np.testing.assert_allclose(found.uncertainty[product], 3 * (found.kurtosis[product] - 1) / 200)
    assert (found.uncertainty[~product] == 0).all()


def test_squares_and_products_are_quadratic_and_indicators_binary() -> None:
    found = derived(mixed())
    for feature, quadratic, binary in zip(found.features, found.quadratic, found.binary, strict=True):
        assert quadratic == (feature.kind in {"scale", "dependence"})
        assert binary == (feature.kind in {"share", "range", "missing"})


def test_products_are_of_columns_that_differ() -> None:
    found = derived(mixed())
    products = [feature for feature in found.features if feature.kind == "dependence"]
    assert [feature.name for feature in products] == ["x with y", "x with g", "x with g", "y with g", "y with g"]
    assert products[1].columns == ("x", "g")


def test_the_minimum_effect_of_each_kind_is_the_policys() -> None:
    policy = Policy(min_shift=0.11, min_spread=0.12, min_share=0.03, min_correlation=0.14)
    expected = {"location": 0.11, "shape": 0.11, "scale": 0.24, "dependence": 0.14}
    found = derived(mixed())
    for feature, least in zip(found.features, found.minimum_effect(policy), strict=True):
        assert least == expected.get(feature.kind, 0.03)


def test_the_omnibus_matrix_is_the_inverse_of_the_correlations_with_small_directions_raised() -> None:
    x = np.random.default_rng(2).normal(size=300)
    found = derived(pa.table({"x": x, "y": x}))
    np.testing.assert_allclose(np.linalg.eigvalsh(found.inverse_correlation), [1 / 2, 1 / LEAST_EIGENVALUE], rtol=1e-6)
    assert derived(pa.table({"g": ["a"] * 50 + ["b"] * 3})).inverse_correlation.shape == (0, 0)


def test_a_sample_of_a_larger_table_counts_as_fewer_rows() -> None:
    """Kish: weights 1, 1, 2 sum to 4, but count as 16 / 6 rows; complete, they are four records."""
    schema = Schema.from_object({"columns": [{"name": "x"}]})
    table = pa.table({"x": np.arange(50.0)})
    found = derive_reference_features(Baseline.build(table, schema))
    for complete, rows in ((True, 4.0), (False, 16 / 6)):
        sample = Sample(
            np.arange(3, dtype=np.uint64), np.array([[1.0], [2.0], [np.nan]]), np.array([1, 1, 2]), ((),), complete
        )
        sums, squares = found.sums_and_squares(sample)
        assert sums.rows[-1] == pytest.approx(rows)
        assert sums.totals[-1] == pytest.approx(rows / 2), "half of it misses its value"
        assert sums.rows[0] == pytest.approx(rows / 2)
        assert squares[1] == pytest.approx(rows / 4 * sum(found.scorers[0].score(sample)[0][:2, 1] ** 2))


def test_the_last_baselines_features_are_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference_features, "_CACHE", {})
    schema = Schema.from_object({"columns": [{"name": "x"}]})
    baselines = [Baseline.build(pa.table({"x": np.arange(30.0) + i}), schema) for i in range(CACHE_SIZE + 1)]
    first = derive_reference_features(baselines[0])
    for baseline in baselines[1:-1]:
        derive_reference_features(baseline)
    assert derive_reference_features(baselines[0]) is first, "asked for again, it is the newest"
    derive_reference_features(baselines[-1])
    assert baselines[1].sha256 not in reference_features._CACHE
    assert derive_reference_features(baselines[0]) is first
    assert len(reference_features._CACHE) == CACHE_SIZE


@pytest.mark.parametrize(("direction", "raised"), [(0.025, 0.025), (0.015, 0.02)])
def test_directions_of_less_than_a_fiftieth_of_a_variance_are_raised_to_it(direction: float, raised: float) -> None:
    """Two columns of correlation r have directions of 1 + r and 1 - r; ranks are nearly as correlated as values."""
    rng = np.random.default_rng(2)
    x, noise = rng.normal(size=4_000), rng.normal(size=4_000)
    of_noise = np.sqrt(1 / (1 - direction) ** 2 - 1)
    found = np.linalg.eigvalsh(derived(pa.table({"x": x, "y": x + of_noise * noise})).inverse_correlation)
    assert 1 / found[-1] == pytest.approx(raised, rel=0.1 if raised == direction else 1e-6)
