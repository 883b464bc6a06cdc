"""What is registered of a holdout: a bounded sample of features, predictions and errors; no outcome, no id."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, InputError, Schema
from driftloop.impact.holdout import ERROR, build_holdout, read_holdout
from tests.driftloop.impact.tables import numbers

SCHEMA = Schema((Column("x"), Column("z", "categorical"), Column("y", role="target"), Column("id", role="id")))


def test_it_holds_errors_and_features_and_neither_outcomes_nor_ids() -> None:
    table = numbers(1).append_column("id", pa.array([f"p{n}" for n in range(500)]))
    saved = build_holdout(table, np.ones(500), SCHEMA).to_bytes()
    assert [column.name for column in Baseline.from_bytes(saved).schema.columns] == ["x", "z", ERROR]
    assert b"p499" not in saved


def test_a_saved_one_says_the_same_as_the_table(tmp_path) -> None:
    table = numbers(1)
    direct = read_holdout(table, SCHEMA)
    (tmp_path / "holdout.parquet").write_bytes(direct.to_bytes())
    assert read_holdout(tmp_path / "holdout.parquet", SCHEMA).sha256 == direct.sha256


def test_its_size_is_bounded() -> None:
    assert len(build_holdout(numbers(1, 20_000), np.ones(20_000), SCHEMA).profile.sample.values) <= 1536


def test_one_of_another_version_is_refused() -> None:
    other = build_holdout(numbers(1), np.ones(500), Schema((Column("x"),)))
    with pytest.raises(InputError, match="another version"):
        read_holdout(other, SCHEMA)


@pytest.mark.parametrize("error", [-1.0, float("nan")])
def test_an_error_that_is_none_is_refused(error: float) -> None:
    with pytest.raises(InputError, match="not negative"):
        build_holdout(numbers(1, 3), [1.0, error, 0.0], SCHEMA)
