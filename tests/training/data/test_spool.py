from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from driftloop.errors import InputError
from tests.training.conftest import MODEL, hospital
from tests.training.data import large
from training import models, prepare
from training.data import spool
from training.data.collect import collect
from training.data.spool import PARTS, Spool, Stored, parts

HELD = [10, 5_000, 40_000]  # values: of the feed below nearly nothing, a part of a file, and most tables whole


@pytest.mark.parametrize("held", HELD)
def test_records_that_outgrow_memory_are_the_same_to_the_bit(tmp_path: Path, held: int) -> None:
    source = large.feed(tmp_path / "feed", new=900)
    inside = collect(large.SCHEMA, source, tmp_path)
    (tmp_path / "b").mkdir()
    outside = collect(large.SCHEMA, source, tmp_path / "b", held)
    assert not inside.tables.on_disk
    assert outside.tables.on_disk
    assert outside.every.equals(inside.every)
    assert (outside.left_out, outside.impossible, outside.rows) == (inside.left_out, inside.impossible, inside.rows)
    assert inside.left_out["duplicates"] == 300
    assert inside.impossible == {"x": 13}  # every 997th of 12,900, the first among them


def test_the_prepared_tables_of_a_hospital_are_the_same_from_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With late labels, corrected deliveries, a quarantined file and a change of regime."""
    source, model = hospital(tmp_path / "hospital", last_day=11).source, models.find(MODEL)
    inside = prepare.prepare(model.schema(), source, model.settings())
    monkeypatch.setattr(prepare, "collect", lambda schema, source, folder: collect(schema, source, folder, 100))
    outside = prepare.prepare(model.schema(), source, model.settings())
    assert outside.data == inside.data
    assert all(getattr(outside, name).equals(getattr(inside, name)) for name in prepare.TABLES)


def test_a_historic_id_that_repeats_is_found_on_disk_too(tmp_path: Path) -> None:
    source = large.feed(tmp_path / "feed", new=0)
    twice = pa.concat_tables([pa.parquet.read_table(source.historic)] * 2).slice(0, large.HISTORIC + 7)
    pa.parquet.write_table(twice, source.historic)
    with pytest.raises(InputError, match="repeats in 7 records"):
        collect(large.SCHEMA, source, tmp_path, 1_000)


def test_whatever_bears_one_id_lies_in_one_part_in_its_order(tmp_path: Path) -> None:
    empty = pa.table({"id": pa.array([], pa.string()), "n": pa.array([], pa.int64())})
    first, second = Spool(empty, "id", tmp_path / "first", 50), Spool(empty, "id", tmp_path / "second", 50)
    names = [f"R{number % 400}" for number in range(1_000)]
    for start in range(0, 1_000, 30):
        first.add(pa.table({"id": names[start : start + 30], "n": list(range(1_000))[start : start + 30]}))
    second.add(pa.table({"id": names[:20], "n": list(range(20))}))  # small, but read side by side with a large one
    found = list(parts([first, second], forget=True))
    assert len(found) == PARTS
    assert not list(tmp_path.iterdir())
    places = [set(one["id"].to_pylist()) for one, _ in found]
    assert sum(map(len, places)) == 400
    assert all(set(other["id"].to_pylist()) <= place for place, (_, other) in zip(places, found, strict=True))
    assert sorted(n for one, _ in found for n in one["n"].to_pylist()) == list(range(1_000))
    assert all(one["n"].to_pylist() == sorted(one["n"].to_pylist()) for one, _ in found)


def test_a_small_table_sees_no_disk(tmp_path: Path) -> None:
    empty = pa.table({"id": pa.array([], pa.string())})
    held = Spool(empty, "id", tmp_path / "held", 50)
    held.add(pa.table({"id": ["a", "b"]}))
    ((table,),) = parts([held])
    assert table["id"].to_pylist() == ["a", "b"]
    assert not list(tmp_path.iterdir())


def test_the_limit_is_one_of_values_not_of_rows(tmp_path: Path) -> None:
    """50 values are 5 rows of 10 columns: the sixth goes to disk."""
    names = {"id": ["a"], **{f"c{number}": [number] for number in range(9)}}
    held = Spool(pa.table(names).slice(0, 0), "id", tmp_path / "held", 50)
    states = []
    for _ in range(6):
        held.add(pa.table(names))
        states.append(held.on_disk)
    held.close()
    assert states == [False] * 5 + [True]
    assert sum(len(held.part(number)) for number in range(PARTS)) == held.rows == 6


def test_stored_tables_are_gone_through_as_often_as_needed(tmp_path: Path) -> None:
    kept = Stored(tmp_path / "kept", on_disk=True)
    for number in range(3):
        kept.add(pa.table({"n": [number, number]}))
    for _ in range(2):
        assert [table["n"].to_pylist() for table in kept] == [[0, 0], [1, 1], [2, 2]]
    assert kept.rows == 6


def test_parts_are_named_by_the_first_bits_of_a_hash() -> None:
    """2^64 is 128 times 2^57: the largest hash lies in the last part."""
    largest = np.array([2**64 - 1], dtype=np.uint64)
    assert (largest >> spool.PART_SHIFT).tolist() == [PARTS - 1]
