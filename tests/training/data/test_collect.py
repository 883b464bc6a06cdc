import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from driftloop.errors import InputError, SchemaError
from tests.training.conftest import SCHEMA, Hospital, ids, labels, records
from training.data.collect import Source, collect


def collected(hospital: Hospital, **changes: object) -> set[str]:
    return ids(collect(SCHEMA, _source(hospital, **changes), hospital.folder).every) - _historic(hospital)


def _source(hospital: Hospital, **changes: object) -> Source:
    source = hospital.source
    return Source(source.historic, source.incoming, source.quarantine, **changes)  # type: ignore[arg-type]


def _historic(hospital: Hospital) -> set[str]:
    return set(pd.read_parquet(hospital.source.historic)["record_id"])


def test_every_format_that_a_feed_may_use_is_read(small: Hospital) -> None:
    for number, suffix in enumerate((".parquet", ".csv", ".jsonl", ".jsonl.gz")):
        small.add(f"records/{number}{suffix}", records(5, prefix=f"F{number}-"))
    assert len(collected(small)) == 20


def test_labels_that_come_late_and_in_part_are_joined_by_id(small: Hospital) -> None:
    frame = records(40)
    small.add("records/a.parquet", frame)
    small.add("labels/b.csv", labels(frame, share=0.5).sample(frac=1.0, random_state=1))
    table = collect(SCHEMA, small.source, small.folder).labelled("progression")
    outcome = dict(zip(table["record_id"].to_pylist(), table["progression"].to_pylist(), strict=True))
    expected = labels(frame, share=0.5)
    assert {key: outcome[key] for key in expected["record_id"]} == dict(expected.itertuples(index=False))
    assert len(table) == 350 + 20


def test_a_corrected_delivery_replaces_the_first_and_counts_once(small: Hospital) -> None:
    frame = records(10)
    small.add("records/1.parquet", frame)
    small.add("records/2.csv", frame.head(4).assign(bmi=33.3))
    found = collect(SCHEMA, small.source, small.folder)
    by_id = dict(zip(found.every["record_id"].to_pylist(), found.every["bmi"].to_pylist(), strict=True))
    assert [by_id[name] == 33.3 for name in frame["record_id"]] == [True] * 4 + [False] * 6
    assert found.left_out["duplicates"] == 4


def test_quarantined_files_are_left_out_until_their_note_is_deleted(small: Hospital) -> None:
    small.add("records/good.csv", records(5, prefix="G"))
    small.add("records/ward/bad.csv", records(7, prefix="B"))
    note = small.folder / "quarantine" / "records" / "ward" / "bad.csv.json"
    note.parent.mkdir(parents=True)
    note.write_text('{"reason": "unit"}')
    assert {name[0] for name in collected(small)} == {"G"}
    note.unlink()
    assert {name[0] for name in collected(small)} == {"G", "B"}


def test_a_note_bars_the_version_that_it_was_written_for_and_no_later_one(small: Hospital) -> None:
    small.add("records/1.csv", records(7, prefix="B"))
    small.add("labels/1.csv", labels(records(7, prefix="B")))
    for kind in ("records", "labels"):
        content = (small.folder / "incoming" / kind / "1.csv").read_bytes()
        note = small.folder / "quarantine" / kind / "1.csv.json"
        note.parent.mkdir(parents=True)
        note.write_text(json.dumps({"etag": "0x1", "sha256": sha256(content).hexdigest(), "reason": "unit"}))
    barred = collect(SCHEMA, small.source, small.folder)
    assert ids(barred.every) == _historic(small)
    assert barred.left_out["quarantined files"] == 2

    small.add("records/1.csv", records(7, prefix="G"))
    small.add("labels/1.csv", labels(records(7, prefix="G"), share=1.0))
    again = collect(SCHEMA, small.source, small.folder)
    assert {name[0] for name in ids(again.every) - _historic(small)} == {"G"}
    assert len(again.labelled("progression")) == 350 + 7
    assert again.left_out["quarantined files"] == 0


@pytest.mark.parametrize(
    "text", ["", "{}", '{"sha256": null}', '{"sha256": 3}', "not json", "\udcff", '{"x": ' + "[" * 200_000]
)
def test_a_note_that_names_no_content_bars_every_version(small: Hospital, text: str) -> None:
    small.add("records/1.csv", records(7, prefix="B"))
    note = small.folder / "quarantine" / "records" / "1.csv.json"
    note.parent.mkdir(parents=True)
    note.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert collected(small) == set()


