"""The beam: conditions one by one, the same search for the real sides and for every relabelling."""

from __future__ import annotations

import numpy as np
import pytest

from driftloop import Column
from driftloop.subgroups.beam import CONTENT, GROWN, SHRUNK, WIDTH, Beam, Kind, _first
from driftloop.subgroups.candidates import MOST_SHARE, Candidates, may_be_named
from driftloop.two_sample.score_matrix import PooledRecords

COLUMNS = tuple(Column(name) for name in "abcd")


def beam_of(window_of: str, seed: int = 1, relabellings: int = 19) -> tuple[Candidates, dict]:
    """600 records a side of four uniform columns. In the corner a, b, c >= 0.5 the window has more records, or fewer,
    or higher values of d."""
    rng = np.random.default_rng(seed)
    pool = rng.random((9_000, 4))
    corner = (pool[:, :3] >= 0.5).all(axis=1)
    weights = np.where(corner, {"more": 6.0, "fewer": 0.01}.get(window_of, 1.0), 1.0)
    window = pool[rng.choice(9_000, 600, replace=False, p=weights / weights.sum())]
    if window_of == "higher":
        window[(window[:, :3] >= 0.5).all(axis=1), 3] += 0.5
    values = np.concatenate([rng.random((600, 4)), window])
    sides = np.repeat([False, True], 600)
    pooled = PooledRecords(values, ((),) * 4, sides)
    labels = np.array([sides, *(rng.permutation(sides) for _ in range(relabellings))], np.float32)
    candidates = Candidates.of(pooled, COLUMNS)
    scores = ((values - values.mean(axis=0)) / values.std(axis=0)).astype(np.float32)
    return candidates, Beam(candidates, labels, scores, np.arange(4)).run()


@pytest.mark.parametrize(("window_of", "change"), [("more", GROWN), ("fewer", SHRUNK), ("higher", CONTENT)])
def test_three_conditions_are_found_one_by_one(window_of: str, change: str) -> None:
    candidates, found = beam_of(window_of)
    best = found[Kind(change, 3)]
    rule = [candidates.conditions[place] for place in best.rule]
    assert sorted(condition.column for condition in rule) == ["a", "b", "c"]
    assert all(condition.at_least and condition.limit == pytest.approx(0.5, abs=0.08) for condition in rule)
    assert best.of_rows[0] > best.of_rows[1:].max() + 1
    assert best.score == (3 if change == CONTENT else None)
    # Two of the three conditions say less, and one of them less still.
    assert found[Kind(change, 1)].of_rows[0] < found[Kind(change, 2)].of_rows[0] < best.of_rows[0]


def test_every_relabelling_is_searched_as_the_real_sides_are() -> None:
    """The search of a row finds the same whichever place it has among the rows."""
    rng = np.random.default_rng(5)
    values = rng.random((200, 4))
    candidates = Candidates.of(PooledRecords(values, ((),) * 4, np.arange(200) < 90), COLUMNS)
    labels = np.array([rng.permutation(200) < 90 for _ in range(40)], np.float32)
    scores = ((values - values.mean(axis=0)) / values.std(axis=0)).astype(np.float32)

    def largest(rows: np.ndarray) -> dict[Kind, np.ndarray]:
        found = Beam(candidates, rows, scores, np.arange(4)).run()
        return {kind: each.of_rows for kind, each in found.items()}

    forward, backward = largest(labels), largest(labels[::-1])
    assert len(forward) == 10  # three changes, one to three conditions, and the content of all records
    for kind, rows in forward.items():
        np.testing.assert_allclose(rows, backward[kind][::-1], atol=1e-4)


def test_the_rule_that_is_told_has_the_statistic_that_is_told() -> None:
    candidates, found = beam_of("more")
    for kind in (Kind(GROWN, 1), Kind(GROWN, 2), Kind(GROWN, 3)):
        met = candidates.marks[:, list(found[kind].rule)].all(axis=1)
        sides = np.repeat([False, True], 600)
        part, size = met[sides].sum(), met.sum()
        expected = (part - size / 2) / np.sqrt(600 * 600 / 1199 * (size / 1200) * (1 - size / 1200))
        assert found[kind].of_rows[0] == pytest.approx(expected, rel=1e-4)
        assert may_be_named(met.sum(), 1200)


def test_content_of_all_records_is_a_kind_of_its_own() -> None:
    rng = np.random.default_rng(6)
    sides = np.repeat([False, True], 100)
    values = rng.random((200, 4)) + sides[:, None] * [0, 0, 0, 0.5]
    candidates = Candidates.of(PooledRecords(values, ((),) * 4, sides), COLUMNS)
    scores = ((values - values.mean(axis=0)) / values.std(axis=0)).astype(np.float32)
    found = Beam(candidates, sides[None].astype(np.float32), scores, np.arange(4)).run()
    assert (found[Kind(CONTENT, 0)].rule, found[Kind(CONTENT, 0)].score) == ((), 3)


def test_without_numbers_shares_alone_are_looked_at_and_without_conditions_nothing() -> None:
    values, sides = np.repeat([0.0, 1.0], 50)[:, None], np.arange(100) % 2 == 0
    labels, nothing = sides[None].astype(np.float32), np.zeros((100, 0), np.float32)
    wards = Candidates.of(PooledRecords(values, (("a", "b"),), sides), (Column("ward", "categorical"),))
    assert {kind.change for kind in Beam(wards, labels, nothing, np.arange(0)).run()} == {GROWN, SHRUNK}
    none = Candidates.of(PooledRecords(np.ones((100, 1)), ((),), sides), (Column("same"),))
    assert Beam(none, labels, nothing, np.arange(0)).run() == {}


def test_what_most_records_meet_is_no_subgroup() -> None:
    assert may_be_named(np.array([19, 20, MOST_SHARE * 100, MOST_SHARE * 100 + 1]), 100).tolist() == [
        False, True, True, False
    ]  # fmt: skip


def test_the_first_few_are_the_largest() -> None:
    z = np.random.default_rng(7).random((3, 50)).astype(np.float32)
    first = _first(z, WIDTH)
    assert [set(row) for row in first] == [set(np.argsort(-row)[:WIDTH]) for row in z]
    assert _first(z[:, :2], WIDTH).tolist() == [[0, 1]] * 3
