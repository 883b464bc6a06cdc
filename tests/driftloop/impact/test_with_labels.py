"""Prediction-powered means: unbiased whatever the error model is worth, and looked at as often as labels arrive."""

from __future__ import annotations

import numpy as np

from driftloop.impact.with_labels import combine_labels

RUNS = 300


def test_it_covers_at_every_look_together_and_a_useful_error_model_narrows_it() -> None:
    rng = np.random.default_rng(1)
    missed, widths = 0, {"useful": 0.0, "useless": 0.0}
    for _ in range(RUNS):
        expected = rng.gamma(2, 1, 1000)
        errors = expected + rng.normal(0, 0.5, 1000)
        looks = [combine_labels(expected, expected[:n], errors[:n], 0.9) for n in (40, 80, 160, 320)]
        missed += any(look is None or abs(look.mean - errors.mean()) > look.half_width for look in looks)
        widths["useful"] += looks[-1].half_width  # type: ignore[union-attr]
        noise = rng.permutation(expected)
        widths["useless"] += combine_labels(noise, noise[:320], errors[:320], 0.9).half_width  # type: ignore[union-attr]
    assert missed <= 47, "of 300 at 10 %: more has a chance of 1 in 1,000"
    assert widths["useful"] < 0.5 * widths["useless"]


def test_few_labels_say_nothing() -> None:
    assert combine_labels(np.ones(100), np.ones(19), np.ones(19), 0.9) is None


def test_all_labels_leave_nothing_to_guess() -> None:
    errors = np.random.default_rng(2).gamma(1, 1, 50)
    found = combine_labels(np.ones(50), np.ones(50), errors, 0.9)
    assert found is not None
    assert abs(found.mean - errors.mean()) < 1e-12
    assert found.half_width == 0
