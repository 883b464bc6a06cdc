"""Files, folders as Spark writes them, patterns and open files; what is no data is skipped and named."""

import gzip
import io
import os

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftloop import Schema, read_batches
from driftloop.data.readers import is_data_file, list_windows
from driftloop.data.reading import ReadNotes
from driftloop.errors import InputError


def rows(source, **options):
    return pd.concat([batch.to_pandas() for batch in read_batches(source, **options)], ignore_index=True)


@pytest.fixture
def frame():
    return pd.DataFrame({"x": [1.5, 2.5, 3.5], "g": ["a", "b", "a"]})


def test_a_folder_as_spark_writes_it(tmp_path, frame):
    table = tmp_path / "table"
    for day in ("2026-11-01", "2026-11-02"):
        part = table / f"day={day}" / "site=north%20wing"
        part.mkdir(parents=True)
        frame.to_parquet(part / "part-00000.snappy.parquet")
        (part / ".part-00000.snappy.parquet.crc").write_bytes(b"x")
        (part / "_started_1").touch()
    empty = table / "day=__HIVE_DEFAULT_PARTITION__" / "site=a"
    empty.mkdir(parents=True)
    frame[:1].to_parquet(empty / "part-00000.parquet")
    (table / "_SUCCESS").touch()
    (table / "readme.md").write_text("not data")
    pq.write_metadata(pq.read_schema(empty / "part-00000.parquet"), table / "_metadata")
    notes = ReadNotes()
    found = rows(table, notes=notes)
    assert len(found) == 7
    assert found["day"].isna().sum() == 1
    assert set(found["site"]) == {"north wing", "a"}
    assert any("readme.md" in line for line in notes.lines)
    assert not any("_SUCCESS" in line or "crc" in line for line in notes.lines)


def test_text_parts_of_a_folder_have_their_own_headers_and_may_be_empty(tmp_path, frame):
    frame.to_csv(tmp_path / "part-0.csv", index=False)
    frame.to_csv(tmp_path / "part-1.csv", index=False, sep=";")
    (tmp_path / "part-2.csv").touch()
    frame.to_json(tmp_path / "part-3.json", orient="records", lines=True)
    notes = ReadNotes()
    assert len(rows(tmp_path, notes=notes)) == 9
    assert any("part-2.csv: the file is empty" in line for line in notes.lines)


def test_patterns_take_the_files_that_match(tmp_path, frame):
    for day in (1, 2, 3):
        frame.to_csv(tmp_path / f"day-{day}.csv", index=False)
    assert len(rows(str(tmp_path / "day-[12].csv"))) == 6
    with pytest.raises(InputError, match="no file matches"):
        rows(str(tmp_path / "night-*.csv"))


@pytest.mark.parametrize("ending", ["csv", "CSV", "tsv", "txt", "csv.gz", "csv.bz2", "csv.xz", "csv.zst"])
def test_text_by_its_ending_and_compression(tmp_path, frame, ending):
    path = tmp_path / f"data.{ending}"
    frame.to_csv(tmp_path / "plain", index=False, sep="\t" if ending == "tsv" else ",")
    content = (tmp_path / "plain").read_bytes()
    kind = {"gz": "gzip", "bz2": "bz2", "zst": "zstd"}.get(ending.split(".")[-1])
    if kind:
        with pa.CompressedOutputStream(str(path), kind) as file:
            file.write(content)
    elif ending.endswith("xz"):
        import lzma

        path.write_bytes(lzma.compress(content))
    else:
        path.write_bytes(content)
    assert rows(path)["x"].tolist() == ["1.5", "2.5", "3.5"]
    with path.open("rb") as file:
        assert len(rows(file, format=ending)) == 3


@pytest.mark.parametrize("ending", ["parquet", "pq", "feather", "arrow"])
def test_columnar_files_from_a_path_and_an_open_file(tmp_path, frame, ending):
    path = tmp_path / f"data.{ending}"
    if ending in ("parquet", "pq"):
        frame.to_parquet(path)
    else:
        frame.to_feather(path)
    assert rows(path)["x"].tolist() == [1.5, 2.5, 3.5]
    with path.open("rb") as file:
        assert rows(file, format=ending)["x"].tolist() == [1.5, 2.5, 3.5]


