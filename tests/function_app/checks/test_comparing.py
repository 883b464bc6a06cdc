"""What a comparison takes for a blank column, which names of a file it says, and who pays for a copy."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from azure.core.exceptions import ServiceRequestError

from driftloop import Baseline, Column, Schema, Window, check
from driftloop.config.models import Model
from driftloop.errors import InputError
from driftloop.ledger.model_state import Watermark
from function_app.checks import comparing as module
from function_app.checks.comparing import Comparing, _unnamed, _with_copies
from function_app.checks.suspects import Suspects
from function_app.incoming.sources import File
from function_app.incoming.window_reading import Reading

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
STORAGE: Any = None  # nothing is read
NO_DECODER: Any = None
NO_WINDOW: Any = None


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


def refusing(monkeypatch: pytest.MonkeyPatch, *guilty: File) -> Comparing:
    """One whose search ends with these files."""
    made = comparing(Schema(columns=(Column(name="x"),)), pa.table({"x": [1.0, 2.0]}))
    monkeypatch.setattr(Comparing, "_suspects", lambda *_: Suspects(guilty))
    return made


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "no space left"), ServiceRequestError("storage")])
def test_what_no_file_can_be_at_fault_for_is_raised_as_it_is(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    files = [a_file("a"), a_file("b")]
    with pytest.raises(type(error)):
        refusing(monkeypatch, files[0])._refused(files, NO_DECODER, error)


def test_a_file_that_the_engine_refuses_is_named_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [a_file("a"), a_file("b")]
    for guilty in (files[:1], files):
        found = refusing(monkeypatch, *guilty)._refused(files, NO_DECODER, InputError("x holds no number"))
        assert found == {file: f"{file.path}: cannot be compared (x holds no number)" for file in guilty}


def test_an_error_without_a_sentence_is_a_files_fault_only_where_others_are_innocent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = [a_file("a"), a_file("b")]
    found = refusing(monkeypatch, files[0])._refused(files, NO_DECODER, ValueError("Anna"))
    assert found == {files[0]: f"{files[0].path}: cannot be compared (ValueError)"}, "and no text of a file"
    with pytest.raises(InputError, match=r"a, .*b \(2 files\): cannot be compared \(ValueError\)"):
        refusing(monkeypatch, *files)._refused(files, NO_DECODER, ValueError("Anna"))


def test_an_error_without_a_sentence_names_three_files_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [a_file(name) for name in "abcde"]
    expected = r"^incoming/a, incoming/b, incoming/c \(5 files\): cannot be compared \(ValueError\)$"
    with pytest.raises(InputError, match=expected):
        refusing(monkeypatch, *files)._refused(files, NO_DECODER, ValueError("Anna"))


def test_without_a_file_an_error_of_the_engine_is_its_own() -> None:
    made = comparing(Schema(columns=(Column(name="x"),)), pa.table({"x": [1.0, 2.0]}))
    with pytest.raises(InputError, match=r"^no file \(0 files\)"):
        made._refused([], NO_DECODER, ValueError("Anna"))
    assert made._refused([], NO_DECODER, InputError("x holds no number")) == {}


@pytest.mark.parametrize(
    ("read", "broken", "said"),
    [("a", "b", ("torn", "calm")), ("a", "", ("calm",)), ("", "b", ("torn",)), ("", "", ("calm",))],
)
def test_reasons_are_those_of_broken_files_and_of_what_could_be_read(
    read: str, broken: str, said: tuple[str, ...]
) -> None:
    made = comparing(Schema(columns=(Column(name="x"),)), pa.table({"x": [1.0, 2.0]}))
    result = check(made.baseline, Window.build(pa.table({"x": [1.0]}), made.baseline.schema))
    result = replace(result, reasons=("calm",))
    reading = Reading(read=[a_file(name) for name in read], broken={a_file(name): "torn" for name in broken})
    found = made._compared(NO_WINDOW, reading, NO_DECODER, result, None)
    assert found.reasons == said
    assert found.verdict == ("incident" if broken and not read else "insufficient")
    assert found.guilty == reading.broken


@pytest.mark.parametrize(("files", "watched"), [(1, frozenset()), (2, frozenset({"x"}))])
def test_a_blank_column_of_a_single_file_is_left_to_the_engine(
    monkeypatch: pytest.MonkeyPatch, files: int, watched: frozenset[str]
) -> None:
    asked: list[frozenset[str]] = []
    monkeypatch.setattr(module, "by_schema", lambda *given: asked.append(given[2]))
    comparing(Schema(columns=(Column(name="x"),)), pa.table({"x": [1.0, 2.0]}))._decode(files, Watermark(NOW, {}))
    assert asked == [watched]
