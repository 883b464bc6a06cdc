"""What a table suggests: target, task, roles, ranges and categories, each with its ground."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from driftloop.errors import InputError
from driftloop.setup.decisions import MADE_UP
from tests.driftloop.setup.tables import houses, proposed, roles, saved

ROWS = 400


@pytest.mark.parametrize("name", ["houses.csv", "houses.parquet", "houses.jsonl"])
def test_a_table_of_any_format_gives_the_same_model(tmp_path: Path, name: str) -> None:
    found = proposed(saved(houses(ROWS, np.random.default_rng(1)), tmp_path / name))
    assert roles(found.schema) == {
        "house": "id", "sold_at": "timestamp", "size": "feature", "town": "feature", "garden": "feature",
        "rooms": "feature", "note": "ignore", "nothing": "ignore", "month": "time", "price": "target",
    }  # fmt: skip
    assert (found.task.choice.value, found.rows) == ("regression", ROWS)
    columns = {column.name: column for column in found.schema.columns}
    assert columns["town"].categories == ("Bonn", "Mainz", "Ulm")
    assert columns["garden"].categories == ("no", "yes")
    assert columns["rooms"].categories == ()
    assert columns["size"].range is not None
    assert columns["size"].range[0] == 0
    assert found.grounds["rooms"][-1] == "categories left open: whole numbers, so that the next ones may come"
    assert found.unused["nothing"] == "no record has a value"
    assert found.unused["note"].startswith("prose")
    assert "any two windows differ" in found.unused["month"]
    assert all(found.grounds[column.name] for column in found.schema.columns)


@pytest.mark.parametrize(
    ("names", "target", "why"),
    [
        (["y", "a", "b"], "y", "a column of this name"),
        (["a", "Label", "b"], "Label", "a column of this name"),
        (["class", "target", "b"], "target", "a column of this name"),
        (["a", "is_target", "b"], "is_target", "its name holds one of the words"),
        (["a", "b", "price"], "price", "so the last one is taken"),
    ],
)
def test_the_target_is_taken_by_its_name_or_last_and_the_ground_is_said(
    tmp_path: Path, names: list[str], target: str, why: str
) -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({name: rng.normal(size=80) for name in names})
    found = proposed(saved(frame, tmp_path / "t.csv"))
    assert found.target.value == target
    assert why in found.target.ground


def test_an_id_or_a_time_behind_the_others_is_not_taken_for_the_target(tmp_path: Path) -> None:
    frame = houses(ROWS, np.random.default_rng(3))[["size", "town", "price", "note", "sold_at", "house"]]
    assert proposed(saved(frame, tmp_path / "t.csv")).target.value == "price"


def values(kind: str, rng: np.random.Generator) -> list[object]:
    drawn = {
        "texts": lambda: rng.choice(["died", "lived"], ROWS, p=[0.2, 0.8]),
        "truths": lambda: rng.choice([True, False], ROWS),
        "0 and 1": lambda: rng.integers(0, 2, ROWS),
        "floats": lambda: rng.choice([0.0, 1.0], ROWS, p=[0.9, 0.1]),
        "two fractions": lambda: rng.choice([0.5, 1.5], ROWS, p=[0.6, 0.4]),
        "three texts": lambda: rng.choice(["a", "b", "c"], ROWS),
        "codes": lambda: rng.integers(0, 4, ROWS),
        "ten digits": lambda: rng.integers(0, 10, ROWS),
        "counts": lambda: rng.poisson(30, ROWS),
        "amounts": lambda: rng.normal(size=ROWS),
        "different amounts": lambda: rng.permutation(ROWS),
    }
    return list(drawn[kind]())


@pytest.mark.parametrize(
    ("kind", "task", "positive"),
    [
        ("texts", "binary", "died"),
        ("truths", "binary", "true"),
        ("0 and 1", "binary", "1"),
        ("floats", "binary", "1"),
        ("two fractions", "binary", "1.5"),
        ("three texts", "multiclass", None),
        ("codes", "multiclass", None),
        ("ten digits", "multiclass", None),
        ("counts", "regression", None),
        ("amounts", "regression", None),
        ("different amounts", "regression", None),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_task_follows_from_the_targets_values(
    tmp_path: Path, kind: str, task: str, positive: str | None, suffix: str
) -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"size": rng.normal(size=ROWS), "target": values(kind, rng)})
    found = proposed(saved(frame, tmp_path / f"t{suffix}"))
    assert found.task.choice.value == task
    assert (found.task.positive and found.task.positive.value) == positive
    aimed = found.schema.role("target")
    assert aimed is not None
    assert aimed.kind == ("numeric" if task == "regression" else "categorical")
    assert set(aimed.categories) == set(found.task.classes)
    assert (found.balance == "") is (task == "regression")


@pytest.mark.parametrize(("task", "kind"), [("regression", "codes"), ("multiclass", "counts"), ("binary", "truths")])
def test_the_task_can_be_given(tmp_path: Path, task: str, kind: str) -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"size": rng.normal(size=ROWS), "target": values(kind, rng)})
    found = proposed(saved(frame, tmp_path / "t.csv"), task=task)
    assert (found.task.choice.value, found.task.choice.ground) == (task, "given on the command line")
    aimed = found.schema.role("target")
    assert aimed is not None
    assert (aimed.range is not None) is (task == "regression")


@pytest.mark.parametrize(
    ("target", "said", "line"),
    [
        ([1.5] * ROWS, {}, "all 400 records have the same value"),
        ([None] * ROWS, {}, "no record has a value"),
        ([f"text {number % 300}" for number in range(ROWS)], {}, "are no classes"),
        ([f"a note of some words {number}" for number in range(ROWS)], {"target": "target"}, "prose"),
        (list(pd.date_range("2026-01-01", periods=ROWS).astype(str)), {"target": "target"}, "dates or times"),
        (["a", "b"] * (ROWS // 2), {"task": "regression"}, "are no numbers"),
        (["a", "b", "c", "d"] * (ROWS // 4), {"task": "binary"}, "holds 4 different values"),
        (["a", "b"] * (ROWS // 2), {"task": "binry"}, "did you mean 'binary'?"),
        (["a", "b"] * (ROWS // 2), {"target": "sise"}, "did you mean 'size'?"),
        (["a", "b"] * (ROWS // 2), {"id": "target"}, "has another role already"),
        (["a", "b"] * (ROWS // 2), {"time": "when"}, "no such column"),
    ],
)
def test_what_cannot_be_learnt_or_meant_is_one_line(
    tmp_path: Path, target: list[object], said: dict[str, str], line: str
) -> None:
    frame = pd.DataFrame({"size": np.random.default_rng(6).normal(size=ROWS), "target": target})
    with pytest.raises(InputError, match=line.replace("?", r"\?")) as error:
        proposed(saved(frame, tmp_path / "t.csv"), **said)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "is empty"),
        ("a,b\n", "has no rows"),
        ("1.5,2\n2.5,3\n", "its first line holds values"),
        ("a\n1.5\n2\n", "has one column alone"),
        ("a,y\n,1.5\n,2.5\n,3.25\n", "no column beside the target"),
    ],
)
def test_a_table_of_which_no_model_can_be_made_is_one_line(tmp_path: Path, content: str, line: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(InputError, match=line) as error:
        proposed(tmp_path / "t.csv")
    assert "\n" not in str(error.value)
    assert "t.csv" in str(error.value)


def test_a_table_without_id_and_time_gets_columns_that_the_feed_must_bring(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {"record_id": rng.normal(size=ROWS), "size": rng.normal(size=ROWS), "y": rng.normal(size=ROWS)}
    )
    found = proposed(saved(frame, tmp_path / "t.csv"))
    assert list(roles(found.schema).items())[:2] == [("record_id_", "id"), ("recorded_at", "timestamp")]
    assert found.grounds["record_id_"] == found.grounds["recorded_at"] == (MADE_UP,)
    assert (found.id.value, found.time.value, found.rhythm.window) == ("", "", None)


@pytest.mark.parametrize(
    ("days", "budget", "window"), [(0.1, 3_650, 399), (4, 3_650, 100), (40, 520, 70), (200, 120, 61), (4_000, 120, 3)]
)
def test_budget_and_window_follow_from_how_often_records_come_in(
    tmp_path: Path, days: float, budget: int, window: int
) -> None:
    rng = np.random.default_rng(8)
    times = pd.date_range("2010-01-01", periods=ROWS, freq=pd.Timedelta(days=days) / (ROWS - 1))
    frame = pd.DataFrame({"at": times, "size": rng.normal(size=ROWS), "y": rng.normal(size=ROWS)})
    rhythm = proposed(saved(frame, tmp_path / "t.csv")).rhythm
    assert rhythm.rhythm.budget == budget
    assert rhythm.window == pytest.approx(window, abs=1)
    assert ("only large changes" in rhythm.ground) is (window < 60)


@pytest.mark.parametrize("draw", ["normal", "lognormal", "exponential", "uniform", "pareto"])
def test_tomorrows_values_lie_within_the_range(tmp_path: Path, draw: str) -> None:
    """400 values set the range; of 40,000 further ones of a column with light tails none is refused, of one with heavy
    tails (log-normal with a standard deviation of 2, Pareto of shape 2) fewer than one in a thousand.
    """
    rng = np.random.default_rng(9)
    shape = {"lognormal": (0, 2), "pareto": (2,)}.get(draw, ())
    values_ = getattr(rng, draw)(*shape, size=ROWS + 40_000)
    frame = pd.DataFrame({"size": values_[:ROWS], "y": rng.normal(size=ROWS)})
    (low, high) = next(c.range for c in proposed(saved(frame, tmp_path / "t.csv")).schema.columns if c.name == "size")  # type: ignore[misc]
    refused = np.mean((values_ < low) | (values_ > high))
    assert refused < (1e-3 if draw in ("lognormal", "pareto") else 1e-9)


def test_a_name_that_few_share_is_written_nowhere(tmp_path: Path) -> None:
    rng = np.random.default_rng(10)
    frame = houses(ROWS, rng)
    frame.loc[3, "town"] = "Maria Musterfrau"
    frame["outcome"] = np.where(np.arange(ROWS) < 3, "Erika Mustermann", "well")
    found = proposed(saved(frame, tmp_path / "t.csv"))
    told = repr(found)
    assert "Muster" not in told.replace(repr(found.task.classes), "")
    assert "too few to be named" in found.grounds["town"][-1]
    assert found.task.positive is not None
    assert found.task.positive.value == ""
    assert "a rare class" in found.balance


def test_five_hundred_columns_are_described(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    frame = pd.DataFrame(rng.normal(size=(60, 500)), columns=[f"c{number}" for number in range(500)])
    found = proposed(saved(frame, tmp_path / "t.parquet"))
    assert len(found.schema.features) == 499


def test_a_name_that_comes_again_is_the_cluster_and_no_id(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{number:05}" for number in rng.integers(0, 150, ROWS)],
            "visit_id": [f"V{number:06}" for number in range(ROWS)],
            "size": rng.normal(size=ROWS),
            "y": rng.normal(size=ROWS),
        }
    )
    found = proposed(saved(frame, tmp_path / "t.csv"))
    assert (found.id.value, found.cluster.value) == ("visit_id", "patient_id")
    assert found.cluster.ground == (
        "many texts in a column that is named as an id, whose values come again: the records of one count as dependent"
    )
    assert roles(found.schema)["patient_id"] == "cluster"
    assert found.grounds["patient_id"][-1] == "whose values come again: the records of one count as dependent"
    alone = proposed(saved(frame.drop(columns="patient_id"), tmp_path / "u.csv"))
    assert (alone.cluster.value, alone.cluster.ground[:9]) == ("", "no column")
    assert proposed(saved(frame, tmp_path / "v.csv"), cluster="visit_id", id="patient_id").cluster.value == "visit_id"
