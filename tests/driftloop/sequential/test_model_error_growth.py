"""Growth of the model's error, to the digit: one-sided, corrected for stretches, at a fifth of the budget."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from scipy.special import ndtri

from driftloop import Policy
from driftloop.config.policy import ERROR_SHARE
from driftloop.errors import InputError
from driftloop.sequential.model_error import (
    FEWEST_LABELS,
    ErrorMoments,
    Performance,
    growth_p,
    reset,
    update,
)
from driftloop.sequential.window_sums import REMEMBERED, Sums
from driftloop.stats.moments import moments_p

POLICY = Policy(tolerance=0.1)
HOLDOUT = ErrorMoments.of(54 * np.abs(ndtri((np.arange(90) + 0.5) / 90)))


def grown(factor: float, rows: int, seed: int = 2) -> ErrorMoments:
    """Errors whose mean is `factor` times the holdout's."""
    errors = np.abs(np.random.default_rng(seed).normal(0, 54, rows))
    return ErrorMoments.of(errors * factor * HOLDOUT.mean / errors.mean())


def sums(errors: ErrorMoments, unit: float = 1.0) -> Sums:
    return Sums(np.full(4, float(errors.rows)), np.array(errors.totals) / unit ** np.arange(1, 5))


def fed(
    state: Performance, batch: ErrorMoments, name: str = "b", policy: Policy = POLICY, **changes: str | None
) -> Performance:
    given = {"baseline": "m1", "since": None, "last": None} | changes
    return update(state, HOLDOUT, batch, window_id=name, policy=policy, **given)  # type: ignore[arg-type]


def p_of(*batches: ErrorMoments) -> float:
    """p of some batches together, in units of the holdout's mean."""
    unit = HOLDOUT.mean
    each = [sums(batch, unit) for batch in batches]
    together = Sums(sum(one.rows for one in each), sum(one.totals for one in each))
    return growth_p(together, sums(HOLDOUT, unit), POLICY.tolerance)


def test_moments_are_sums_of_powers() -> None:
    assert ErrorMoments.of([0.0, 2.0, 3.0]) == ErrorMoments(3, (5.0, 13.0, 35.0, 97.0))
    assert ErrorMoments.of([0.0, 2.0, 4.0]).mean == 2.0
    assert ErrorMoments.of([]).mean == 0.0


def test_p_is_the_upper_tail_of_the_pooled_moments() -> None:
    """Pooled: the window's errors and the holdout's times 1.1, drawn without replacement."""
    rng = np.random.default_rng(3)
    window, holdout = np.abs(rng.normal(0, 1.6, 40)), np.abs(rng.normal(0, 1.0, 90))
    pooled = np.concatenate([window, 1.1 * holdout])
    n, m = 40, 90
    centred = pooled - pooled.mean()
    variance = np.mean(centred**2)
    skew, kurtosis = np.mean(centred**3) / variance**1.5, np.mean(centred**4) / variance**2
    spread = 1 / n + 1 / m
    z = (window.mean() - 1.1 * holdout.mean()) / np.sqrt(variance * spread * (n + m) / (n + m - 1))
    expected = moments_p(
        np.array([z]),
        np.array([skew * (1 / n**2 - 1 / m**2) / spread**1.5]),
        np.array([(kurtosis - 3) * (1 / n**3 + 1 / m**3) / spread**2]),
    )
    found = growth_p(sums(ErrorMoments.of(window)), sums(ErrorMoments.of(holdout)), 0.1)
    assert found == pytest.approx(expected[0] / 2, rel=1e-9)
    assert 1e-6 < found < 0.05


def test_smaller_errors_never_count_however_surprising() -> None:
    assert growth_p(sums(grown(0.2, 500)), sums(HOLDOUT), 0.1) == 1.0
    assert growth_p(sums(grown(1.0999, 500)), sums(HOLDOUT), 0.1) == 1.0, "within what is tolerated"
    assert growth_p(sums(HOLDOUT), sums(HOLDOUT), 0.0) == 1.0, "exactly as large is no growth"
    assert growth_p(sums(grown(1.1001, 500)), sums(HOLDOUT), 0.1) < 0.51
    assert growth_p(sums(grown(1.1, 500)), sums(HOLDOUT), 0.05) < growth_p(sums(grown(1.1, 500)), sums(HOLDOUT), 0.09)


def test_errors_without_variance_say_nothing() -> None:
    alike = sums(ErrorMoments.of([1.1] * 30)), sums(ErrorMoments.of([1.0] * 30))
    assert growth_p(*alike, 0.1) == 1.0


