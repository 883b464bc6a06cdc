"""Subgroups where records depend on each other: whole groups, or records of a season, change sides."""

import numpy as np
import pyarrow as pa

from driftloop import Baseline, Column, Schema, Window
from driftloop.subgroups.found import find_subgroups
from driftloop.subgroups.search import _labels
from driftloop.two_sample.score_matrix import PooledRecords

SCHEMA = Schema((Column("x"), Column("sex", "categorical"), Column("patient", "categorical", role="cluster")))


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
    of_groups = _labels(PooledRecords(values, ((),), window, clusters=groups), 20, 1)
    assert of_groups[0].tolist() == window.tolist()
    assert all(len(np.unique(row[groups == group])) == 1 for row in of_groups for group in range(15))
    seasons = np.tile([0, 1], 30)
    within = _labels(PooledRecords(values, ((),), window, seasons=seasons), 20, 1)
    assert set(within[:, seasons == 0].sum(axis=1)) == {10.0}
