"""The evidence's p, to the digit: the number of stretches, the halved level, the share of the budget."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Evidence, Policy, Schema, Window
from driftloop.config.policy import DRIFT_SHARE, ERROR_SHARE, INCIDENT_SHARE
from driftloop.sequential.evidence import VERSION, accept, reset, update
from driftloop.sequential.mean_test import difference_p
from driftloop.sequential.reference_features import ReferenceFeatures, derive_reference_features
from driftloop.sequential.stretches import WINDOW_ITSELF, Accepted
from driftloop.sequential.window_sums import REMEMBERED, Block, Recent, Sums, join

POLICY = Policy()
LEVEL = DRIFT_SHARE / POLICY.budget


@dataclass(frozen=True)
class Comparison:
    """A window's comparison with this p."""

    p: float
    matters: bool = True


def normal(rows: int, seed: int, mean: float = 0.0) -> pa.Table:
    return pa.table({"x": np.random.default_rng(seed).normal(mean, 1.0, rows)})


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return Baseline.build(normal(350, 0), Schema.infer(normal(350, 0).to_batches()))


@pytest.fixture(scope="module")
def features(baseline: Baseline) -> ReferenceFeatures:
    return derive_reference_features(baseline)


def window(baseline: Baseline, seed: int, mean: float = 0.0) -> Window:
    return Window.build(normal(50, seed, mean), baseline.schema)


def fed(
    evidence: Evidence,
    baseline: Baseline,
    seed: int,
    comparison: Comparison | None = None,
    mean: float = 0.0,
    since: str | None = None,
) -> Evidence:
    seen = window(baseline, seed, mean)
    return update(evidence, baseline, seen, comparison, window_id=f"w{seed}", since=since, policy=POLICY)


def block(features: ReferenceFeatures, baseline: Baseline, seed: int, mean: float) -> Block:
    return Block.of(1, None, features.sums(window(baseline, seed, mean).profile.sample))


def p_of(
    features: ReferenceFeatures, of: Block, against: Sums | None = None, variance: np.ndarray | None = None
) -> float:
    one = Sums(of.unpacked.rows[None], of.unpacked.totals[None])
    return float(difference_p(features, one, against or features.baseline_sums, POLICY, variance)[0][0])


def test_the_whole_budget_is_shared_by_drift_incidents_and_the_models_error() -> None:
    assert (DRIFT_SHARE, INCIDENT_SHARE, ERROR_SHARE) == (3 / 4, 1 / 20, 1 / 5)
    assert DRIFT_SHARE + INCIDENT_SHARE + ERROR_SHARE == 1.0


def test_one_window_has_the_p_of_its_only_stretch(baseline: Baseline, features: ReferenceFeatures) -> None:
    evidence = fed(Evidence(), baseline, 1, mean=0.5)
    assert evidence.p == p_of(features, block(features, baseline, 1, 0.5)) < 0.1
    assert (evidence.feature, evidence.windows) == ("x location", 1)


def test_two_stretches_give_exactly_twice_the_p_of_one(baseline: Baseline, features: ReferenceFeatures) -> None:
    evidence = fed(fed(Evidence(), baseline, 1, mean=0.5), baseline, 2, mean=0.5)
    blocks = [block(features, baseline, seed, 0.5) for seed in (1, 2)]
    alone, both = p_of(features, blocks[1]), p_of(features, join(*blocks))
    assert both < alone
    assert evidence.p == 2 * both
    assert evidence.windows == 2
    quiet = fed(fed(Evidence(), baseline, 3), baseline, 2, mean=0.8)
    newest = block(features, baseline, 2, 0.8)
    alone, both = p_of(features, newest), p_of(features, join(block(features, baseline, 3, 0.0), newest))
    assert alone < both
    assert (quiet.p, quiet.windows) == (2 * alone, 1)


def test_three_stretches_after_four_windows_give_three_times_the_p_of_one(
    baseline: Baseline, features: ReferenceFeatures
) -> None:
    """Blocks of 2, 1 and 1: the last window, the last two, all four."""
    evidence = Evidence()
    for seed in (1, 2, 3, 4):
        evidence = fed(evidence, baseline, seed, mean=0.3)
    first, second, third, fourth = (block(features, baseline, seed, 0.3) for seed in (1, 2, 3, 4))
    pairs = join(third, fourth)
    smallest = min(p_of(features, each) for each in (fourth, pairs, join(join(first, second), pairs)))
    assert evidence.p == 3 * smallest


def test_the_comparison_of_the_newest_window_has_half_of_its_level(baseline: Baseline) -> None:
    one = fed(Evidence(), baseline, 1, Comparison(1e-6))
    assert (one.p, one.feature, one.windows) == (2e-6, WINDOW_ITSELF, 1)
    two = fed(fed(Evidence(), baseline, 1), baseline, 2, Comparison(1e-6))
    assert two.p == 2 * 2e-6


def test_the_other_half_is_for_its_sums(baseline: Baseline, features: ReferenceFeatures) -> None:
    of_sums = p_of(features, block(features, baseline, 1, 0.7))
    compared = fed(Evidence(), baseline, 1, Comparison(0.9), mean=0.7)
    assert (compared.p, compared.feature) == (2 * of_sums, "x location")
    assert fed(Evidence(), baseline, 1, mean=0.7).p == of_sums, "without a comparison nothing is halved"


def test_older_stretches_lose_nothing_by_the_comparison(baseline: Baseline, features: ReferenceFeatures) -> None:
    evidence = fed(fed(Evidence(), baseline, 1, mean=0.5), baseline, 2, Comparison(1.0), mean=0.5)
    assert evidence.p == 2 * p_of(features, join(*(block(features, baseline, seed, 0.5) for seed in (1, 2))))


