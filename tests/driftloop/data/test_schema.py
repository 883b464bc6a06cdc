"""Schemas: written, inferred, and refused when they make no sense."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from driftloop import Column, Schema
from driftloop.errors import InputError, SchemaError

EXAMPLE = Path(__file__).parents[3] / "models" / "diabetes-progression" / "schema.toml"


def kinds(frame):
    return {column.name: (column.kind, column.role) for column in Schema.infer(frame).columns}


def test_the_examples_schema_covers_the_diabetes_data_in_its_units():
    from sklearn.datasets import load_diabetes

    schema = Schema.load(EXAMPLE)
    frame = load_diabetes(as_frame=True, scaled=False).data
    assert [column.name for column in schema.features] == list(frame.columns)
    assert schema.role("target").name == "progression"
    assert schema.role("id").name == "record_id"
    assert schema.role("timestamp").name == "recorded_at"
    assert {c.name: c.unit for c in schema.columns}["bmi"] == "kg/m2"
    for column in schema.features:
        if column.range:
            assert column.range[0] <= frame[column.name].min() <= frame[column.name].max() <= column.range[1]


def test_kinds_and_roles_are_inferred_from_what_the_values_are():
    rows = 60
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "amount": rng.normal(size=rows),
            "count": rng.poisson(20, rows),
            "code": rng.choice([1.0, 2.0], rows),
            "flag": rng.random(rows) < 0.5,
            "text": rng.choice(["a", "b"], rows),
            "as_text": [f"{value:.3f}" for value in rng.normal(size=rows)],
            "number": np.arange(100, 100 + rows),
            "uuid": [f"{value:032x}" for value in rng.integers(0, 2**60, rows)],
            "when": pd.date_range("2026-01-01", periods=rows, freq="h"),
            "later": pd.date_range("2026-02-01", periods=rows, freq="h").astype(str),
            "nothing": [None] * rows,
            "list": [[1, 2]] * rows,
        }
    )
    assert kinds(frame) == {
        "amount": ("numeric", "feature"),
        "count": ("numeric", "feature"),
        "code": ("categorical", "feature"),
        "flag": ("categorical", "feature"),
        "text": ("categorical", "feature"),
        "as_text": ("numeric", "feature"),
        "number": ("categorical", "id"),
        "uuid": ("categorical", "ignore"),
        "when": ("datetime", "timestamp"),
        "later": ("datetime", "ignore"),
        "nothing": ("categorical", "feature"),
        "list": ("categorical", "ignore"),
    }


def test_an_empty_table_and_one_without_features_cannot_be_a_reference():
    with pytest.raises(InputError, match="no rows"):
        Schema.infer(pa.table({"x": pa.array([], pa.float64())}))
    with pytest.raises(InputError, match="no column"):
        Schema.infer(pa.table({"x": [[1], [2]]}))


def test_it_survives_json():
    schema = Schema.load(EXAMPLE)
    assert Schema.from_json(schema.to_json()) == schema


def test_importances_name_features_and_leave_the_others_unused():
    schema = Schema((Column("a"), Column("b"), Column("y", role="target"))).with_importances({"a": 0.4})
    assert [(c.importance, c.retrains) for c in schema.columns] == [(0.4, True), (0.0, False), (None, True)]
    with pytest.raises(SchemaError, match="'z'"):
        schema.with_importances({"z": 1.0})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("columns = []", "nothing to compare"),
        ('[[columns]]\nname = "a"\n[[columns]]\nname = "a"', "listed twice"),
        ('[[columns]]\nname = "a"\nkind = "number"', "number"),
        ('[[columns]]\nname = "a"\nunits = "kg"', "units"),
        ('[[columns]]\nname = "a"\nrange = [5, 1]', "range"),
        ('[[columns]]\nname = "a"\nimportance = -1', "importance"),
        ('[[columns]]\nname = "a"\n[[columns]]\nname="t"\nrole="id"\n[[columns]]\nname="u"\nrole="id"', "role id"),
        ("columns = [", "Invalid value"),
    ],
)
def test_a_schema_that_makes_no_sense_is_refused_with_its_file(tmp_path, text, says):
    path = tmp_path / "schema.toml"
    path.write_text(text)
    with pytest.raises(SchemaError, match=says) as caught:
        Schema.load(path)
    assert "schema.toml" in str(caught.value)


def test_a_schema_that_is_not_there_says_so(tmp_path):
    with pytest.raises(SchemaError, match="cannot be read"):
        Schema.load(tmp_path / "none.toml")


def test_an_importance_of_no_column_names_the_nearest() -> None:
    with pytest.raises(SchemaError, match="'agge' that the schema does not have: did you mean 'age'"):
        Schema((Column("age"), Column("bmi"))).with_importances({"agge": 0.4})
