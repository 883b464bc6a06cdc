"""Subgroups where records depend on each other: whole groups, or records of a season, change sides."""

import numpy as np
import pyarrow as pa

from driftloop import Baseline, Column, Schema, Window
from driftloop.subgroups.found import find_subgroups
from driftloop.subgroups.search import _labels, search
from driftloop.two_sample.score_matrix import PooledRecords

SCHEMA = Schema((Column("x"), Column("sex", "categorical"), Column("patient", "categorical", role="cluster")))
NO_SCORES = np.zeros((60, 0), np.float32)


def visits(patients, effects, rng, women=0.5):
    sex = rng.random(len(effects)) < women
    return pa.table(
        {
            "x": 3 * effects[patients] + rng.normal(size=len(patients)),
            "sex": np.where(sex[patients], "f", "m"),
            "patient": [f"P{patient}" for patient in patients],
        }
    )


def test_few_patients_of_one_kind_are_no_subgroup_and_many_are():
    rng = np.random.default_rng(7)
    effects = rng.normal(size=400)
    baseline = visits(np.repeat(np.arange(60), 6), effects, rng)
    window = visits(np.repeat(np.arange(60, 76), 12), effects, rng)
    plain = SCHEMA.with_roles(ignore=["patient"])
    assert find_subgroups(Baseline(baseline, plain), Window(window, plain)).found
    assert find_subgroups(Baseline(baseline, SCHEMA), Window(window, SCHEMA)).found == ()
    moved = visits(np.repeat(np.arange(100, 200), 2), effects, rng, women=0.95)
    found = find_subgroups(Baseline(baseline, SCHEMA), Window(moved, SCHEMA)).found
    assert found
    assert "sex" in found[0].rule[0]


def test_labels_move_whole_groups_or_stay_within_seasons():
    window = np.arange(60) >= 40
    values = np.zeros((60, 1))
    groups = np.repeat(np.arange(15, dtype=np.uint64), 4)
    of_groups = _labels(PooledRecords(values, ((),), window, clusters=groups), NO_SCORES, 20, 1, 0.05)
    assert of_groups[0].tolist() == window.tolist()
    assert all(len(np.unique(row[groups == group])) == 1 for row in of_groups for group in range(15))
    seasons = np.tile([0, 1], 30)
    within = _labels(PooledRecords(values, ((),), window, seasons=seasons), NO_SCORES, 20, 1, 0.05)
    assert set(within[:, seasons == 0].sum(axis=1)) == {10.0}


def wards_on_both_sides(rng, lasting, shift=0.0):
    """Twelve wards with 20 records a side; `shift` of y where x is above its mean, in the window."""
    wards, sides = np.tile(np.repeat(np.arange(12), 20), 2), np.repeat([False, True], 240)
    values = rng.normal(size=(480, 2)) + lasting * rng.normal(size=(12, 2))[wards]
    values[sides & (values[:, 0] >= 0), 1] += shift
    values[:, 0] = np.round(values[:, 0] * 4)  # ties
    return PooledRecords(values, ((), ()), sides, clusters=wards.astype(np.uint64))


def test_wards_on_both_sides_hide_no_subgroup():
    """What a ward has for good cancels between its two parts: relabelled without pairs it would look like chance."""
    columns = (Column("x"), Column("y"))
    finding = search(wards_on_both_sides(np.random.default_rng(1), 1.0, shift=1.2), columns, seed=1)
    assert finding is not None
    assert finding.p <= 0.05
    assert (finding.content, [condition.column for condition in finding.rule]) == (1, ["x"])


def test_wards_on_both_sides_are_named_without_a_change_as_seldom_as_alpha_says():
    """Binomial(60, 0.05) is above 9 once in 1,000."""
    columns, hits = (Column("x"), Column("y")), 0
    for number in range(60):
        pooled = wards_on_both_sides(np.random.default_rng([2, number]), 1.0)
        finding = search(pooled, columns, seed=number, times=39)
        hits += finding is not None and finding.p <= 0.05
    assert hits <= 9
