"""Label files: outcomes as numbers or as classes; a bad file costs itself."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftloop import Column, Schema
from driftloop.config.models import Model
from driftloop.data.reading import Reading
from driftloop.errors import InputError
from driftloop.ledger.drifts import DriftState
from driftloop.times import format_time
from function_app.incoming.sources import list_files
from function_app.labels.counting import count_labelled
from function_app.labels.reading import LabelFiles, ids_of, outcomes_of
from function_app.storage.accounts import Storage

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
TARGET = Column(name="outcome", role="target")
CLASS = Column(name="outcome", kind="categorical", role="target")
KEY = Column(name="id", kind="categorical", role="id")


def schema(target: Column = TARGET) -> Schema:
    return Schema(columns=(KEY, Column(name="bmi"), target))


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def read(storage: Storage, name: str, files: dict[str, bytes], what: Schema) -> pa.Table:
    container = storage.container("incoming")
    for file, content in files.items():
        container.upload_blob(f"{name}/labels/{file}", content, overwrite=True)
    model = Model(name=name, labels=f"incoming/{name}/labels/**")
    return LabelFiles(storage, model, lambda: NOW).read(sorted(list_files(storage, model.labels)), what)


def test_numbers_are_read_from_texts_and_rows_without_an_outcome_are_left_out(
    storage: Storage, model_name: str
) -> None:
    table = read(storage, model_name, {"a.csv": b"id,outcome\na,1.5\nb,\nc,NA\nd,7\n"}, schema())

    assert table.to_pydict() == {"id": ["a", "d"], "outcome": [1.5, 7.0]}


def test_labels_are_read_as_the_model_declares(storage: Storage, model_name: str) -> None:
    container = storage.container("incoming")
    container.upload_blob(f"{model_name}/labels/a.csv", b"id;outcome\na;1,125\nb;2,250\n", overwrite=True)
    model = Model(name=model_name, labels=f"incoming/{model_name}/labels/**", reading=Reading(decimal=","))
    table = LabelFiles(storage, model, lambda: NOW).read(sorted(list_files(storage, model.labels)), schema())

    assert table.to_pydict() == {"id": ["a", "b"], "outcome": [1.125, 2.25]}


def test_classes_are_read_as_classes(storage: Storage, model_name: str) -> None:
    files = {"a.csv": b"id,outcome\na,yes\nb,no\nc,\n", "b.parquet": parquet(id=["d", "e"], outcome=[True, False])}
    table = read(storage, model_name, files, schema(CLASS))

    assert table.to_pydict() == {"id": ["a", "b", "d", "e"], "outcome": ["yes", "no", "true", "false"]}


def test_texts_where_the_schema_says_numbers_are_refused_and_the_note_says_what_to_declare(
    storage: Storage, model_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    table = read(storage, model_name, {"a.csv": b"id,outcome\na,yes\nb,no\n"}, schema())

    assert table.num_rows == 0
    note = storage.container("quarantine").download_blob(f"{model_name}/labels/a.csv.json").readall().decode()
    assert "holds no number in 2 rows: give the target kind = 'categorical'" in note
    assert "yes" not in note
    (alert,) = [json.loads(record.message) for record in caplog.records if '"incident"' in record.message]
    assert alert["quarantined"] == [f"incoming/{model_name}/labels/a.csv"]
    assert alert["event_id"].startswith("quarantine-")


def test_labels_of_which_none_is_a_class_of_the_model_are_refused_and_single_ones_are_not(
    storage: Storage, model_name: str
) -> None:
    """Each would count as a wrong prediction; one among many may be a new class."""
    known = schema(Column(name="outcome", kind="categorical", role="target", categories=("no", "yes")))
    files = {
        "codes.csv": b"id,outcome\na,0\nb,1\n",
        "shares.csv": b"id,outcome\nc,0.25\n",
        "one.csv": b"id,outcome\nd,yes\ne,perhaps\n",
        "empty.csv": b"id,outcome\nf,\n",
    }
    table = read(storage, model_name, files, known)

    assert table.to_pydict() == {"id": ["d", "e"], "outcome": ["yes", "perhaps"]}
    quarantine = storage.container("quarantine")
    notes = sorted(blob.name for blob in quarantine.list_blobs(name_starts_with=f"{model_name}/"))
    assert notes == [f"{model_name}/labels/codes.csv.json", f"{model_name}/labels/shares.csv.json"]
    note = quarantine.download_blob(notes[0]).readall().decode()
    assert "column 'outcome' holds none of the model's classes (no, yes) in 2 rows" in note


BAD = {
    "list.parquet": parquet(id=[["a"], ["b"]], outcome=[1.0, 2.0]),
    "bytes.parquet": parquet(id=[b"\xff\xfe", b"\x80"], outcome=[1.0, 2.0]),
    "struct.parquet": parquet(id=["a", "b"], outcome=[{"x": 1}, {"x": 2}]),
    "noid.csv": b"name,outcome\na,1\n",
    "nooutcome.csv": b"id,other\na,1\n",
    "torn.parquet": b"PAR1",
    "digits.jsonl": b'{"id": "a", "outcome": ' + b"9" * 400 + b"}\n",
    "deep.jsonl": b'{"id": "a", "outcome": ' + b"[" * 100_000 + b"}\n",
}


def test_a_bad_label_file_costs_itself_is_said_once_and_the_others_are_read(
    storage: Storage, model_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    good = {"good.csv": b"id,outcome\nx,1\ny,2\n"}
    table = read(storage, model_name, {**BAD, **good}, schema())
    again = read(storage, model_name, {}, schema())

    assert table.column("id").to_pylist() == again.column("id").to_pylist() == ["x", "y"]
    alerts = [json.loads(record.message) for record in caplog.records if '"incident"' in record.message]
    assert sorted(alert["quarantined"][0].rsplit("/")[-1] for alert in alerts) == sorted(BAD)


def test_a_label_file_written_again_is_a_new_file_and_its_note_goes(storage: Storage, model_name: str) -> None:
    read(storage, model_name, {"day.csv": b"name\n1\n"}, schema())
    table = read(storage, model_name, {"day.csv": b"id,outcome\na,1\n"}, schema())

    assert table.num_rows == 1
    assert not storage.container("quarantine").get_blob_client(f"{model_name}/labels/day.csv.json").exists()


def test_without_an_id_only_outcomes_are_read(storage: Storage, model_name: str) -> None:
    table = read(storage, model_name, {"a.csv": b"outcome\n1\n2\n"}, Schema(columns=(Column(name="bmi"), TARGET)))

    assert table.column_names == ["outcome"]
    assert table.num_rows == 2


@pytest.mark.parametrize(
    ("values", "expected"), [([1, 2], ["1", "2"]), (["a", None], ["a", None]), ([b"a", b"b"], ["a", "b"])]
)
def test_ids_are_texts_whatever_they_are_stored_as(values: list[Any], expected: list[Any]) -> None:
    assert ids_of(pa.RecordBatch.from_pydict({"id": values}), KEY).to_pylist() == expected


def test_ids_that_are_none_say_so() -> None:
    with pytest.raises(InputError, match="holds no ids"):
        ids_of(pa.RecordBatch.from_pydict({"id": [["a"]]}), KEY)
    with pytest.raises(InputError, match="is missing"):
        ids_of(pa.RecordBatch.from_pydict({"x": [1]}), KEY)


def test_one_text_among_numbers_costs_its_row_only(storage: Storage, model_name: str) -> None:
    table = read(storage, model_name, {"a.csv": b"id,outcome\na,pending\nb,1\nc,2\n"}, schema())

    assert table.to_pydict() == {"id": ["b", "c"], "outcome": [1.0, 2.0]}
    outcomes, others = outcomes_of(pa.RecordBatch.from_pydict({"outcome": ["yes", "1", ""]}), TARGET, ("",))
    assert (outcomes.to_pylist(), others) == ([None, 1.0, None], 1)


def test_a_bad_label_file_does_not_stop_the_check_or_the_dispatch(clinic: Any) -> None:
    clinic.configure(labels_required=50)
    clinic.deploy()
    table = clinic.rows(80, shift=3.0)
    clinic.land(table)
    clinic.check()
    assert clinic.drift().state is DriftState.HELD
    clinic.land(BAD["list.parquet"], "bad.parquet", kind="labels")
    clinic.land(pa.table({"id": table["id"], "progression": [150.0] * 80}), "good.csv", kind="labels")
    clinic.land(clinic.rows(60), "more.parquet")

    check = clinic.check()

    assert check.rows == 60
    assert clinic.drift().state is DriftState.CONFIRMED


def test_labels_of_older_records_are_not_told_as_the_new_regimes(clinic: Any) -> None:
    """Labels come days after their records: many of them say nothing about the records since a drift."""
    clinic.configure(labels_required=500)
    clinic.deploy()
    table = clinic.rows(80)
    clinic.land(table, "records.parquet")
    clinic.land(pa.table({"id": table["id"], "progression": [150.0] * 80}), "labels.csv", kind="labels")
    schema_of = clinic.task().blobs.baseline(clinic.task().blobs.in_service()).schema
    told = [count_labelled(clinic.storage, clinic.model, schema_of, since, lambda: clinic.now)
            for since in ("2020-01-01T00:00:00Z", format_time(clinic.now + timedelta(days=1)))]  # fmt: skip
    assert told == [80, 0]


def test_labels_of_records_in_quarantine_do_not_count(clinic: Any) -> None:
    """Training leaves those records out: a retrain for them would find nothing to learn."""
    clinic.deploy()
    table = clinic.rows(80)
    clinic.land(table, "good.parquet")
    clinic.land(table, "barred.parquet")
    clinic.land(pa.table({"id": table["id"], "progression": [150.0] * 80}), "all.csv", kind="labels")
    model, what = clinic.model, clinic.task().blobs.baseline(clinic.task().blobs.in_service()).schema
    since = "2020-01-01T00:00:00Z"
    assert count_labelled(clinic.storage, model, what, since, lambda: clinic.now) == 80

    notes = clinic.storage.container("quarantine")
    for name in ("good", "barred"):
        notes.upload_blob(f"{clinic.name}/records/{name}.parquet.json", b'{"reason": "by hand"}')
    assert count_labelled(clinic.storage, model, what, since, lambda: clinic.now) == 0
