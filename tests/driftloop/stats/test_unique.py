"""Distinct values and membership, beside numpy's own."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftloop.stats.unique import among, distinct

KEYS = st.lists(st.integers(0, 9) | st.sampled_from([2**63, 2**64 - 1]), max_size=30)


@given(KEYS, KEYS.filter(bool))
def test_a_value_is_among_others_as_numpy_says(values, others):
    values, others = np.array(values, np.uint64), np.array(others, np.uint64)
    assert np.array_equal(among(values, others), np.isin(values, others))
    assert np.array_equal(distinct(values), np.unique(values))
