"""What a comparison takes for a blank column, which names of a file it says, and who pays for a copy."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Schema
from driftloop.config.models import Model
from function_app.checks.comparing import Comparing, _unnamed, _with_copies
from function_app.incoming.sources import File
from function_app.incoming.window_reading import Reading

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
STORAGE: Any = None  # nothing is read


def comparing(schema: Schema, table: pa.Table) -> Comparing:
    return Comparing(STORAGE, Model(name="m"), Baseline.build(table, schema), NOW)


def a_file(name: str) -> File:
    return File("incoming", name, "1", NOW, 1)


@pytest.mark.parametrize(("missing", "watched"), [(0, True), (49, True), (50, False), (100, False)])
def test_a_column_that_mostly_has_a_value_may_not_be_blank_in_a_file(missing: int, watched: bool) -> None:
    schema = Schema(columns=(Column(name="x"), Column(name="always")))
    values = pa.array([None] * missing + [1.5] * (100 - missing), pa.float64())
    found = comparing(schema, pa.table({"x": values, "always": [1.0] * 100}))._never_blank
    assert found == ({"x", "always"} if watched else {"always"})


@pytest.mark.parametrize(("role", "told_apart"), [("id", True), ("timestamp", True), (None, False)])
def test_copies_are_looked_for_where_records_have_an_id_or_a_time(role: str | None, told_apart: bool) -> None:
    column = Column(name="k", kind="datetime" if role == "timestamp" else "categorical", role=role or "feature")
    values = [NOW] * 3 if role == "timestamp" else ["a", "b", "c"]
    schema = Schema(columns=(Column(name="x"), column))
    assert comparing(schema, pa.table({"x": [1.0, 2.0, 3.0], "k": values}))._told_apart is told_apart


def test_names_that_the_schema_lacks_are_taken_out_as_words_the_longest_first() -> None:
    sentences = ("column 'Anna Ho' and Anna, not Annabel", "fine")
    assert _unnamed(sentences, ("Anna", "Anna Ho")) == ("column '…' and …, not Annabel", "fine")
    assert _unnamed(sentences, ()) is sentences
    assert _unnamed(("a+b (c)",), ("a+b", "(c)")) == ("… …",), "names are no patterns"


def test_a_copy_of_a_guilty_file_is_guilty_and_one_of_another_window_is_not() -> None:
    first, copy, innocent, old = (a_file(name) for name in "abcd")
    reading = Reading(copies={copy: first, innocent: a_file("e"), old: None})
    assert _with_copies({first: "torn"}, reading) == {first: "torn", copy: "torn"}
