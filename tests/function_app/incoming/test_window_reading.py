"""From files to rows: many small ones at once, large ones in pieces, broken and vanished ones set aside."""

import io
import json
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError

from driftloop import Column, Schema, Window
from driftloop.data.readers import read_batches
from driftloop.errors import InputError
from function_app.incoming import held_files, window_reading
from function_app.incoming.blob_file import VanishedError, download, open_blob
from function_app.incoming.file_faults import is_of_content
from function_app.incoming.sources import File, list_files
from function_app.incoming.window_reading import Reading, build_window, stream
from function_app.storage.accounts import Storage


def plain(content: IO[bytes], file: File) -> Iterator[pa.RecordBatch]:
    """Every format, by the file's name, with all columns as they are written."""
    return read_batches(content, format=file.path)


def upload(storage: Storage, name: str, content: bytes) -> None:
    storage.container("incoming").upload_blob(name, content, overwrite=True)


def listed(storage: Storage, folder: str) -> list[File]:
    return sorted(list_files(storage, f"incoming/{folder}/**"), key=lambda file: file.name)


def count(batches: Iterator[pa.RecordBatch]) -> int:
    return sum(batch.num_rows for batch in batches)


def test_many_small_files_are_read_in_parallel_but_few_are_held_at_once(
    storage: Storage, model_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [File("incoming", f"{number}.csv", "1", datetime.now(UTC), 10) for number in range(2000)]
    lock, held, most = threading.Lock(), [0], [0]

    def decoded(_: Storage, file: File, __: object) -> held_files.HeldFile:
        with lock:
            held[0] += 1
            most[0] = max(most[0], held[0])
        return held_files.HeldFile(file.name, [pa.RecordBatch.from_pydict({"name": [file.name]})])

    monkeypatch.setattr(window_reading, "hold_file", decoded)
    names = []
    for batch in stream(storage, files, plain, Reading()):
        held[0] -= 1
        names.append(batch.column("name")[0].as_py())

    assert names == [file.name for file in files], "in their order"
    assert most[0] <= window_reading.AHEAD + 1


@pytest.mark.slow
def test_a_large_file_is_read_in_pieces(storage: Storage, model_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """80 MB of Parquet in groups of rows: what is held is one group's columns, not the file."""
    buffer = io.BytesIO()
    table = pa.table(
        {f"x{column}": pa.array([float(row % 9973 + column) for row in range(250_000)]) for column in range(4)}
    )
    with pq.ParquetWriter(buffer, table.schema, compression="none", use_dictionary=False) as writer:
        for _ in range(10):
            writer.write_table(table, row_group_size=25_000)
    upload(storage, f"{model_name}/big.parquet", buffer.getvalue())
    size, buffer = len(buffer.getvalue()), io.BytesIO()
    (file,) = listed(storage, model_name)
    tracemalloc.start()
    pool_before = pa.total_allocated_bytes()
    most_pool = 0
    rows = 0
    for batch in stream(storage, [file], plain, Reading()):
        rows += batch.num_rows
        most_pool = max(most_pool, pa.total_allocated_bytes() - pool_before)
    _, most_python = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size > 75e6
    assert rows == 2_500_000
    assert most_pool + most_python < 60e6, f"{most_pool / 1e6:.0f} MB in Arrow, {most_python / 1e6:.0f} MB in Python"


def test_a_large_file_that_breaks_in_the_middle_adds_no_row_at_all(
    storage: Storage, model_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_reading, "SMALL", 1000)
    good = b"".join(b'{"x": %d}\n' % number for number in range(20_000))
    upload(storage, f"{model_name}/1.jsonl", good)
    upload(storage, f"{model_name}/2.jsonl", good + b'{"x": 3')
    upload(storage, f"{model_name}/3.csv", b"x\n1\n2\n")

    rows, reading = build_window(storage, listed(storage, model_name), plain, count)

    assert rows == 20_002
    assert [file.name.rsplit("/")[-1] for file in reading.read] == ["1.jsonl", "3.csv"]
    assert [
        (file.name.rsplit("/")[-1], "record 20001 is not JSON" in reason) for file, reason in reading.broken.items()
    ] == [("2.jsonl", True)]


@pytest.mark.parametrize("small", [1 << 20, 1])
def test_a_truncated_footer_is_set_aside_and_the_other_files_are_read(
    storage: Storage, model_name: str, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_reading, "SMALL", small)
    buffer = io.BytesIO()
    pq.write_table(pa.table({"x": [float(row) for row in range(500)]}), buffer)
    upload(storage, f"{model_name}/1.parquet", buffer.getvalue()[:-40])
    upload(storage, f"{model_name}/2.parquet", buffer.getvalue())

    rows, reading = build_window(storage, listed(storage, model_name), plain, count)

    assert rows == 500
    assert [file.name.rsplit("/")[-1] for file in reading.broken] == ["1.parquet"]
    assert "cannot be read as parquet" in next(iter(reading.broken.values()))


@pytest.mark.parametrize("small", [1 << 20, 1])
def test_a_file_that_disappears_or_changes_between_listing_and_reading_waits_for_the_next_check(
    storage: Storage, model_name: str, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_reading, "SMALL", small)
    for name in ("gone.csv", "stays.csv", "written.csv"):
        upload(storage, f"{model_name}/{name}", b"x\n1\n")
    files = listed(storage, model_name)
    storage.container("incoming").delete_blob(f"{model_name}/gone.csv")
    upload(storage, f"{model_name}/written.csv", b"x\n1\n2\n")

    rows, reading = build_window(storage, files, plain, count)

    assert rows == 1
    assert [file.name.rsplit("/")[-1] for file in reading.vanished] == ["gone.csv", "written.csv"]
    assert reading.broken == {}


def test_a_blob_is_a_file_that_can_seek(storage: Storage, model_name: str) -> None:
    content = bytes(range(256)) * 100_000
    upload(storage, f"{model_name}/bytes.parquet", content)
    (file,) = listed(storage, model_name)

    with open_blob(storage, file) as opened:
        assert opened.seek(-300, io.SEEK_END) == len(content) - 300
        assert opened.read() == content[-300:]
        opened.seek(5_000_000)
        assert opened.read(10) == content[5_000_000:5_000_010]
        assert opened.seek(0) == 0
        assert opened.read() == content
        assert opened.read(5) == b""


def test_reading_another_version_than_the_listed_one_is_refused(storage: Storage, model_name: str) -> None:
    upload(storage, f"{model_name}/a.csv", b"x\n1\n")
    (file,) = listed(storage, model_name)
    upload(storage, f"{model_name}/a.csv", b"x\n2\n")

    with open_blob(storage, file) as opened, pytest.raises(VanishedError, match="written again"):
        opened.read()


@pytest.mark.parametrize("small", [True, False])
def test_an_archived_file_costs_that_file_only_and_is_said(
    storage: Storage, model_name: str, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storage refuses it permanently: a check that failed of it would fail at every try."""
    monkeypatch.setattr(window_reading, "SMALL", window_reading.SMALL if small else 0)
    for name in ("a.csv", "b.csv"):
        upload(storage, f"{model_name}/{name}", b"x\n1\n")
    storage.container("incoming").get_blob_client(f"{model_name}/a.csv").set_standard_blob_tier("Archive")

    rows, reading = build_window(storage, listed(storage, model_name), plain, count)

    assert rows == 1
    assert list(reading.broken.values()) == [
        f"incoming/{model_name}/a.csv: lies in the archive tier: copy it under another name into the tier hot, cool or "
        "cold"
    ]


@pytest.mark.parametrize(
    ("code", "raised", "said"),
    [
        ("BlobBeingRehydrated", VanishedError, "is being moved out of the archive tier"),
        ("BlobUsesCustomerSpecifiedEncryption", InputError, "a.csv: is encrypted with a key of its writer's"),
        ("LeaseAlreadyPresent", HttpResponseError, "409"),
    ],
)
def test_what_storage_says_of_one_blob_is_no_fault_of_storage(code: str, raised: type[Exception], said: str) -> None:
    class Refusing:
        def download_blob(self, *_: object, **__: object) -> None:
            error = HttpResponseError(f"409 {code}")
            error.status_code, error.error_code = 409, code  # type: ignore[attr-defined]
            raise error

    with pytest.raises(raised, match=said) as caught:
        download(Refusing(), File("incoming", "a.csv", "1", datetime.now(UTC), 1))
    assert is_of_content(caught.value) is (raised is InputError)


def test_an_error_of_the_storage_service_is_not_taken_for_a_broken_file(
    storage: Storage, model_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.core.exceptions import HttpResponseError

    upload(storage, f"{model_name}/a.csv", b"x\n1\n")

    def fails(*_: Any) -> bytes:
        raise HttpResponseError("503 ServerBusy")

    monkeypatch.setattr(held_files, "download", fails)
    with pytest.raises(HttpResponseError):
        build_window(storage, listed(storage, model_name), plain, count)


def test_gzipped_files_are_read(storage: Storage, model_name: str) -> None:
    import gzip

    upload(storage, f"{model_name}/a.csv.gz", gzip.compress(b"x\n1\n2\n"))
    upload(storage, f"{model_name}/b.jsonl.gz", gzip.compress(json.dumps({"x": 1}).encode() + b"\n"))

    assert build_window(storage, listed(storage, model_name), plain, count)[0] == 3


@pytest.mark.parametrize("small", [1 << 20, 1])
@pytest.mark.parametrize("error", [OverflowError("Mrs Patient"), RecursionError("Mrs Patient"), pa.ArrowInvalid("Mrs")])
def test_whatever_a_content_makes_a_decoder_raise_costs_that_file_only_and_is_not_quoted(
    storage: Storage, model_name: str, small: int, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_reading, "SMALL", small)
    for name in ("a.csv", "b.csv", "c.csv"):
        upload(storage, f"{model_name}/{name}", b"x\n1\n")

    def decode(content: IO[bytes], file: File) -> Iterator[pa.RecordBatch]:
        yield from plain(content, file)
        if file.name.endswith("b.csv"):
            raise error

    rows, reading = build_window(storage, listed(storage, model_name), decode, count)

    assert rows == 2
    assert list(reading.broken.values()) == [f"incoming/{model_name}/b.csv: cannot be read ({type(error).__name__})"]


def test_what_only_the_builder_finds_is_still_the_fault_of_one_file(storage: Storage, model_name: str) -> None:
    schema = Schema(columns=(Column(name="x"),))
    for number in range(6):
        upload(storage, f"{model_name}/{number}.jsonl", b'{"x": 1}\n' * 30)
    buffer = io.BytesIO()
    pq.write_table(pa.table({"x": [{"deep": 1}] * 30}), buffer)
    upload(storage, f"{model_name}/struct.parquet", buffer.getvalue())
    files = listed(storage, model_name)

    def unread(content: IO[bytes], file: File) -> Iterator[pa.RecordBatch]:
        """The batches as they are, so that a nested column comes through to the builder."""
        if file.name.endswith(".parquet"):
            yield from pq.ParquetFile(content).iter_batches()
        else:
            yield from plain(content, file)

    window, reading = build_window(storage, files, unread, lambda batches: Window.build(batches, schema))

    assert window.rows == 180
    assert [file.name.rsplit("/")[-1] for file in reading.broken] == ["struct.parquet"]


def test_what_no_single_file_explains_is_raised(storage: Storage, model_name: str) -> None:
    for name in ("a.csv", "b.csv"):
        upload(storage, f"{model_name}/{name}", b"x\n1\n")

    def build(batches: Iterator[pa.RecordBatch]) -> int:
        if (rows := count(batches)) > 1:
            raise ZeroDivisionError
        return rows

    with pytest.raises(ZeroDivisionError):
        build_window(storage, listed(storage, model_name), plain, build)


def test_want_of_memory_is_no_file_s_fault(storage: Storage, model_name: str) -> None:
    upload(storage, f"{model_name}/a.csv", b"x\n1\n")

    def decode(_: IO[bytes], __: File) -> Iterator[pa.RecordBatch]:
        raise MemoryError

    with pytest.raises(MemoryError):
        build_window(storage, listed(storage, model_name), decode, count)


def test_a_process_that_is_ending_blames_no_file(storage: Storage, model_name: str) -> None:
    upload(storage, f"{model_name}/a.csv", b"x\n1\n")

    def decode(_: IO[bytes], __: File) -> Iterator[pa.RecordBatch]:
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    with pytest.raises(RuntimeError):
        build_window(storage, listed(storage, model_name), decode, count)


def test_an_error_of_storage_inside_a_reader_s_own_error_is_storage_s(storage: Storage, model_name: str) -> None:
    upload(storage, f"{model_name}/a.csv", b"x\n1\n")

    def decode(_: IO[bytes], __: File) -> Iterator[pa.RecordBatch]:
        raise InputError("cannot be read") from ServiceResponseError("the connection broke")
        yield

    with pytest.raises(InputError):
        build_window(storage, listed(storage, model_name), decode, count)


def test_a_file_that_is_delivered_twice_is_read_once(storage: Storage, model_name: str) -> None:
    upload(storage, f"{model_name}/a.csv", b"x\n1\n2\n")
    upload(storage, f"{model_name}/b.csv", b"x\n3\n")
    upload(storage, f"{model_name}/c.csv", b"x\n1\n2\n")
    files = listed(storage, model_name)

    rows, reading = build_window(storage, files, plain, count, {})
    again, later = build_window(storage, files, plain, count, reading.contents)

    assert (rows, [file.name[-5:] for file in reading.read]) == (3, ["a.csv", "b.csv"])
    assert {copy.name[-5:]: first and first.name[-5:] for copy, first in reading.copies.items()} == {"c.csv": "a.csv"}
    assert (again, later.read, len(later.copies)) == (0, [], 3), "and what was read by an earlier check"
    assert build_window(storage, files, plain, count)[0] == 5, "unless copies may be by chance"


def test_a_copy_of_a_file_that_cannot_be_read_is_looked_at_by_itself(storage: Storage, model_name: str) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        upload(storage, f"{model_name}/{name}", b'{"x": 1')

    _, reading = build_window(storage, listed(storage, model_name), plain, count, {})

    assert [file.name[-7:] for file in reading.broken] == ["a.jsonl", "b.jsonl"]
    assert reading.copies == {}


def test_unknown_formats_say_what_can_be_read() -> None:
    file = File("c", "a.docx", "1", datetime.now(UTC) - timedelta(days=1), 1)

    with pytest.raises(InputError, match="Parquet"):
        list(plain(io.BytesIO(b"x"), file))
