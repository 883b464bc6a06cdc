"""Columns that hold each other's values."""

import numpy as np
import pandas as pd

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality.chance import more_often_p
from driftloop.data_quality.column_pair import column_pairs
from driftloop.data_quality.exchanged_columns import exchanged_columns


def signs(change, seed=0):
    rng = np.random.default_rng(seed)

    def frame(rows):
        return pd.DataFrame({"a": rng.normal(0, 1, rows), "b": rng.normal(5, 1, rows), "c": rng.normal(20, 4, rows)})

    schema = Schema((Column("a"), Column("b"), Column("c")))
    return list(
        exchanged_columns(column_pairs(Baseline.build(frame(350), schema), Window.build(change(frame(60)), schema)))
    )


def test_two_columns_exchanged():
    found = signs(lambda w: w.assign(a=w["b"], b=w["a"]))
    assert [(sign.column, sign.text) for sign in found] == [
        ("a", "holds the values of b: columns exchanged?"),
        ("b", "holds the values of a: columns exchanged?"),
    ]
    assert max(sign.p for sign in found) < 1e-12


def test_cells_shifted_along_the_row():
    found = signs(lambda w: w.assign(a=w["b"], b=w["c"], c=np.nan))
    assert [sign.column for sign in found] == ["a", "b"]


def test_one_column_that_has_come_to_look_like_another_is_a_drift():
    assert signs(lambda w: w.assign(a=w["a"] + 5)) == []


def test_two_columns_that_look_like_the_same_third_are_not_exchanged():
    assert signs(lambda w: w.assign(a=w["b"], c=w["b"].to_numpy()[::-1])) == []


def test_unchanged_columns_that_are_alike_are_no_sign():
    rng = np.random.default_rng(5)
    schema = Schema((Column("a"), Column("b")))
    sides = [pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n)}) for n in (350, 60)]
    assert list(exchanged_columns(column_pairs(Baseline.build(sides[0], schema), Window.build(sides[1], schema)))) == []


def test_two_columns_that_moved_and_one_that_looks_like_another_are_a_drift():
    assert signs(lambda w: w.assign(a=w["b"], c=w["c"] + 100)) == []


def test_a_column_near_another_is_not_taken_for_it():
    """Half a standard deviation beside the other column: sqrt(nm / (n + m)) D is about 7 times 0.2, and more."""
    assert signs(lambda w: w.assign(a=w["b"] + 1.5, b=w["a"] + 1.5)) == []


def names(change, seed=0):
    rng = np.random.default_rng(seed)

    def frame(rows):
        return pd.DataFrame(
            {
                "sex": rng.choice(["female", "male"], rows),
                "ward": rng.choice(["north", "south", "east"], rows),
                "site": rng.choice(["north", "south", "west"], rows),
            }
        )

    schema = Schema(tuple(Column(name, "categorical") for name in ("sex", "ward", "site")))
    return list(
        exchanged_columns(column_pairs(Baseline.build(frame(350), schema), Window.build(change(frame(60)), schema)))
    )


def test_two_columns_of_names_exchanged():
    found = names(lambda w: w.assign(sex=w["ward"], ward=w["sex"]))
    assert [(sign.column, sign.text) for sign in found] == [
        ("sex", "holds the values of ward: columns exchanged?"),
        ("ward", "holds the values of sex: columns exchanged?"),
    ]
    assert [sign.p for sign in found] == [more_often_p(60, 0, 60, 350)] * 2


def test_half_of_the_names_is_enough_and_fewer_are_not():
    def part(rows):
        return lambda w: w.assign(sex=[*w["ward"][:rows], *w["sex"][rows:]], ward=[*w["sex"][:rows], *w["ward"][rows:]])

    assert [sign.column for sign in names(part(30))] == ["sex", "ward"]
    assert names(part(29)) == []


def test_one_column_with_names_of_another_and_columns_that_share_their_names_are_not_exchanged():
    assert names(lambda w: w.assign(sex=w["ward"])) == []
    assert names(lambda w: w.assign(ward=w["site"], site=w["ward"])) == []
