"""Keys of rows: equal rows have equal ones, different rows different ones."""

from math import nan

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Column, Profile, Schema
from driftloop.data.columns.numbers import Numbers
from driftloop.data.columns.texts import Texts
from driftloop.profile.sampling.row_hash import content_keys, finish, mix, salt

SCHEMA = Schema((Column("x"), Column("y")))


def keys_of(*columns):
    keys = np.zeros(len(columns[0]), np.uint64)
    for index, column in enumerate(columns):
        values = np.asarray(column, float)
        mix(keys, Numbers(values, 0), salt(f"c{index}"), float(values.min()), float(values.max()))
    finish(keys)
    return keys.tolist()


def test_rows_that_differ_in_two_signs_have_different_keys():
    grid = np.array([(x, y, z) for x in (-2.5, 2.5) for y in (-1.0, 1.0) for z in (-7.0, 7.0)])
    assert len(set(keys_of(*grid.T))) == 8


def test_small_whole_numbers_of_both_signs_have_keys_of_their_own():
    x, y = (side.ravel() for side in np.meshgrid(np.arange(-200, 201), np.arange(-200, 201)))
    assert len(set(keys_of(x, y))) == 401**2


def test_a_key_depends_on_the_row_and_not_on_its_batch():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 200))
    alone = [keys_of([a], [b])[0] for a, b in zip(x, y, strict=True)]
    assert keys_of(x, y) == alone


def test_zero_has_one_key_and_so_has_every_missing_value():
    odd = np.array([0x7FF8000000000123], np.uint64).view(np.float64)[0]
    values = np.array([0.0, -0.0, nan, odd, -nan])
    keys = np.zeros(5, np.uint64)
    mix(keys, Numbers(values, 0), salt("x"), nan, nan)
    assert keys[0] == keys[1] != keys[2]
    assert len(set(keys[2:].tolist())) == 1


def test_categories_count_by_name_whatever_their_codes():
    keys = np.zeros((2, 3), np.uint64)
    mix(keys[0], Texts(np.array([0, 1, -1]), ("a", "b")), 1.5, 0.0, 0.0)
    mix(keys[1], Texts(np.array([2, 0, -1]), ("b", "c", "a")), 1.5, 0.0, 0.0)
    np.testing.assert_array_equal(keys[0], keys[1])


@pytest.mark.parametrize("flipped", [1, -1])
def test_a_sample_keeps_rows_that_mirror_each_other_apart(flipped):
    x = np.round(np.random.default_rng(2).normal(size=50), 1)
    frame = pa.table({"x": np.concatenate([x, flipped * x]), "y": np.concatenate([x, flipped * x])})
    sample = Profile.build(frame, SCHEMA).sample
    assert len(sample.keys) == len(np.unique(np.concatenate([x, flipped * x])))
    assert len(set(content_keys(sample).tolist())) == len(sample.keys)
