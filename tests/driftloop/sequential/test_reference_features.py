"""Reference features: sums that add, and baseline records that are scored like new ones."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftloop import Baseline, Policy, Schema, Window
from driftloop.sequential.mean_test import difference_p
from driftloop.sequential.reference_features import MOST_FEATURES, ReferenceFeatures, derive_reference_features
from driftloop.sequential.window_sums import Sums


def records(n: int, rng: np.random.Generator, levels: int = 40) -> pa.Table:
    """A tied, a heavy-tailed and a column with many rare categories, tied to each other, and some values missing."""
    hidden = rng.normal(size=n)
    ward = np.minimum(rng.zipf(1.5, n), levels)
    heavy = np.where(rng.random(n) < 0.1, np.nan, hidden + rng.standard_t(2, n))
    return pa.table(
        {
            "stays": rng.poisson(np.exp(0.3 * hidden)).astype(float),
            "cost": pa.array(heavy, from_pandas=True),
            "ward": [f"W{number:03}" for number in ward],
        }
    )


SCHEMA = Schema.from_object({"columns": [{"name": "stays"}, {"name": "cost"}, {"name": "ward", "kind": "categorical"}]})


def framed(reference: pa.Table) -> ReferenceFeatures:
    return derive_reference_features(Baseline.build(reference, SCHEMA))


def sums_of(features: ReferenceFeatures, table: pa.Table) -> Sums:
    return features.sums(Window.build(table, SCHEMA).profile.sample)


@settings(max_examples=15)
@given(st.integers(1, 199), st.integers(0, 10_000))
def test_sums_of_parts_are_the_sums_of_the_whole(cut: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    features, window = framed(records(120, rng)), records(200, rng)
    parts = [sums_of(features, part) for part in (window.slice(0, cut), window.slice(cut))]
    whole = sums_of(features, window)
    np.testing.assert_allclose(sum(part.rows for part in parts), whole.rows)
    np.testing.assert_allclose(sum(part.totals for part in parts), whole.totals, atol=1e-8)


@settings(max_examples=15)
@given(st.floats(0.01, 1000), st.floats(-100, 100))
def test_scores_do_not_depend_on_the_unit_or_the_origin(scale: float, steps: float) -> None:
    origin = steps * scale  # not so far that a step is lost in rounding
    rng = np.random.default_rng(3)
    reference, window = rng.integers(0, 50, (200, 2)), rng.integers(0, 60, (60, 2))
    schema = Schema.infer(pa.table({"a": reference[:, 0] * 1.5, "b": reference[:, 1] * 1.5}).to_batches())

    def sums(table: np.ndarray, change: bool) -> Sums:
        values = table * scale + origin if change else table * 1.0
        base = reference * scale + origin if change else reference * 1.0
        features = derive_reference_features(Baseline.build(pa.table({"a": base[:, 0], "b": base[:, 1]}), schema))
        return features.sums(Window.build(pa.table({"a": values[:, 0], "b": values[:, 1]}), schema).profile.sample)

    np.testing.assert_allclose(sums(window, True).totals, sums(window, False).totals, atol=1e-9)


def test_baseline_records_are_scored_as_new_ones_would_be() -> None:
    """Means over many baselines of what the baseline and a new window give must agree; without leave-one-out the shares
    of unseen and out-of-range values would be 0 in the baseline."""
    rng = np.random.default_rng(4)
    inside, outside = [], []
    for _ in range(300):
        features = framed(records(80, rng))
        window = sums_of(features, records(80, rng))
        named = {feature.name: index for index, feature in enumerate(features.features)}
        places = [named[name] for name in ("ward unseen values", "cost out of range", "cost missing", "stays location")]
        inside.append((features.baseline_sums.totals / features.baseline_sums.rows)[places])
        outside.append((window.totals / window.rows)[places])
    before, now = np.array(inside), np.array(outside)
    error = np.sqrt((before.var(axis=0) + now.var(axis=0)) / len(before))
    assert (np.abs(before.mean(axis=0) - now.mean(axis=0)) < 4 * error + 1e-3).all()
    assert before[:, 0].mean() > 0.03
    assert before[:, 1].mean() > 0.01


def test_a_category_just_common_enough_keeps_its_baseline_records() -> None:
    rng = np.random.default_rng(8)
    ward = ["A"] * 100 + ["B"] * 6 + ["C"] * 5
    table = pa.table({"stays": rng.normal(size=111), "cost": rng.normal(size=111), "ward": ward})
    features = framed(table)
    named = {feature.name: index for index, feature in enumerate(features.features)}
    assert features.baseline_sums.totals[named["ward=B share"]] == 6
    assert "ward=C share" not in named
    # Five of C are rare among the others, and so are six of B: with one less, B would be.
    assert features.baseline_sums.totals[named["ward rare values"]] == 11


def test_a_wide_table_keeps_a_bounded_number_of_features() -> None:
    rng = np.random.default_rng(5)
    table = pa.table({f"x{number:02}": rng.normal(size=300) for number in range(60)})
    features = derive_reference_features(Baseline.build(table, Schema.infer(table.to_batches())))
    assert len(features.features) == MOST_FEATURES
    assert features.weights.sum() + features.omnibus_weight == pytest.approx(1.0)
    rare = framed(records(200, rng))
    assert rare.weights.sum() + rare.omnibus_weight < 1.0  # what rare categories would have had is spent on nothing


def test_columns_that_hold_nothing_or_one_value_do_no_harm() -> None:
    rng = np.random.default_rng(6)

    def table(constant: float) -> pa.Table:
        return pa.table(
            {
                "x": rng.normal(size=100),
                "nothing": pa.array([None] * 100, pa.float64()),
                "same": np.full(100, constant),
            }
        )

    columns = [{"name": name} for name in ("x", "nothing", "same")]
    schema = Schema.from_object({"columns": columns})
    features = derive_reference_features(Baseline.build(table(1.0), schema))
    found = [features.sums(Window.build(table(value), schema).profile.sample) for value in (1.0, 2.0)]
    both = Sums(np.array([each.rows for each in found]), np.array([each.totals for each in found]))
    (calm, moved), (_, name) = difference_p(features, both, features.baseline_sums, Policy())
    assert calm == 1.0
    assert (moved < 1e-9, name) == (True, "same out of range")


def test_datetimes_move_on_by_nature_and_are_left_out() -> None:
    import datetime

    day = datetime.datetime(2026, 1, 1)  # noqa: DTZ001
    table = pa.table({"x": np.arange(50.0), "seen": pa.array([day + datetime.timedelta(hours=i) for i in range(50)])})
    schema = Schema.from_object({"columns": [{"name": "x"}, {"name": "seen", "kind": "datetime"}]})
    features = derive_reference_features(Baseline.build(table, schema))
    assert {column for feature in features.features for column in feature.columns} == {"x"}
    alone = Schema.from_object({"columns": [{"name": "seen", "kind": "datetime"}]})
    empty = derive_reference_features(Baseline.build(table, alone))
    sums = empty.sums(Window.build(table, alone).profile.sample)
    nothing = Sums(sums.rows[None], sums.totals[None])
    assert difference_p(empty, nothing, empty.baseline_sums, Policy())[0].tolist() == [1.0]
