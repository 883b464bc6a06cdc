"""Counts of categories with a bounded dictionary."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from driftloop.profile.counting.category_counts import MAX_NAMES, CategoryCounts


def counted(names):
    return CategoryCounts({}).add([(name, 1) for name in names])


def same(a, b):
    buckets = a.buckets is b.buckets is None or np.array_equal(a.buckets, b.buckets)
    return list(a.names.items()) == list(b.names.items()) and buckets


@given(st.lists(st.text(max_size=3)), st.lists(st.text(max_size=3)))
@settings(max_examples=60)
def test_few_categories_are_counted_by_name(a, b):
    merged = counted(a).merge(counted(b))
    assert same(merged, counted(b + a))
    assert merged.buckets is None
    assert merged.total == len(a) + len(b)


def test_ten_thousand_categories_stay_bounded_and_merge_exactly_in_any_order():
    rng = np.random.default_rng(1)
    names = [f"c{number}" for number in rng.zipf(1.3, 40_000) % 10_000]
    whole = counted(names)
    assert len(whole.names) == MAX_NAMES
    assert whole.total == len(names)
    shuffled = list(rng.permutation(names))
    parts = [counted(shuffled[start : start + 7_000]) for start in range(0, 40_000, 7_000)]
    merged = parts[-1]
    for part in parts[:-1]:
        merged = part.merge(merged)
    assert same(merged, whole)
    assert all(whole.names[name] == names.count(name) for name in list(whole.names)[:20])
