"""Half of a batch's columns on a second core: the same profile, and no error lost."""

import threading

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Column, Schema, Window
from driftloop.data.columns import Numbers
from driftloop.profile import builder as builder_module
from driftloop.profile.sampling.row_hash import append_columns, mix, salt
from driftloop.profile.two_cores import Helper

ROWS = 40_000
SCHEMA = Schema(
    (Column("a"), Column("b"), Column("c", "categorical"), Column("d"), Column("t", "datetime", role="timestamp"))
)


def table(**more):
    rng = np.random.default_rng(1)
    columns = {
        "a": rng.normal(size=ROWS),
        "b": np.where(rng.random(ROWS) < 0.1, np.nan, rng.exponential(size=ROWS)),
        "c": rng.choice(["x", "y"], ROWS),
        "d": np.round(rng.normal(size=ROWS), 1),
        "t": 1.7e9 + np.arange(ROWS),
    }
    return pa.table({name: values for name, values in (columns | more).items() if values is not None})


def built(data, cores, monkeypatch):
    monkeypatch.setattr(builder_module, "Helper", lambda _: Helper(cores))
    return Window.build(data, SCHEMA)


@pytest.mark.parametrize("change", [{}, {"b": None}, {"d": None, "a": None}])
def test_one_core_and_two_give_the_same_bytes(change, monkeypatch):
    data = table(**change)
    assert built(data, 2, monkeypatch).to_bytes() == built(data, 1, monkeypatch).to_bytes()


@pytest.mark.parametrize(("wrong", "told"), [("a", "a"), ("d", "d"), ("ad", "a")])
def test_the_first_unreadable_column_is_the_one_that_is_told(wrong, told, monkeypatch):
    nested = pa.array([[1]] * ROWS)
    with pytest.raises(builder_module.SchemaError, match=f"column '{told}'"):
        built(table(**dict.fromkeys(wrong, nested)), 2, monkeypatch)


def test_keys_that_were_mixed_apart_are_those_that_were_mixed_together():
    rng = np.random.default_rng(2)
    columns = rng.normal(size=(5, 100))
    together, first, last = (np.zeros(100, np.uint64) for _ in range(3))
    for index, values in enumerate(columns):
        part = Numbers(values, 0)
        mix(together, part, salt(str(index)), values.min(), values.max())
        mix(first if index < 2 else last, part, salt(str(index)), values.min(), values.max())
    append_columns(first, last, 3)
    np.testing.assert_array_equal(first, together)


def test_the_helper_runs_beside_the_caller_and_ends_with_the_block():
    meeting = threading.Barrier(2)
    with Helper(2) as helper:
        assert helper.run_both(meeting.wait, meeting.wait) in ((0, 1), (1, 0))
        assert any(thread.name.startswith("profile") for thread in threading.enumerate())
    assert not any(thread.name.startswith("profile") for thread in threading.enumerate())
    assert not Helper(1).is_there


def test_an_error_of_the_caller_waits_for_the_helper():
    done = threading.Event()

    def slow():
        done.wait(0.05)
        done.set()

    def fail():
        raise ValueError("mine")

    with Helper(2) as helper, pytest.raises(ValueError, match="mine"):
        helper.run_both(fail, slow)
    assert done.is_set()
