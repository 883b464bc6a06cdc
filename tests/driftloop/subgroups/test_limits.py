"""Limits go where the statistic is largest, and a rule keeps its other conditions."""

from __future__ import annotations

import numpy as np
import pytest

from driftloop.subgroups.beam import CONTENT, GROWN, SHRUNK
from driftloop.subgroups.conditions import Condition
from driftloop.subgroups.limits import Change, Limits
from driftloop.two_sample.score_matrix import PooledRecords


def pooled_with(more_from: float) -> PooledRecords:
    """400 records a side of two uniform columns; the window has three times as many from a limit of the first on."""
    rng = np.random.default_rng(1)
    baseline, pool = rng.random((400, 2)), rng.random((4_000, 2))
    chosen = rng.choice(4_000, 400, replace=False, p=(w := np.where(pool[:, 0] >= more_from, 3.0, 1.0)) / w.sum())
    return PooledRecords(np.concatenate([baseline, pool[chosen]]), ((), ()), np.repeat([False, True], 400))


def test_a_limit_moves_to_where_the_share_grew() -> None:
    pooled = pooled_with(0.73)
    change = Change(GROWN, pooled.window.astype(np.float32))
    rough = (Condition(0, "x", 0.6), Condition(1, "y", 0.1))
    (first, second), z = Limits(pooled).move(rough, change)
    assert first.limit == pytest.approx(0.73, abs=0.03)
    assert second.column == "y"
    assert z > change.z(Limits(pooled).met(rough)[:, None])[0]


def test_a_share_that_grew_is_no_share_that_shrank() -> None:
    pooled = pooled_with(0.73)
    labels = pooled.window.astype(np.float32)
    met = Limits(pooled).met((Condition(0, "x", 0.73),))[:, None]
    assert Change(GROWN, labels).z(met)[0] > 5
    assert Change(SHRUNK, labels).z(met)[0] == 0
    assert Change(SHRUNK, 1 - labels).z(met)[0] > 5


def test_a_limit_moves_to_where_content_changed() -> None:
    rng = np.random.default_rng(2)
    x, window = rng.random(800), np.repeat([False, True], 400)
    scores = (rng.normal(size=800) + 2 * ((x < 0.4) & window)).astype(np.float32)
    pooled = PooledRecords(x[:, None], ((),), window)
    (condition,), _ = Limits(pooled).move(
        (Condition(0, "x", 0.5, at_least=False),), Change(CONTENT, window.astype(np.float32), scores)
    )
    assert condition.limit == pytest.approx(0.4, abs=0.03)


def test_a_category_has_no_limit_to_move() -> None:
    pooled = PooledRecords(np.repeat([0.0, 1.0], 40)[:, None], (("a", "b"),), np.arange(80) % 3 == 0)
    rule = (Condition(0, "k", level=1.0, level_name="b"),)
    assert Limits(pooled).move(rule, Change(GROWN, pooled.window.astype(np.float32)))[0] == rule
