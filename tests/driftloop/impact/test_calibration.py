"""Recalibrated claims, how far claims are trusted, and the weighted mean of three estimates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from driftloop.impact.calibration import recalibrate
from driftloop.impact.claims import CLAIMED, LEAST_BIAS, RECALIBRATED, claim_bias
from driftloop.impact.described import Records
from driftloop.impact.error_estimate import LEAST_KEPT, Estimate, estimate_error, kept_part


def test_recalibration_is_isotonic_regression() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        claimed = rng.random(200).round(2)
        errors = (rng.random(200) < claimed**2).astype(float)
        window = rng.uniform(-0.1, 1.1, 100)
        values, place, counts = np.unique(claimed, return_inverse=True, return_counts=True)
        fitted = isotonic_regression(np.bincount(place, weights=errors) / counts, weights=counts).x
        assert recalibrate(claimed, errors, window) == pytest.approx(np.interp(window, values, fitted).mean())


def test_one_claim_for_all_is_the_mean_error() -> None:
    assert recalibrate(np.full(4, 0.2), np.array([0.0, 1.0, 0.0, 0.0]), np.array([0.1, 0.9])) == 0.25


def test_claims_within_three_standard_errors_are_not_contradicted() -> None:
    # 500 records that claim 0.2: c (1 - c) = 0.16, one error more or less moves d by 1/80.
    def tau(wrong: int) -> float:
        return claim_bias(np.full(500, 0.2), np.repeat([1.0, 0.0], [wrong, 500 - wrong]))

    assert tau(100) == LEAST_BIAS
    assert tau(125) == LEAST_BIAS  # d = 0.3125, v = 0.25 x 0.75 / 500 / 0.0256 = 0.0146, d^2 - 9 v < 0
    # d = 0.625, v = 0.3 x 0.7 / 12.8 = 0.016406, tau^2 = 0.390625 - 0.147656
    assert tau(150) == pytest.approx(0.242969**0.5, rel=1e-4)


def sides(claim: float | None) -> tuple[Records, np.ndarray, Records]:
    """Holdout, its errors, window; every record errs with a probability of 0.2 and claims `claim`."""
    rng = np.random.default_rng(1)
    both = [
        Records(
            rng.normal(size=(rows, 2)),
            np.array([False, False]),
            None,
            None if claim is None else np.full(rows, claim),
        )
        for rows in (400, 300)
    ]
    return both[0], (rng.random(400) < 0.2).astype(float), both[1]


def own_estimate(found: Estimate) -> float:
    """Plug-in and half of the correction, which is within three standard errors of 0 here."""
    return float(found.expected.mean()) + LEAST_KEPT * float(np.average(found.residuals, weights=found.weights))


def test_claims_that_hold_have_a_tenth_of_the_weight() -> None:
    holdout, errors, window = sides(0.22)
    assert claim_bias(np.full(400, 0.22), errors) == LEAST_BIAS
    found = estimate_error(holdout, errors, window, "logit")
    assert (CLAIMED, RECALIBRATED) == (0.1, 0.2)
    assert found.mean == pytest.approx(0.7 * own_estimate(found) + 0.2 * errors.mean() + 0.1 * 0.22)


def test_claims_that_the_holdout_contradicts_have_hardly_any() -> None:
    holdout, errors, window = sides(0.6)
    weight = CLAIMED * (LEAST_BIAS / claim_bias(np.full(400, 0.6), errors)) ** 2
    assert weight < 0.0025
    found = estimate_error(holdout, errors, window, "logit")
    assert found.mean == pytest.approx((0.8 - weight) * own_estimate(found) + 0.2 * errors.mean() + weight * 0.6)
    assert abs(found.mean - errors.mean()) < 0.02


def test_without_claims_the_estimate_is_its_own() -> None:
    holdout, errors, window = sides(None)
    found = estimate_error(holdout, errors, window, "logit")
    assert found.mean == pytest.approx(own_estimate(found))


@pytest.mark.parametrize(("size", "kept"), [(1.9, 0.5), (2.8, 0.5), (3.0, 1 - 4 / 9), (4.0, 1 - 4 / 16)])
def test_a_correction_counts_by_how_far_it_stands_out(size: float, kept: float) -> None:
    """s = max(1/2, 1 - 4 v / c^2), for a correction of `size` standard errors."""
    assert kept_part(size * 0.1, 0.1**2) == pytest.approx(kept)


def test_no_correction_is_no_division_by_zero() -> None:
    assert kept_part(0.0, 0.0) == LEAST_KEPT
