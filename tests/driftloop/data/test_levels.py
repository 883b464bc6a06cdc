"""Categories by code."""

import numpy as np

from driftloop.data.levels import codes_of, recode, values_of


def test_codes_follow_their_names_and_missing_or_unknown_ones_are_minus_one():
    assert recode(np.array([2, 0, 1, -1]), ["x", "y", "z"], ["z", "x"]).tolist() == [0, 1, -1, -1]
    assert recode(np.array([-1, -1]), [], ["a"]).tolist() == [-1, -1]


def test_codes_survive_as_floating_point_numbers():
    values = np.array([0.0, np.nan, 3.0])
    assert codes_of(values).tolist() == [0, -1, 3]
    np.testing.assert_array_equal(values_of(codes_of(values)), values)
