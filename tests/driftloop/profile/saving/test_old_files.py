"""Profiles that the version before wrote are read, compared and told apart by the same hash."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Window, check
from driftloop.profile.contents import comparable_samples
from driftloop.profile.saving.parquet_format import profile_to_bytes

# 180 rows, written by version 1 of the format; its hash is what a ledger and a model's tag hold.
FILE = Path(__file__).parent / "files" / "baseline-version-1.parquet"
SHA256 = "336e54a7e59b2a7f254afcea5569aa00d8f2aac018934f1e8af6e5779c4881f2"


def records(rows, rng, shift=0.0):
    """What the file was made of, with the generator that made it."""
    bmi = rng.normal(26 + shift, 4, rows)
    bmi[rng.random(rows) < 0.05] = np.nan
    return pa.table(
        {
            "bmi": np.round(bmi, 1),
            "ratio": rng.normal(1 / 3, 0.1, rows),
            "count": rng.integers(0, 7, rows),
            "ward": rng.choice(["a", "b", "c", None], rows),
            "at": pa.array(1.78e9 + np.arange(rows) * 3600.0),
        }
    )


def test_it_keeps_its_bytes_and_its_hash():
    baseline = Baseline.from_bytes(FILE.read_bytes())
    assert baseline.sha256 == SHA256
    assert baseline.to_bytes() == FILE.read_bytes()
    assert (baseline.rows, baseline.first_time) == (180, "2026-05-28T20:26:40Z")


def test_its_statistics_are_those_of_its_records_and_its_effects_those_that_the_version_before_computed():
    baseline = Baseline.from_bytes(FILE.read_bytes())
    window = Window.build(records(60, np.random.default_rng(7), 3.0), baseline.schema)
    result = check(baseline, window)
    seen = {row.name: (row.statistic, row.effect) for row in result.features}
    today = Baseline.build(records(180, np.random.default_rng(20261126)), baseline.schema)
    expected = {row.name: (row.statistic, row.effect) for row in check(today, window).features}
    effects = {"bmi": 1.7134228, "ratio": -0.0236283, "count": -0.2777779, "ward": 0.1180461}
    assert {name: effect for name, (_, effect) in seen.items()} == pytest.approx(effects, rel=1e-5)
    for name in effects:
        # Its bins were 2^-20 wide, so the version before read means to a millionth of themselves.
        np.testing.assert_allclose(seen[name], expected[name], rtol=1e-5)


def test_the_same_records_of_today_are_equal_to_its_own():
    old = Baseline.from_bytes(FILE.read_bytes())
    new = Window.build(records(180, np.random.default_rng(20261126)), old.schema)
    assert not np.array_equal(new.profile.sample.values, old.profile.sample.values, equal_nan=True)
    before, after = comparable_samples(old.profile, new.profile)
    np.testing.assert_array_equal(before.keys, after.keys)
    np.testing.assert_array_equal(before.values, after.values)


def test_merged_with_todays_it_stays_rounded_and_has_no_exact_sum():
    old = Window.from_bytes(FILE.read_bytes())
    merged = old.merge(Window.build(records(50, np.random.default_rng(3)), old.schema))
    back = Window.from_bytes(profile_to_bytes(merged.profile))
    for window in (merged, back):
        assert window.rows == 230
        assert window.profile.sample.rounded
        assert window.profile.columns["bmi"].exact_sum is None
        assert window.profile.columns["bmi"].histogram.precision == 20