def test_a_change_that_does_not_matter_is_not_counted(baseline: Baseline) -> None:
    assert (
        fed(Evidence(), baseline, 1, Comparison(1e-9, matters=False)).p
        == fed(Evidence(), baseline, 1, Comparison(1.0)).p
    )


def test_an_alarm_is_raised_at_three_quarters_of_the_budget(baseline: Baseline) -> None:
    at_it = fed(Evidence(), baseline, 1, Comparison(LEVEL / 2), since="2026-03-01")
    assert (at_it.p, at_it.alarm, at_it.since) == (LEVEL, True, "2026-03-01")
    above = fed(Evidence(), baseline, 1, Comparison(np.nextafter(LEVEL / 2, 1)), since="2026-03-01")
    assert (above.alarm, above.since) == (False, None)
    assert at_it.certainty == 1 - LEVEL


def test_p_is_never_above_one_and_then_nothing_is_named(baseline: Baseline) -> None:
    for comparison in (Comparison(0.8), Comparison(0.5), None):
        calm = fed(Evidence(), baseline, 3, comparison)
        assert (calm.p, calm.feature, calm.windows, calm.alarm) == (1.0, None, 0, False)
    assert fed(Evidence(), baseline, 3, Comparison(0.49)).p == 0.98


def test_an_accepted_regime_must_be_differed_from_too(baseline: Baseline, features: ReferenceFeatures) -> None:
    """The larger p counts: against the baseline, and against the regime with the larger of both variances."""
    regime = Accepted(
        block(features, baseline, 1, 2.0),
        Recent.after(None, *features.sums_and_squares(window(baseline, 1, 2.0).profile.sample)),
    )
    start = msgspec.structs.replace(Evidence(baseline=baseline.sha256), accepted=regime)
    for mean, against_regime in ((0.5, False), (1.6, True)):
        newest = block(features, baseline, 2, mean)
        variance = np.maximum(features.variance, regime.recent.variance)
        of_baseline = p_of(features, newest)
        of_regime = p_of(features, newest, regime.block.unpacked, variance)
        assert (of_regime > of_baseline) == against_regime
        assert fed(start, baseline, 2, mean=mean).p == max(of_baseline, of_regime)
    assert (regime.recent.variance > features.variance).any()
    assert (regime.recent.variance < features.variance).any()


def test_the_regime_that_is_accepted_is_the_shortest_stretch_that_holds_the_alarms_windows(baseline: Baseline) -> None:
    evidence = Evidence()
    for seed in range(1, 7):
        evidence = fed(evidence, baseline, seed)
    lengths = [stretch.windows for stretch in evidence.blocks]
    assert lengths == [2, 2, 1, 1]
    for windows, expected in ((1, 1), (2, 2), (3, 4), (4, 4), (5, 6), (9, 6)):
        kept = accept(msgspec.structs.replace(evidence, windows=windows)).accepted
        assert kept is not None
        assert kept.block.windows == expected


def test_without_a_window_there_is_no_regime_to_accept() -> None:
    assert accept(Evidence(epoch=3)) == reset(Evidence(epoch=3))


def test_an_accepted_regime_starts_an_epoch_with_the_same_baseline_and_no_sums(baseline: Baseline) -> None:
    evidence = fed(Evidence(epoch=2, after="2026-01-01"), baseline, 1, Comparison(1e-9))
    accepted = accept(evidence)
    assert (accepted.epoch, accepted.checks, accepted.blocks, accepted.alarm) == (3, 0, (), False)
    assert (accepted.baseline, accepted.seen, accepted.after) == (baseline.sha256, ("w1",), "2026-01-01")
    assert accepted.accepted is not None
    assert accepted.accepted.recent == evidence.recent


def test_a_reset_keeps_what_was_seen_and_moves_on_only_where_a_time_is_given() -> None:
    evidence = Evidence(epoch=1, checks=5, p=0.1, baseline="b", after="2026-01-01", seen=("w1",), version=0)
    assert reset(evidence) == Evidence(epoch=2, after="2026-01-01", seen=("w1",), version=VERSION)
    assert reset(evidence, "2026-02-01").after == "2026-02-01"


def test_the_last_windows_are_remembered_and_no_more(baseline: Baseline) -> None:
    names = tuple(f"old{number}" for number in range(REMEMBERED))
    evidence = fed(Evidence(baseline=baseline.sha256, seen=names), baseline, 1)
    assert evidence.seen == (*names[1:], "w1")
    assert len(evidence.seen) == REMEMBERED == 64


def test_fresh_evidence_is_calm() -> None:
    assert msgspec.to_builtins(Evidence()) == {}
    fresh = Evidence()
    assert (fresh.epoch, fresh.checks, fresh.p, fresh.alarm, fresh.windows, fresh.certainty) == (
        0,
        0,
        1.0,
        False,
        0,
        0.0,
    )
    assert fresh.version == VERSION, "else the first window would start a second epoch"


def test_the_sentence_counts_windows_and_checks() -> None:
    alone = Evidence(p=0.0004, feature="x scale", windows=1).sentence
    assert alone == "x scale: over the last window alone, as far off as in 1 in 2,500 checks without drift"
    two = Evidence(p=0.0, feature="x scale", windows=2).sentence
    assert (
        two == "x scale: over the last 2 windows together, as far off as in under 1 in 1,000,000 checks without drift"
    )