def test_two_stretches_give_exactly_twice_the_p_of_one() -> None:
    first, second = grown(1.4, 30, seed=4), grown(1.4, 30, seed=5)
    one = fed(Performance(), first, "b1")
    assert one.p == pytest.approx(p_of(first), rel=1e-5)
    two = fed(one, second, "b2")
    both = p_of(first, second)
    assert both < p_of(second)
    assert two.p == pytest.approx(2 * both, rel=1e-5)
    assert two.labels == 60


def test_stretches_with_too_few_labels_are_not_looked_at_and_not_corrected_for() -> None:
    few = fed(Performance(), grown(3.0, FEWEST_LABELS - 1), "b1")
    assert (few.p, few.degraded, few.labels) == (1.0, False, 19)
    enough = fed(Performance(), grown(3.0, FEWEST_LABELS), "b1")
    assert enough.p < 0.01
    late = fed(fed(Performance(), grown(3.0, FEWEST_LABELS), "b1"), grown(3.0, 1), "b2")
    both = p_of(grown(3.0, FEWEST_LABELS), grown(3.0, 1))
    assert late.p == pytest.approx(both, rel=1e-4), "the newest batch alone has one label: only one stretch is tested"


def test_a_holdout_needs_as_many_labels() -> None:
    small = ErrorMoments.of([1.0, 2.0] * 10)
    assert small.rows == FEWEST_LABELS == 20
    kept = {"baseline": "m", "window_id": "b", "since": None, "last": None, "policy": POLICY}
    assert update(Performance(), small, grown(1.0, 30), **kept).checks == 1
    with pytest.raises(InputError, match="20 records are needed"):
        update(Performance(), ErrorMoments.of([1.0] * 19), grown(1.0, 30), **kept)
    with pytest.raises(InputError, match="20 records are needed"):
        update(Performance(), ErrorMoments.of([0.0] * 30), grown(1.0, 30), **kept)


def test_the_error_is_degraded_at_a_fifth_of_the_budget() -> None:
    batch = grown(1.5, 40)
    p = fed(Performance(), batch).p
    budget = int(ERROR_SHARE / p)
    assert budget > 1
    assert fed(Performance(), batch, policy=Policy(tolerance=0.1, budget=budget), since="2026-01-01").degraded
    above = fed(Performance(), batch, policy=Policy(tolerance=0.1, budget=budget + 1), since="2026-01-01")
    assert (above.degraded, above.since) == (False, None)


def test_growth_is_relative_to_the_holdout_and_of_the_strongest_stretch() -> None:
    state = fed(Performance(), grown(1.5, 40), since="2026-01-01", policy=Policy(budget=1))
    assert state.growth == pytest.approx(0.5, rel=1e-6)
    assert (state.labels, state.since, state.certainty) == (40, "2026-01-01", 1 - state.p)
    calm = fed(fed(Performance(), grown(0.5, 30), "b1"), grown(0.7, 30), "b2")
    assert calm.p == 1.0
    assert calm.growth == pytest.approx(-0.4, rel=1e-6), "over all batches, while none has grown"
    assert calm.labels == 60


def test_another_model_starts_a_new_epoch() -> None:
    state = fed(Performance(), grown(1.5, 40), "b1")
    other = fed(state, grown(1.5, 40), "b2", baseline="m2")
    assert (other.epoch, other.checks, other.baseline) == (1, 1, "m2")
    same = fed(state, grown(1.5, 40), "b2")
    assert (same.epoch, same.checks, same.baseline) == (0, 2, "m1")


def test_a_reset_keeps_what_was_seen_and_moves_on_only_where_a_time_is_given() -> None:
    state = Performance(epoch=1, checks=3, p=0.1, degraded=True, baseline="m1", after="2026-01-01", seen=("b1",))
    assert reset(state) == Performance(epoch=2, after="2026-01-01", seen=("b1",))
    assert reset(state, "2026-02-01").after == "2026-02-01"


def test_the_last_batches_are_remembered_and_no_more() -> None:
    names = tuple(f"old{number}" for number in range(REMEMBERED))
    assert fed(Performance(seen=names), grown(1.0, 30), "new").seen == (*names[1:], "new")


def test_fresh_performance_is_calm() -> None:
    fresh = Performance()
    assert msgspec.to_builtins(fresh) == {}
    assert (fresh.epoch, fresh.checks, fresh.p, fresh.degraded, fresh.labels, fresh.certainty) == (
        0,
        0,
        1.0,
        False,
        0,
        0.0,
    )
