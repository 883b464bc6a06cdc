"""Has the model's error grown: found when it has, calm when it has not, with labels late and in part."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from scipy import stats

from driftloop import Policy
from driftloop.config.policy import ERROR_SHARE
from driftloop.errors import InputError
from driftloop.sequential.model_error import ErrorMoments, Performance, reset, update

POLICY = Policy()
HOLDOUT = 90  # of 442 diabetes records


def errors(n: int, rng: np.random.Generator, growth: float = 1.0) -> ErrorMoments:
    """Absolute errors of a regression with normal residuals of 54, what the diabetes model has."""
    return ErrorMoments.of(growth * np.abs(rng.normal(0, 54, n)))


def fed(state: Performance, reference: ErrorMoments, batch: ErrorMoments, name: str, **when: str | None) -> Performance:
    times = {"since": None, "last": None} | when
    return update(state, reference, batch, baseline="model-1", window_id=name, policy=POLICY, **times)


def batches_until_degraded(seed: int, growth: float, most: int = 52, fewest: int = 5, largest: int = 40) -> int | None:
    rng = np.random.default_rng(seed)
    reference, state = errors(HOLDOUT, rng), Performance()
    for number in range(1, most + 1):
        state = fed(state, reference, errors(int(rng.integers(fewest, largest)), rng, growth), f"b{number}")
        if state.degraded:
            return number
    return None


def test_a_doubled_error_is_found_within_a_few_batches() -> None:
    delays = [batches_until_degraded(seed, 2.0) or 99 for seed in range(40)]
    assert np.median(delays) <= 4
    assert max(delays) <= 12


def test_a_steady_error_is_not_called_degraded() -> None:
    """20 years at a fifth of 1 in 520: at most 0.4 alarms are expected, and that only at the border of tolerance."""
    assert [batches_until_degraded(seed, 1.0) for seed in range(20)] == [None] * 20


@pytest.mark.parametrize("law", ["absolute", "squared", "wrong or right"])
def test_at_the_border_of_what_is_tolerated_the_level_holds(law: str) -> None:
    rng, level, tries, hits = np.random.default_rng(7), 0.01, 4_000, 0
    from driftloop.sequential.model_error import _sums, growth_p

    def drawn(n: int, factor: float) -> ErrorMoments:
        if law == "wrong or right":
            return ErrorMoments.of((rng.random(n) < 0.2 * factor).astype(float))
        residuals = rng.normal(0, 54, n)
        return ErrorMoments.of(factor * (residuals**2 if law == "squared" else np.abs(residuals)))

    for _ in range(tries):
        window, reference = drawn(40, 1 + POLICY.tolerance), drawn(HOLDOUT, 1.0)
        hits += growth_p(_sums(window, 1.0), _sums(reference, 1.0), POLICY.tolerance) <= level
    assert hits <= stats.binom(tries, level).ppf(1 - 1e-4)


def test_few_labels_wait_for_more() -> None:
    rng = np.random.default_rng(3)
    reference, state = errors(HOLDOUT, rng), Performance()
    state = fed(state, reference, errors(5, rng, 10.0), "b1")
    assert (state.p, state.degraded, state.labels) == (1.0, False, 5)
    for number in range(2, 8):
        state = fed(state, reference, errors(5, rng, 10.0), f"b{number}")
    assert state.degraded
    assert state.growth is not None
    assert state.growth > 4


def test_a_batch_counts_once_an_empty_one_not_at_all_and_one_of_the_old_model_neither() -> None:
    rng = np.random.default_rng(4)
    reference, batch = errors(HOLDOUT, rng), errors(30, rng)
    once = fed(Performance(), reference, batch, "b1")
    assert fed(once, reference, batch, "b1") == once
    assert fed(once, reference, ErrorMoments.of([]), "b2") == once
    renewed = reset(once, after="2026-03-02T00:00:00Z")
    assert fed(renewed, reference, batch, "b3", last="2026-03-01T23:00:00+00:00") == renewed
    assert fed(renewed, reference, batch, "b3", last="2026-03-03T00:00:00Z").checks == 1


def test_since_says_when_the_errors_grew_and_only_once_they_have() -> None:
    rng = np.random.default_rng(5)
    reference, state = errors(HOLDOUT, rng), Performance()
    for day in range(1, 9):
        assert state.since is None
        state = fed(state, reference, errors(40, rng, 1.0 if day < 5 else 3.0), f"b{day}", since=f"2026-03-0{day}")
        if state.degraded:
            break
    assert state.since is not None
    assert state.since >= "2026-03-04"
    assert state.p <= ERROR_SHARE / POLICY.budget


def test_the_state_survives_json_and_holds_moments_only() -> None:
    rng = np.random.default_rng(6)
    reference, state = errors(HOLDOUT, rng), Performance()
    for number in range(30):
        state = fed(state, reference, errors(20, rng), f"b{number}")
    text = msgspec.json.encode(state)
    assert msgspec.json.decode(text, type=Performance) == state
    assert len(text) < 3_000
    assert msgspec.json.decode(msgspec.json.encode(reference), type=ErrorMoments) == reference


@pytest.mark.parametrize("bad", [[-1.0], [np.nan], [np.inf]])
def test_errors_that_are_none_are_refused(bad: list[float]) -> None:
    with pytest.raises(InputError, match=r"pass \|prediction - outcome\|"):
        ErrorMoments.of(bad)


def test_a_holdout_that_says_nothing_is_refused() -> None:
    batch = ErrorMoments.of([1.0] * 30)
    for reference in (ErrorMoments.of([1.0] * 5), ErrorMoments.of([0.0] * 50)):
        with pytest.raises(InputError, match="holdout"):
            fed(Performance(), reference, batch, "b1")
