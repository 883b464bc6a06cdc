"""The bounded sample of rows: a function of the rows alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftloop import Profile, Schema
from driftloop.profile.sampling.sample import MAX_ROWS, Sample

ROWS = 6_000


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    return pd.DataFrame({"x": rng.normal(size=ROWS), "g": rng.choice(["a", "b", "c"], ROWS, p=[0.6, 0.3, 0.1])})


@pytest.fixture(scope="module")
def schema(frame):
    return Schema.infer(frame)


def test_it_is_the_same_whatever_the_order_and_the_parts(frame, schema):
    whole = Profile.build(frame, schema).sample
    shuffled = frame.sample(frac=1, random_state=2)
    parts = [Profile.build(shuffled.iloc[a : a + 1_700], schema) for a in range(0, ROWS, 1_700)]
    merged = parts[2].merge(parts[0]).merge(parts[3].merge(parts[1])).sample
    np.testing.assert_array_equal(merged.keys, whole.keys)
    np.testing.assert_array_equal(merged.values, whole.values)
    assert merged.levels == whole.levels == ((), ("a", "b", "c"))
    assert len(whole.keys) == MAX_ROWS
    assert not whole.complete


def test_it_represents_the_rows(frame, schema):
    sample = Profile.build(frame, schema).sample
    # Standard errors of a simple random sample of 1,536: 0.026 of the mean, 0.012 of the share.
    assert abs(sample.values[:, 0].mean() - frame["x"].mean()) < 4 * 0.026
    assert abs((sample.values[:, 1] == 0).mean() - 0.6) < 4 * 0.0125


def test_repeated_rows_are_one_row_with_their_exact_count(schema):
    frame = pd.DataFrame({"x": [1.5, 2.5, 1.5, 1.5], "g": ["a", "b", "a", "a"]})
    sample = Profile.build(frame, schema).sample
    assert sorted(sample.weights.tolist()) == [1, 3]
    assert sample.rows == 4
    assert sample.complete


def test_a_coarse_table_is_kept_whole_however_many_rows_it_has():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"a": rng.choice(["x", "y"], 100_000), "b": rng.choice(["u", "v", "w"], 100_000)})
    sample = Profile.build(frame, Schema.infer(frame)).sample
    assert sample.complete
    assert len(sample.keys) == 6
    assert sample.rows == 100_000


def test_values_of_few_digits_are_kept_exactly_and_others_to_six_digits(frame, schema):
    recorded = Profile.build(frame.assign(x=frame["x"].round(2)), schema).sample.values[:, 0]
    assert np.isin(recorded, frame["x"].round(2)).all()
    measured = Profile.build(frame, schema).sample.values[:, 0]
    exact = np.sort(frame["x"].to_numpy())
    nearest = exact[np.clip(np.searchsorted(exact, measured), 1, ROWS - 1)]
    before = exact[np.clip(np.searchsorted(exact, measured) - 1, 0, ROWS - 1)]
    gap = np.minimum(np.abs(nearest - measured), np.abs(before - measured))
    assert (gap <= 1e-6 * np.abs(measured)).all()


def of(values, levels=((),)):
    values = np.asarray(values, float)
    keys = np.arange(len(values), dtype=np.uint64)
    return Sample.of(keys, values, np.ones(len(values), np.int64), levels, complete=True)


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=30), st.integers(0, 52), st.integers(0, 52))
def test_cutting_twice_is_cutting_once_to_the_coarser_precision(numbers, first, second):
    sample = of(np.array(numbers)[:, None])
    twice = sample.cut([first]).cut([second])
    np.testing.assert_array_equal(twice.values, sample.cut([min(first, second)]).values)


@given(st.integers(-(10**10), 10**10), st.integers(0, 4), st.integers(0, 22))
def test_recorded_numbers_are_never_cut(whole, decimals, precision):
    value = whole / 10**decimals
    assert of([[value]]).cut([precision]).values[0, 0] == value


def test_measured_numbers_keep_sixteen_bits_more_than_their_bins_and_a_mark():
    value = 1 / 3
    cut = of([[value]]).cut([4]).values[0, 0]
    assert abs(cut - value) <= 2.0**-20 * value
    bits = np.array([cut]).view(np.int64)[0]
    assert bits & ((1 << 32) - 1) == 1
    assert of([[value]]).cut([22]).values[0, 0] != value
    assert of([[value]]).cut([23]).values[0, 0] == value


def test_missing_infinite_and_categorical_values_are_not_cut():
    values = [[np.nan, 1.0], [np.inf, 0.0], [-np.inf, np.nan]]
    sample = of(values, levels=((), ("a", "b")))
    np.testing.assert_array_equal(sample.cut([0, 0]).values, sample.values)


def test_only_a_sample_of_today_is_rounded_to_compare_with_one_of_version_1():
    today = of([[1 / 3], [35.2]])
    old = replace(of([[0.33333325386047363], [35.2]]), rounded=True)
    assert today.comparable(today) is today
    assert old.comparable(today) is old
    assert today.comparable(old).rounded
    np.testing.assert_allclose(today.comparable(old).values, old.values, rtol=2.0**-21)
    assert today.merge(old).rounded
