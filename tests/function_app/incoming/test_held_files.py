"""Small files in memory: what is held of them, and what is given back."""

import io
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftloop.data.readers import read_batches
from driftloop.errors import InputError
from function_app.incoming import held_files, window_reading
from function_app.incoming.sources import File, list_files
from function_app.incoming.window_reading import build_window
from function_app.storage.accounts import Storage


class Decoded:
    """Stands for what decoding takes in memory."""


def test_an_error_that_waits_for_its_files_turn_holds_nothing_of_what_was_decoded(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[weakref.ref[Decoded]] = []

    def broken(_: IO[bytes], __: File) -> Iterator[pa.RecordBatch]:
        decoded = Decoded()
        taken.append(weakref.ref(decoded))
        try:
            int("damaged")
        except ValueError:
            raise InputError("cannot be read") from None
        yield

    monkeypatch.setattr(held_files, "download", lambda *_: b"content")
    with pytest.raises(InputError, match="cannot be read") as waiting:
        held_files.hold_file(storage, File("incoming", "a.parquet", "1", datetime.now(UTC), 7), broken)
    assert waiting.value.__context__ is not None
    assert [reference() for reference in taken] == [None]


@pytest.mark.parametrize(("rows", "given_back"), [(10, 0), (held_files.LARGEST_HELD // 8 + 1, 1)])
def test_memory_is_given_back_after_a_file_that_is_too_large_to_be_held(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, rows: int, given_back: int
) -> None:
    calls: list[None] = []
    monkeypatch.setattr(held_files, "return_memory", lambda: calls.append(None))
    monkeypatch.setattr(held_files, "download", lambda *_: b"content")
    batch = pa.RecordBatch.from_pydict({"x": np.zeros(rows)})
    file = File("incoming", "a.parquet", "1", datetime.now(UTC), 7)
    held = held_files.hold_file(storage, file, lambda *_: iter([batch]))
    assert len(calls) == given_back
    assert (held.batches is None, held.content) == (bool(given_back), b"content" if given_back else b"")


def test_a_small_file_of_many_rows_is_not_held_decoded(storage: Storage, model_name: str) -> None:
    """1,000,000 rows of one value: 10 kB in storage, 8 MB and more in memory."""
    buffer = io.BytesIO()
    pq.write_table(pa.table({"x": [1.0] * 1_000_000, "y": [2.0] * 1_000_000}), buffer)
    storage.container("incoming").upload_blob(f"{model_name}/wide.parquet", buffer.getvalue(), overwrite=True)
    (file,) = list_files(storage, f"incoming/{model_name}/**")

    def plain(content: IO[bytes], file: File) -> Iterator[pa.RecordBatch]:
        return read_batches(content, format=file.path)

    assert file.size < window_reading.SMALL
    held = held_files.hold_file(storage, file, plain)
    assert held.batches is None
    assert len(held.content) == file.size
    assert build_window(storage, [file], plain, lambda rows: sum(batch.num_rows for batch in rows))[0] == 1_000_000