@pytest.mark.parametrize(
    "content",
    ['[{"x": 1}, {"x": 2}]', ' [\n{"x": 1},\n{"x": 2}\n]\n', '{"x": 1}\n\n{"x": 2}', '\ufeff{"x": 1}\n{"x": 2}\n'],
)
def test_json_lines_and_arrays_of_objects(content):
    assert rows(io.BytesIO(content.encode()), format="json")["x"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"x": {"0": 1}, "y": {"0": 2}}', "one object of columns"),
        ('[{"x": 1}, 5]', "record 2 is not a JSON object"),
        ('[{"x": 1}', "not JSON, or the array has no end"),
        ('{"x": ' + "[" * 200 + "]" * 200 + "}", "nested too deeply"),
        ('[{"x": ' + '[{"y":' * 100 + "1" + "}]" * 100 + "}]", "nested too deeply"),
        ('{"x": ' + "[" * 5000 + "]" * 5000 + "}", "nested too deeply"),
        ('[{"x": ' + "[" * 50000 + "]" * 50000 + "}]", "nested too deeply"),
        ('{"x": 1}\n{"x": }\n', "record 2 is not JSON"),
        ('{"x": 1}\nnot json at all\n', "record 2 is not JSON"),
    ],
)
def test_json_that_is_no_table_is_one_line(content, says):
    with pytest.raises(InputError, match=says) as caught:
        rows(io.BytesIO(content.encode()), format="jsonl")
    assert "not json" not in str(caught.value).lower().replace("is not json", "")


def test_pipes_devices_and_encrypted_files_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", "/dev/zero"):
        with pytest.raises(InputError, match="no regular file"):
            rows(path, format="csv")
    (tmp_path / "secret.parquet").write_bytes(b"PARE" + bytes(50) + b"\x08\0\0\0PARE")
    with pytest.raises(InputError, match=r"secret.parquet: the file is encrypted"):
        rows(tmp_path / "secret.parquet")


def test_what_a_replay_takes_is_what_a_check_takes(tmp_path, frame):
    for name in ("1.parquet", "2.ndjson", "3.pq", "4.CSV", "5.csv.gz", "notes.txt", "6.xlsx", ".hidden.csv", "_x.csv"):
        (tmp_path / name).touch()
    (tmp_path / "7-spark").mkdir()
    (tmp_path / "7-spark" / "part-0.parquet").touch()
    (tmp_path / "8-empty").mkdir()
    found, skipped = list_windows(tmp_path)
    assert [path.name for path in found] == ["1.parquet", "2.ndjson", "3.pq", "4.CSV", "5.csv.gz", "7-spark"]
    assert skipped == ["6.xlsx", "8-empty", "notes.txt"]
    assert is_data_file("a.CSV.GZ")
    assert not is_data_file("a.docx")


def test_a_stream_that_is_narrowed_reads_no_more_than_the_schema_compares(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("id,x,comment\n" + "".join(f"{i},{i % 7}.5,text {i} of many words\n" for i in range(300_000)))
    stream = read_batches(path)
    from driftloop.data.inference.inferred_schema import infer_schema

    inferred = infer_schema(stream)
    names, count = [], 0
    for batch in inferred.batches:
        names.append(set(batch.schema.names))
        count += batch.num_rows
    assert count == 300_000
    assert names[0] == {"id", "x", "comment"}
    assert names[-1] == {"id", "x"}
    assert inferred.grounds["comment"].startswith("prose")


def test_nameless_columns_are_left_out_of_every_format(tmp_path):
    table = pa.table([pa.array([1, 2]), pa.array([1.5, 2.5])], names=["", "x"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as file:
        file.write_table(table)
    (tmp_path / "a.csv").write_text(",x\n1,1.5\n2,2.5\n")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"": 1, "x": 1.5}\n{"": 2, "x": 2.5}\n'))
    for path in sorted(tmp_path.iterdir()):
        assert [column.name for column in Schema.infer(read_batches(path)).columns] == ["x"], path.name