def test_as_of_makes_a_later_run_see_the_same_records(small: Hospital) -> None:
    small.add("records/1.csv", records(10, prefix="E", day="2030-01-01"))
    moment = datetime(2030, 1, 2, tzinfo=UTC)
    before = collected(small, as_of=moment)
    small.add("records/2.csv", records(10, prefix="L", day="2030-01-03"))
    assert collected(small, as_of=moment) == before
    assert len(collected(small)) == 20


def test_values_that_cannot_be_true_are_left_out_and_missing_ones_kept(small: Hospital) -> None:
    frame = records(10).astype({"bmi": float})
    frame.loc[0, "bmi"] = 999.0
    frame.loc[1, "sex"] = 7
    frame.loc[2, "bp"] = None
    small.add("records/1.parquet", frame)
    found = collect(SCHEMA, small.source, small.folder)
    assert ids(found.every) & {"N0000", "N0001", "N0002"} == {"N0002"}
    assert found.left_out["impossible"] == 2
    assert found.impossible == {"sex": 1, "bmi": 1}


def test_a_record_with_two_impossible_values_is_left_out_once_and_said_for_both_columns(small: Hospital) -> None:
    frame = records(10).astype({"bmi": float, "bp": float})
    frame.loc[3, ["bmi", "bp"]] = [999.0, 1.0]
    frame.loc[4, "bp"] = 251.0  # just above
    frame.loc[5, "bp"] = 250.0  # the limit itself can be true
    small.add("records/1.parquet", frame)
    small.add("labels/1.csv", labels(frame).assign(progression=[2_000.0] + [100.0] * 9))
    found = collect(SCHEMA, small.source, small.folder)
    assert found.left_out["impossible"] == 3
    assert found.impossible == {"bmi": 1, "bp": 2, "progression": 1}
    assert ids(found.every) & set(frame["record_id"]) == set(frame["record_id"]) - {"N0000", "N0003", "N0004"}


def test_no_record_goes_without_being_counted(small: Hospital) -> None:
    """Every delivered row is kept or stands in one of the counts."""
    historic = pd.read_parquet(small.source.historic)
    frame = records(20).astype({"bmi": float, "record_id": object})
    frame.loc[0:1, "bmi"] = 999.0
    frame.loc[2:4, "record_id"] = None
    frame.loc[5, "recorded_at"] = pd.NaT
    frame.loc[6:7, "record_id"] = historic["record_id"].iloc[:2].to_list()
    small.add("records/1.parquet", frame)
    small.add("records/2.parquet", frame.iloc[10:13])
    found = collect(SCHEMA, small.source, small.folder)
    assert found.left_out == {
        "duplicates": 3,
        "historic already": 2,
        "without an id": 3,
        "undated or later": 1,
        "impossible": 2,
        "quarantined files": 0,
    }
    assert 20 + 3 + len(historic) == len(found.every) + sum(found.left_out.values())


def test_the_order_is_that_of_time_whatever_the_files_are_called(small: Hospital) -> None:
    small.add("records/z.csv", records(5, prefix="A", day="2030-01-01"))
    small.add("records/a.csv", records(5, prefix="B", day="2030-02-01"))
    times = collect(SCHEMA, small.source, small.folder).every["recorded_at"].to_pylist()
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("content", "error", "named"),
    [
        (b"", InputError, "bad.csv"),
        (b"record_id,recorded_at\nX,2030-01-01\n", SchemaError, "'age'"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    small: Hospital, content: bytes, error: type[Exception], named: str
) -> None:
    file = small.folder / "incoming" / "records" / "bad.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    with pytest.raises(error, match=named):
        collect(SCHEMA, small.source, small.folder)


def test_a_text_where_a_number_belongs_is_an_error_that_names_the_column_and_not_the_value(small: Hospital) -> None:
    small.add("records/1.csv", records(3).astype(object).assign(bmi=["25", "secret", "27"]))
    with pytest.raises(SchemaError, match="'bmi'") as caught:
        collect(SCHEMA, small.source, small.folder)
    assert "secret" not in str(caught.value)


def test_other_files_beside_the_records_are_ignored(small: Hospital, tmp_path: Path) -> None:
    small.add("records/1.csv", records(3))
    (small.folder / "incoming" / "records" / "README.txt").write_text("hello")
    assert len(collected(small)) == 3
