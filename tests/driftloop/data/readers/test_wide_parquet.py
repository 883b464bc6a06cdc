"""Row groups of more columns than fit into memory at once give the same rows, read part by part."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftloop import Schema, Window, read_batches
from driftloop.data.readers.parquet import batches, wide
from driftloop.errors import InputError

ROWS = 5_000


def table(rows: int = ROWS) -> pa.Table:
    """Columns of every kind that a reader treats in its own way, with gaps."""
    rng = np.random.default_rng(11)
    gaps = rng.random(rows) < 0.1
    columns: dict[str, pa.Array] = {f"x{index}": pa.array(rng.normal(size=rows), mask=gaps) for index in range(6)}
    columns["ward"] = pa.array(rng.choice(["north", "south", "w" * 900], rows), mask=gaps)
    columns["note"] = pa.array([f"{value:x}" for value in rng.integers(0, 1 << 60, rows)])
    columns["kind"] = pa.array(rng.choice(["a", "b"], rows)).dictionary_encode()
    columns["nested"] = pa.array([[1]] * rows)
    columns["seen_at"] = pa.array(np.arange(rows) * 1_000_000, pa.timestamp("us"))
    return pa.table(columns)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pq.write_table(table(), tmp_path / "wide.parquet", row_group_size=2_000, data_page_size=4_096)
    return tmp_path / "wide.parquet"


def parts_of(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many parts each row group is read in, from now on."""
    seen: list[int] = []
    read = batches.batches_by_parts

    def noting(parquet, group, parts, rows):
        seen.append(len(parts))
        return read(parquet, group, parts, rows)

    monkeypatch.setattr(batches, "batches_by_parts", noting)
    return seen


@pytest.mark.parametrize("is_open", [False, True])
def test_the_rows_are_those_that_are_read_at_once(path, monkeypatch, is_open):
    def read() -> tuple[str, list[tuple[str, str, str]]]:
        with path.open("rb") as file:
            source = file if is_open else path
            schema = Schema.infer(read_batches(path))
            return Window.build(read_batches(source, schema, format="parquet"), schema).sha256, [
                (column.name, column.kind, column.role) for column in schema.columns
            ]

    at_once = read()
    seen = parts_of(monkeypatch)
    monkeypatch.setattr(batches, "LARGEST_PAGES", 20_000)
    assert read() == at_once
    assert len(seen) == 6  # three row groups, read twice
    assert all(count > 1 for count in seen)


def test_small_and_wide_row_groups_of_one_file_come_in_their_order(tmp_path, monkeypatch):
    rows = table(6_000)
    with pq.ParquetWriter(tmp_path / "mixed.parquet", rows.schema) as writer:
        for start, count in ((0, 100), (100, 3_000), (3_100, 100), (3_200, 2_800)):
            writer.write_table(rows.slice(start, count))
    seen = parts_of(monkeypatch)
    monkeypatch.setattr(batches, "LARGEST_PAGES", 60_000)
    monkeypatch.setattr(batches, "USUAL_PAGE", 1 << 20)
    read = [batch.column(batch.schema.get_field_index("note")) for batch in read_batches(tmp_path / "mixed.parquet")]
    assert list(itertools.chain(*(part.to_pylist() for part in read))) == rows["note"].to_pylist()
    assert len(seen) == 2


def test_rows_that_are_too_large_to_be_held_are_refused(path, monkeypatch):
    monkeypatch.setattr(batches, "LARGEST_PAGES", 20_000)
    monkeypatch.setattr(wide, "LARGEST_BATCH", 10_000)
    with pytest.raises(InputError, match=r"wide\.parquet: [\d,]+ rows of all columns take .* MB.*: give a schema"):
        list(read_batches(path))


def test_a_full_disk_is_one_line_that_says_what_to_do(path, monkeypatch):
    class Full:
        """A temporary file for which there is no room."""

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        closed = False

        def write(self, _):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(batches, "LARGEST_PAGES", 20_000)
    monkeypatch.setattr(wide.tempfile, "TemporaryFile", Full)
    with pytest.raises(InputError, match=r"wide\.parquet: .*No space left on device.*TMPDIR"):
        list(read_batches(path))
