"""Planted subgroups: who is in them, and what the oracles know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.planted import SHARES, WINDOW_ROWS, Planted, jaccard, meets, planted
from benchmarks.rates import stream
from benchmarks.subgroups import _is_seen, _rule_is_named
from driftloop.profile.contents import comparable_samples
from driftloop.two_sample.score_matrix import pool_samples


def drawn(kind: str, name: str = "admissions") -> Planted:
    return planted(name, 0.1, kind, stream(910, 1))


@pytest.mark.parametrize("kind", ["share", "content"])
def test_a_rule_holds_for_the_same_records_in_the_table_and_in_the_pooled_values(kind: str) -> None:
    each = drawn(kind)
    pooled = pool_samples(*comparable_samples(each.baseline.profile, each.window.profile))
    marks = meets(each.rule, pooled, each.baseline.schema.features)
    assert marks[pooled.window].sum() == each.inside.sum()
    assert (each.column is None) == (kind == "share")
    if kind == "share":
        assert each.inside.sum() == round(SHARES[0.1] * WINDOW_ROWS)


def test_what_an_oracle_is_told_of_is_seen_and_named_and_another_column_is_not() -> None:
    each = planted("tumours", 0.3, "content", stream(910, 2))
    assert _is_seen(each)
    assert _rule_is_named(each)
    other = next(
        column.name
        for column in each.baseline.schema.features
        if column.name != each.column and not any(column.name == name for name, _, _ in each.rule)
    )
    assert not _is_seen(replace(each, column=other, rule=(("mean texture", "<", -1.0),)))


def test_similar_sets_of_records() -> None:
    assert jaccard(np.array([True, True, False]), np.array([True, False, False])) == 0.5
    assert jaccard(np.zeros(2, bool), np.zeros(2, bool)) == 0.0
