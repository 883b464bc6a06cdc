"""Files as streams of batches, and one clear line for each that cannot be read."""

import gzip
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftloop import Baseline, Schema, read_batches
from driftloop.data.readers import BATCH_ROWS
from driftloop.errors import InputError
from tests.driftloop.populations import SCHEMA, fresh


@pytest.fixture(scope="module")
def frame():
    return fresh(200)


def write(frame, path):
    kind = path.name.removesuffix(".gz").rsplit(".", 1)[1]
    buffer = io.BytesIO()
    {
        "parquet": lambda: frame.to_parquet(buffer, index=False),
        "csv": lambda: buffer.write(frame.to_csv(index=False).encode()),
        "jsonl": lambda: buffer.write(frame.to_json(orient="records", lines=True).encode()),
    }[kind]()
    content = buffer.getvalue()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


FORMATS = ("parquet", "csv", "jsonl", "csv.gz", "jsonl.gz", "parquet.gz")


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_records_are_the_same_whatever_the_format(frame, tmp_path, suffix):
    path = write(frame, tmp_path / f"data.{suffix}")
    expected = Baseline.build(frame, SCHEMA).sha256
    assert Baseline.build(read_batches(path, SCHEMA), SCHEMA).sha256 == expected
    with path.open("rb") as file:
        assert Baseline.build(read_batches(file, SCHEMA, format=suffix), SCHEMA).sha256 == expected


@pytest.mark.parametrize("suffix", FORMATS)
def test_only_the_schemas_columns_are_read_and_missing_values_survive(frame, tmp_path, suffix):
    more = frame.assign(comment="x", bmi=frame["bmi"].where(np.arange(200) % 4 > 0))
    batches = list(read_batches(write(more, tmp_path / f"data.{suffix}"), SCHEMA))
    assert set(batches[0].schema.names) == {"bmi", "pressure", "glucose", "sex"}
    profile = Baseline.build(batches, SCHEMA).profile
    assert profile.columns["bmi"].missing == 50
    assert profile.extra == ("comment",)


def test_large_files_come_in_pieces(tmp_path):
    path = tmp_path / "large.parquet"
    pd.DataFrame({"x": np.arange(150_000.0)}).to_parquet(path)
    sizes = [batch.num_rows for batch in read_batches(path)]
    assert sum(sizes) == 150_000
    assert max(sizes) <= BATCH_ROWS


def test_a_path_costs_no_memory_for_the_size_of_its_row_groups(tmp_path):
    path = tmp_path / "one-group.parquet"
    columns = {f"x{i}": np.random.default_rng(i).standard_normal(1_000_000) for i in range(4)}
    pq.write_table(pa.table(columns), path, row_group_size=1_000_000)
    assert path.stat().st_size > 30 << 20
    pool = pa.default_memory_pool()
    before, most = pool.bytes_allocated(), 0
    for batch in read_batches(path):
        most = max(most, pool.bytes_allocated() - before)
        del batch
    # Five batches of 2 MiB are held, with pieces and pages of the columns; whole columns would be 30 MiB more.
    assert most < 24 << 20


def test_a_csv_is_read_by_kind_and_not_by_its_first_lines(tmp_path):
    path = tmp_path / "late.csv"
    path.write_text("x,code\n" + "1,01\n" * 30_000 + "n/a,x7\n2.5,01\n")
    schema = Schema.from_object({"columns": [{"name": "x"}, {"name": "code", "kind": "categorical"}]})
    columns = Baseline.build(read_batches(path, schema), schema).profile.columns
    assert (columns["x"].malformed, columns["x"].maximum) == (1, 2.5)
    assert columns["code"].counts == {"01": 30_001, "x7": 1}


def test_json_lines_may_mix_types_and_leave_keys_out(tmp_path):
    path = tmp_path / "mixed.jsonl"
    path.write_text('{"x": 1, "g": "a"}\n{"x": "2.5"}\n\n{"g": 7, "x": null}\n{"x": true, "g": [1]}\n')
    schema = Schema.from_object({"columns": [{"name": "x"}, {"name": "g", "kind": "categorical"}]})
    columns = Baseline.build(read_batches(path, schema), schema).profile.columns
    assert (columns["x"].rows, columns["x"].missing, columns["x"].maximum) == (4, 1, 2.5)
    assert columns["g"].counts == {"7": 1, "[1]": 1, "a": 1}


@pytest.mark.parametrize(
    "content", ['{"x": 1}{"x": 2.5}\n{"x": 3}\n', '{"x": 1}, {"x": 2.5},\n{"x": 3}', '{"x": 1} {"x": NaN}\n{"x": 3}\n']
)
def test_objects_that_were_appended_to_a_line_are_records_of_their_own(tmp_path, content):
    path = tmp_path / "appended.jsonl"
    path.write_text(content)
    schema = Schema.from_object({"columns": [{"name": "x"}]})
    column = Baseline.build(read_batches(path, schema), schema).profile.columns["x"]
    assert (column.rows, column.minimum, column.maximum) == (3, 1.0, 3.0)


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_data(tmp_path):
    path = tmp_path / "windows.csv"
    path.write_bytes(b'\xef\xbb\xbf"x","g"\r\n1.5,"a, b"\r\n2.5,c\r\n')
    schema = Schema.infer(read_batches(path))
    columns = Baseline.build(read_batches(path, schema), schema).profile.columns
    assert columns["x"].maximum == 2.5
    assert columns["g"].counts == {"a, b": 1, "c": 1}


def bad(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "empty"),
        ("empty.parquet", b"", "empty"),
        ("empty.jsonl", b"\n \n", "empty"),
        ("truncated.parquet", None, "cannot be read as parquet"),
        ("text.parquet", b"hello, world" * 9, "cannot be read as parquet"),
        ("ragged.csv", b"a,b\n1,2\n3\n", "line 3 has 1 value"),
        ("latin.csv", "a,b\n1,é\n".encode("latin-1"), "not UTF-8"),
        ("twice.csv", b"a,a\n1,2\n", "columns 1 and 2 have the same name"),
        ("half.jsonl", b'{"a": 1}\n{"a": \n', "record 2 is not JSON"),
        ("list.jsonl", b"[1, 2]\n", "record 1 is not a JSON object"),
        ("indented.jsonl", b'{\n"a": 1\n}\n{\n"a": 2\n}\n', "record 1 is not JSON .*write one object a line"),
        ("third.jsonl", b'{"a": 1}{"a": 2}\n{"a": \n', "record 3 is not JSON"),
        ("broken.csv.gz", b"\x1f\x8b\x08\0 not gzip", "cannot be read as csv"),
        ("plain.csv.gz", b"a,b\n1,2\n", "cannot be read as csv"),
        ("sheet.xlsx", b"PK", "unpack it, or save it as CSV"),
    ],
)
def test_a_bad_file_is_one_clear_line_with_its_name(frame, tmp_path, name, content, says):
    if content is None:
        content = write(frame, tmp_path / "whole.parquet").read_bytes()[:-200]
    with pytest.raises(InputError, match=says) as caught:
        list(read_batches(bad(tmp_path, name, content)))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        list(read_batches(tmp_path / "nowhere.parquet"))
