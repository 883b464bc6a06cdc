"""The sweep that makes 2,000 years affordable is the product's own arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.single import schema_of
from benchmarks.tables import table
from benchmarks.years import year_of_p
from driftloop import Baseline, Evidence, Policy, Window
from driftloop.sequential.evidence import update


@pytest.mark.parametrize("name", ["diabetes", "admissions"])
def test_the_sweep_over_a_year_gives_what_the_updates_give(name: str) -> None:
    source, schema, rng = table(name), schema_of(name), np.random.default_rng(1)
    baseline = Baseline.build(source.draw(350, rng), schema)
    windows = [Window.build(source.draw(50, rng), schema) for _ in range(23)]
    evidence, one_by_one = Evidence(), []
    for number, window in enumerate(windows):
        evidence = update(evidence, baseline, window, None, window_id=f"{number}", since=None, policy=Policy())
        one_by_one.append(evidence.p)
    # The stored state is float32, so its sums are off by 6e-8 of their size.
    np.testing.assert_allclose(
        year_of_p(baseline, [window.profile.sample for window in windows]), one_by_one, rtol=1e-3
    )
