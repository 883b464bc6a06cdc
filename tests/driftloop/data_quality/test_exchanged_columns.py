"""Columns that hold each other's values."""

import numpy as np
import pandas as pd
import pytest

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality import exchanged_columns as rule
from driftloop.data_quality.chance import more_often_p
from driftloop.data_quality.column_pair import pair_columns
from driftloop.data_quality.exchanged_columns import find_exchanged_columns
from driftloop.profile.counting.category_counts import MAX_NAMES


def signs(change, seed=0):
    rng = np.random.default_rng(seed)

    def frame(rows):
        return pd.DataFrame({"a": rng.normal(0, 1, rows), "b": rng.normal(5, 1, rows), "c": rng.normal(20, 4, rows)})

    schema = Schema((Column("a"), Column("b"), Column("c")))
    return list(
        find_exchanged_columns(
            pair_columns(Baseline.build(frame(350), schema), Window.build(change(frame(60)), schema))
        )
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
    assert (
        list(find_exchanged_columns(pair_columns(Baseline.build(sides[0], schema), Window.build(sides[1], schema))))
        == []
    )


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
        find_exchanged_columns(
            pair_columns(Baseline.build(frame(350), schema), Window.build(change(frame(60)), schema))
        )
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


def told(baseline, window, kind="numeric"):
    """Which column holds the values of which other in all rows, of tables of one kind of columns."""
    schema = Schema(tuple(Column(name, kind) for name in baseline))
    sides = Baseline.build(pd.DataFrame(baseline), schema), Window.build(pd.DataFrame(window), schema)
    found = find_exchanged_columns(pair_columns(*sides))
    return [(sign.column, sign.text.split()[4].rstrip(":")) for sign in found if "columns exchanged" in sign.text]


def steps(*groups):
    """Distinct values just above each of some numbers, so many above each."""
    return np.concatenate([first + np.arange(count) / 1_000 for first, count in groups])


@pytest.mark.parametrize(("elsewhere", "found"), [(50, True), (49, False)])
def test_half_of_the_records_must_be_elsewhere(elsewhere, found):
    """Column b has all of its values above 10, a all but so many in a hundred: their distance."""
    mixed, high = steps((0, elsewhere), (10, 100 - elsewhere)), steps((10, 100))
    signs = told({"a": mixed, "b": high}, {"a": high, "b": mixed})
    assert signs == ([("a", "b"), ("b", "a")] if found else [])


@pytest.mark.parametrize(("shift", "found"), [(27, True), (28, False)])
def test_the_values_are_another_columns_up_to_the_999_permille_quantile(shift, found):
    """Of 100 steps on each side sqrt(50) times the distance: 27 steps give 1.91, 28 give 1.98, beyond 1.95."""
    low, high = np.arange(100.0), 1_000 + np.arange(100.0)
    signs = told({"a": low, "b": high}, {"a": high + shift, "b": low + shift})
    assert signs == ([("a", "b"), ("b", "a")] if found else [])


@pytest.mark.parametrize(("baseline_rows", "window_rows", "found"), [(20, 20, True), (19, 20, False), (20, 19, False)])
def test_twenty_values_of_each_side_are_asked_for(baseline_rows, window_rows, found):
    before, after = ([steps((0, rows)), steps((9, rows))] for rows in (baseline_rows, window_rows))
    signs = told(dict(zip("ab", before, strict=True)), dict(zip("ba", after, strict=True)))
    assert sorted(signs) == ([("a", "b"), ("b", "a")] if found else [])


def test_three_columns_may_change_places():
    a, b, c = (steps((first, 30)) for first in (0, 10, 20))
    assert told({"a": a, "b": b, "c": c}, {"a": b, "b": c, "c": a}) == [("a", "b"), ("b", "c"), ("c", "a")]


def test_a_column_is_compared_with_others_alone_although_its_own_baseline_is_nearer():
    """Of 20 values on each side a is 0.5 from its own baseline and 0.6 from that of b: both are near enough."""
    baseline = {"a": steps((0, 10), (20, 10)), "b": steps((0, 12), (20, 8)), "c": steps((90, 20))}
    window = {"a": steps((10, 20)), "b": baseline["b"], "c": baseline["a"]}
    assert told(baseline, window) == [("a", "b"), ("c", "a")]


def test_of_two_columns_that_are_as_near_the_first_is_named():
    low, high = steps((0, 30)), steps((10, 30))
    assert told({"a": low, "b": high, "c": high}, {"a": high, "b": low, "c": high}) == [("a", "b"), ("b", "a")]


def test_only_so_many_columns_are_compared_with_all_others(monkeypatch):
    monkeypatch.setattr(rule, "MOST_COLUMNS", 2)
    a, b, c = (steps((first, 30)) for first in (0, 10, 20))
    assert told({"a": a, "b": b, "c": c}, {"a": b, "b": c, "c": a}) == [("a", "b"), ("b", "c")]
    a, b, c = ([f"{letter}{each}" for each in (1, 2, 3)] for letter in "abc")
    moved = told({"a": a, "b": b, "c": c}, {"a": b, "b": c, "c": a}, "categorical")
    assert moved == [("a", "b"), ("b", "c")]


def test_names_are_no_numbers_and_exchanged_once():
    assert told({"a": ["p"] * 60, "b": ["q"] * 60}, {"a": ["q"] * 60, "b": ["p"] * 60}, "categorical") == [
        ("a", "b"),
        ("b", "a"),
    ]


def test_a_column_of_names_alone_is_exchanged_with_none():
    assert told({"a": ["p"] * 60}, {"a": ["q"] * 60}, "categorical") == []


def test_names_beyond_a_full_dictionary_may_be_a_columns_own():
    many, few = [f"n{number}" for number in range(MAX_NAMES + 1)], ["p"] * (MAX_NAMES + 1)
    assert told({"a": many, "b": few}, {"a": few, "b": many}, "categorical") == []


@pytest.mark.parametrize(("others", "found"), [(48, 2), (49, 0)])
def test_fifty_columns_that_reach_out_are_looked_at_two_by_two(others, found):
    """Two columns exchanged in a part of the rows behind so many that only reach out."""
    rng = np.random.default_rng(1)

    def frame(rows):
        names = [f"n{number}" for number in range(others)]
        reaching = {name: np.append(rng.uniform(0.1, 0.9, rows - 2), [0.0, 1.0]) for name in names}
        return pd.DataFrame({**reaching, "y": 50 + np.linspace(0, 1, rows), "z": 90 + np.linspace(0.001, 0.999, rows)})

    baseline, window = frame(350), frame(60)
    window.iloc[0, :others] = -5.0
    part = slice(20, 50)
    window.loc[part, ["y", "z"]] = window.loc[part, ["z", "y"]].to_numpy()
    schema = Schema(tuple(Column(name) for name in baseline.columns))
    signs = list(find_exchanged_columns(pair_columns(Baseline.build(baseline, schema), Window.build(window, schema))))
    assert [sign.column for sign in signs] == ["y", "z"][:found]


def test_two_hundred_moved_columns_are_compared_with_all_others():
    assert rule.MOST_COLUMNS == 200
    names = [f"n{number}" for number in range(201)]
    baseline = {name: [f"{name}-a", f"{name}-b"] for name in names}
    window = {name: baseline[names[index - 1]] for index, name in enumerate(names)}
    assert len(told(baseline, window, "categorical")) == 200


@pytest.mark.parametrize(("known", "found"), [("own", False), ("other", True)])
def test_names_that_the_schema_calls_a_columns_own_are_none_of_another(known, found):
    """Ward has north and south; the schema may say so of site, too."""
    categories = ("east", "west", "north", "south") if known == "own" else ("east", "west")
    schema = Schema((Column("site", "categorical", categories=categories), Column("ward", "categorical")))
    baseline = pd.DataFrame({"site": ["east", "west"] * 50, "ward": ["north", "south"] * 50})
    window = pd.DataFrame({"site": ["north", "south"] * 20, "ward": ["east", "west"] * 20})
    signs = list(find_exchanged_columns(pair_columns(Baseline.build(baseline, schema), Window.build(window, schema))))
    assert len(signs) == (2 if found else 0)
