"""JSON that is one value around its records: what is read, what it says, and what is refused with what to do."""

import json
import re

import pytest

from driftloop import Column, Schema
from driftloop.data.readers.json_documents import is_record
from driftloop.data.readers.projection import Projection
from driftloop.data.reading import ReadNotes
from driftloop.data.sources import batches_of
from driftloop.errors import InputError

ROWS = [{"x": number, "kind": "ab"[number % 2]} for number in range(30)]


SCHEMA = Schema((Column("x"), Column("kind", "categorical"), Column("count"), Column("items", role="ignore")))


def read(tmp_path, text, schema=None):
    """The records of a file, and what reading it has to say."""
    path, notes = tmp_path / "a.json", ReadNotes()
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    batches = list(batches_of(path, schema, notes=notes))
    said = [note.removeprefix(f"{path}: ") for note in notes.lines]
    return [row for batch in batches for row in batch.to_pylist()], said


@pytest.mark.parametrize(
    "document",
    [
        ROWS,
        {"data": ROWS},
        {"@odata.context": "people", "value": ROWS},
        {"totalSize": 30, "done": True, "records": ROWS},
        {"count": 30, "next": None, "results": ROWS},
        {"rows_of_ours": ROWS, "made": {"by": "us", "tags": ["a"]}},
        {"columns": ["x", "kind"], "index": list(range(30)), "data": [list(row.values()) for row in ROWS]},
        {"columns": ["x", "kind"], "data": [list(row.values()) for row in ROWS]},
        {"x": [row["x"] for row in ROWS], "kind": [row["kind"] for row in ROWS]},
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_records_are_found_whatever_is_around_them(document, indent, tmp_path):
    rows, notes = read(tmp_path, json.dumps(document, indent=indent))
    assert rows == ROWS
    is_around = isinstance(document, dict) and "x" not in document
    assert any(note.startswith("records are read from ") for note in notes) is is_around


@pytest.mark.parametrize("name", ["@odata.nextLink", "next", "nextRecordsUrl"])
def test_an_answer_that_goes_on_elsewhere_is_said(name, tmp_path):
    _, notes = read(tmp_path, {name: "https://service/people?page=2", "value": ROWS})
    assert f"the answer goes on elsewhere ({name!r}): only this page is read" in notes
    _, notes = read(tmp_path, {name: None, "value": ROWS})
    assert len(notes) == 1


def test_a_document_larger_than_any_record_is_read_as_it_comes(tmp_path):
    many = [{"x": number, "text": "t" * 1000} for number in range(6_000)]
    rows, _ = read(tmp_path, {"data": many})
    assert rows == many


def test_lines_with_lists_of_objects_are_records_where_another_line_follows(tmp_path):
    lines = [{"x": 1, "items": [{"y": 2}]}, {"x": 3, "items": [{"y": 4}]}]
    rows, notes = read(tmp_path, "\n".join(map(json.dumps, lines)))
    assert [row["x"] for row in rows] == [1, 3]
    assert notes == []


def test_one_record_with_a_list_of_plain_values_is_a_record(tmp_path):
    rows, _ = read(tmp_path, '{"x": 1, "tags": ["a", "b"]}\n\n')
    assert [row["x"] for row in rows] == [1]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (json.dumps({"a": ROWS, "b": ROWS}), "holds two lists of records, 'a' and 'b'"),
        (json.dumps({"response": {"data": ROWS}}, indent=1), "is one object of columns, not of records"),
        (json.dumps({"data": [[1, 2]]}, indent=1), "record 1 is not a JSON object"),
        (json.dumps({"columns": ["x"], "data": [[1, 2]]}, indent=1), "record 1 is not a JSON object"),
        (json.dumps({"x": [1, 2], "y": [1]}, indent=1), "is one object of columns, not of records"),
        ('{\n"data": [{"x": 1}, {"x": \n', "record 2 of the array is not JSON, or the array has no end"),
        ('{\n"data": [{"x": 1}]\n}\n{"x": 2}', "record 1 is not JSON .more follows its last brace.*one object a line"),
        ('{\n"data" [{"x": 1}]}', "record 1 is not JSON .a name or a colon is missing"),
        ('{\n1: [{"x": 1}]}', "record 1 is not JSON"),
        ('{\n"x": 1', "record 1 is not JSON"),
    ],
)
def test_what_holds_no_records_is_refused_with_what_to_do(text, sentence, tmp_path):
    with pytest.raises(InputError, match=re.compile(sentence, re.DOTALL)):
        read(tmp_path, text)


def test_a_document_that_is_no_utf8_is_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes('{\n"data": [{"x": "é"}]}'.encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8: declare the encoding"):
        list(batches_of(path))


@pytest.mark.parametrize("indent", [None, 1])
def test_one_record_alone_in_its_file_may_have_a_list_of_its_own(indent, tmp_path):
    record = {"x": 1, "kind": "a", "items": [{"code": "p"}, {"code": "q"}], "more": {"y": 2}}
    rows, notes = read(tmp_path, json.dumps(record, indent=indent), SCHEMA)
    assert ([(row["x"], row["kind"]) for row in rows], notes) == ([(1, "a")], [])


@pytest.mark.parametrize("indent", [None, 1])
def test_a_name_that_an_answer_shares_with_the_schema_makes_it_no_record(indent, tmp_path):
    rows, notes = read(tmp_path, json.dumps({"count": 30, "results": ROWS}, indent=indent), SCHEMA)
    assert ([row["x"] for row in rows], notes) == (list(range(30)), ["records are read from 'results'"])


@pytest.mark.parametrize(("names", "record"), [(("x", "kind"), True), (("x",), False), ((), False)])
def test_half_of_the_schemas_columns_make_a_record(names, record):
    assert is_record(dict.fromkeys(names, 1) | {"items": [1], "other": 2}, Projection(SCHEMA)) is record
    assert not is_record({"x": 1}, Projection())
