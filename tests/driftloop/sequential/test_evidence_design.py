"""Evidence of dependent groups and of seasons, to the digit: what each stretch is compared with, by which design."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Evidence, Policy, Schema, Window
from driftloop.sequential.clustered_sums import concentration_of
from driftloop.sequential.evidence import VERSION, fits, strongest_columns, update
from driftloop.sequential.mean_test import difference_p
from driftloop.sequential.reference_features import ReferenceFeatures, derive_reference_features
from driftloop.sequential.stretches import Accepted, strongest_stretch
from driftloop.sequential.window_sums import Block, Recent, Sums, join

POLICY = Policy()
WARDS = Schema((Column("x"), Column("ward", "categorical", role="cluster")))
DAYS = Schema((Column("x"), Column("at", "datetime", role="timestamp")), season="weekday")
WARDS_AND_DAYS = Schema((Column("x"), WARDS.columns[1], DAYS.columns[1]), season="weekday")
START = Evidence()
MONDAY = np.datetime64("2024-01-01T12:00", "us")


def table(seed: int, wards: int, of_ward: int, mean: float = 0.0, days: int = 7) -> pa.Table:
    """Wards with an effect of their own, from a Monday on; Sundays lie higher by one."""
    rng = np.random.default_rng(seed)
    rows = wards * of_ward
    day = np.arange(rows) % days
    x = np.repeat(rng.normal(mean, 0.5, wards), of_ward) + rng.normal(0, 1, rows) + (day == 6)
    ward = np.repeat([f"{seed}-{number}" for number in range(wards)], of_ward)
    return pa.table({"x": x, "ward": ward, "at": pa.array(MONDAY + day * np.timedelta64(1, "D"))})


def derived(schema: Schema) -> tuple[Baseline, ReferenceFeatures]:
    baseline = Baseline.build(table(0, 60, 7), schema)
    return baseline, derive_reference_features(baseline)


def fed(
    schema: Schema, window: pa.Table, evidence: Evidence = START, name: str = "w", excluded: tuple[str, ...] = ()
) -> Evidence:
    baseline, _ = derived(schema)
    seen = Window.build(window, schema)
    return update(evidence, baseline, seen, window_id=name, since=None, policy=POLICY, excluded=excluded)


def one(block: Block) -> Sums:
    sums = block.unpacked
    return Sums(sums.rows[None], sums.totals[None])


def concentration(block: Block) -> float:
    assert block.sketch is not None
    return concentration_of(block.sketch, block.unpacked.rows.max())


def p_of_clusters(
    features: ReferenceFeatures, block: Block, reference: Sums, lies: float, variance: np.ndarray | None = None
) -> float:
    assert features.clusters is not None
    alone = one(block)
    design = features.clusters.design(alone.rows, np.array([concentration(block)]), reference.rows, np.array([lies]))
    return float(difference_p(features, alone, reference, POLICY, variance, design=design)[0][0])


def test_dependent_windows_have_the_p_of_their_own_concentration() -> None:
    _, features = derived(WARDS)
    assert features.clusters is not None
    evidence = fed(WARDS, table(1, 6, 10, mean=1.0))
    (block,) = evidence.blocks
    assert concentration(block) == pytest.approx(1 / 6)
    expected = p_of_clusters(features, block, features.baseline_sums, features.clusters.concentration)
    assert evidence.p == pytest.approx(expected, rel=1e-9, abs=0)
    assert 1e-9 < expected < 0.5
    independent = difference_p(features, one(block), features.baseline_sums, POLICY)[0][0]
    assert independent < expected


def test_each_stretch_has_the_concentration_of_all_its_windows() -> None:
    _, features = derived(WARDS)
    assert features.clusters is not None
    evidence = fed(WARDS, table(2, 8, 5, mean=1.2), fed(WARDS, table(1, 4, 5, mean=1.2)), "second")
    first, second = evidence.blocks
    assert concentration(join(first, second)) == pytest.approx(1 / 12, rel=0.2)
    smallest = min(
        p_of_clusters(features, block, features.baseline_sums, features.clusters.concentration)
        for block in (second, join(first, second))
    )
    assert evidence.p == pytest.approx(2 * smallest, rel=1e-9, abs=0)


def test_a_block_without_a_sketch_counts_as_one_cluster() -> None:
    """Sums of an earlier version: nothing is known of how its records depend on each other."""
    _, features = derived(WARDS)
    assert features.clusters is not None
    known = fed(WARDS, table(1, 6, 10, mean=3.0)).blocks[0]
    unknown = msgspec.structs.replace(known, clusters=b"")
    alone = one(unknown)
    lies = np.array([features.clusters.concentration])
    design = features.clusters.design(alone.rows, np.array([1.0]), features.baseline_sums.rows, lies)
    expected = difference_p(features, alone, features.baseline_sums, POLICY, design=design)[0][0]
    assert strongest_stretch(features, (unknown,), None, None, POLICY).p == pytest.approx(expected, rel=1e-9, abs=0)
    assert expected > strongest_stretch(features, (known,), None, None, POLICY).p


def test_an_accepted_regime_has_a_concentration_of_its_own() -> None:
    baseline, features = derived(WARDS)
    regime = fed(WARDS, table(1, 3, 30, mean=3.0))
    assert regime.recent is not None
    accepted = Accepted(regime.blocks[0], regime.recent)
    start = Evidence(baseline=baseline.sha256, accepted=accepted)
    evidence = fed(WARDS, table(2, 20, 4, mean=6.0), start)
    (block,) = evidence.blocks
    variance = np.maximum(features.variance, regime.recent.variance)
    of_regime = p_of_clusters(features, block, accepted.block.unpacked, concentration(accepted.block), variance)
    assert concentration(accepted.block) == pytest.approx(1 / 3)
    assert evidence.p == pytest.approx(of_regime, rel=1e-9, abs=0)
    assert 1e-9 < of_regime < 1


def test_a_window_is_compared_with_its_own_mix_of_seasons() -> None:
    _, features = derived(DAYS)
    assert features.seasons is not None
    evidence = fed(DAYS, table(1, 10, 5, mean=0.8, days=2))
    (block,) = evidence.blocks
    assert block.seasons[:3] == (25.0, 25.0, 0.0)
    reference, _ = features.seasons.reference(np.array([block.seasons]))
    expected = difference_p(features, one(block), reference, POLICY)[0][0]
    assert evidence.p == pytest.approx(expected, rel=1e-9, abs=0)
    whole = difference_p(features, one(block), features.baseline_sums, POLICY)[0][0]
    assert 1e-9 < expected < 0.5
    assert expected != pytest.approx(whole)


def test_the_baselines_part_of_some_seasons_lies_in_a_part_of_its_clusters() -> None:
    """Two weekdays of seven are two sevenths of the records: at worst of two sevenths of the clusters."""
    _, features = derived(WARDS_AND_DAYS)
    assert features.seasons is not None
    assert features.clusters is not None
    evidence = fed(WARDS_AND_DAYS, table(1, 6, 10, mean=1.2, days=2))
    (block,) = evidence.blocks
    reference, records = features.seasons.reference(np.array([block.seasons]))
    assert records[0] == pytest.approx(420 * 2 / 7)
    expected = p_of_clusters(features, block, reference, features.clusters.concentration * 7 / 2)
    assert evidence.p == pytest.approx(expected, rel=1e-9, abs=0)
    assert 1e-9 < expected < 0.5


def test_records_of_a_season_that_the_baseline_lacks_are_left_out() -> None:
    baseline = Baseline.build(table(0, 60, 7, days=2), DAYS)
    window = Window.build(table(1, 10, 6, days=3), DAYS)
    evidence = update(Evidence(), baseline, window, window_id="w", since=None, policy=POLICY)
    assert evidence.blocks[0].unpacked.rows.max() == 40


def test_an_excluded_column_counts_as_not_recorded() -> None:
    evidence = fed(WARDS, table(1, 6, 10, mean=9.0), excluded=("x",))
    assert evidence.blocks[0].unpacked.rows.tolist() == [0.0] * len(evidence.blocks[0].unpacked.rows)
    assert (evidence.p, evidence.checks, evidence.alarm) == (1.0, 1, False)


def test_the_columns_of_the_strongest_feature_are_told() -> None:
    rng = np.random.default_rng(3)
    schema = Schema((Column("x"), Column("y")))
    baseline = Baseline.build(pa.table({"x": rng.normal(size=100), "y": rng.normal(size=100)}), schema)
    assert strongest_columns(Evidence(feature="y location"), baseline) == ("y",)
    assert strongest_columns(Evidence(feature="x with y"), baseline) == ("x", "y")
    assert strongest_columns(Evidence(feature="all columns"), baseline) == ()
    assert strongest_columns(Evidence(), baseline) == ()


def test_stored_sums_fit_a_baseline_where_they_have_as_many_features() -> None:
    baseline, features = derived(WARDS)
    evidence = fed(WARDS, table(1, 6, 10))
    count = len(features.features)
    assert fits(evidence, baseline)
    assert fits(Evidence(baseline=baseline.sha256), baseline), "nothing is stored yet"

    def sums(of: int) -> Sums:
        return Sums(np.ones(of), np.ones(of))

    def recent(of: int) -> Recent:
        return Recent.after(None, sums(of), np.ones(of))

    right, short = Block.of(1, None, sums(count)), Block.of(1, None, sums(count - 1))
    replaced = msgspec.structs.replace
    assert not fits(replaced(evidence, blocks=(right, short)), baseline)
    assert not fits(replaced(evidence, recent=recent(count + 1)), baseline)
    assert fits(replaced(evidence, accepted=Accepted(right, recent(count))), baseline)
    assert not fits(replaced(evidence, accepted=Accepted(short, recent(count))), baseline)
    assert not fits(replaced(evidence, accepted=Accepted(right, recent(count - 1))), baseline)
    # Of another baseline, or of another version of the scores, nothing is kept: it need not fit.
    assert fits(replaced(evidence, blocks=(short,), baseline="another"), baseline)
    assert fits(replaced(evidence, blocks=(short,), version=VERSION + 1), baseline)
