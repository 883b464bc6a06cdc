"""A source that is read part by part has the profile of the whole, to the last bit."""

import itertools
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.compute
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftloop import Profile, SchemaError, Window
from driftloop.data.readers.sources import find_parts
from driftloop.data.reading import Reading, ReadNotes
from driftloop.errors import InputError
from driftloop.parts import units
from driftloop.parts.means import Means
from driftloop.parts.partial import Partial
from driftloop.parts.profiles import profile_parts
from driftloop.parts.reading import read_partial
from driftloop.parts.recipe import Recipe
from driftloop.profile.saving.parquet_format import profile_to_bytes
from driftloop.sides.settings import ColumnSettings
from driftloop.sides.sides import read_baseline, read_sides
from driftloop.sides.window import read_window
from tests.driftloop.parts.tables import SCHEMA, settle, table, write_csv, write_days, write_parquet

WHOLE = table(3_000, 1)


@pytest.fixture(scope="module")
def expected() -> bytes:
    return profile_to_bytes(Profile.build(WHOLE, SCHEMA))


def by_parts(source: Path | tuple[Path, ...], means: Means, schema=SCHEMA) -> Partial:
    notes = ReadNotes()
    return profile_parts(find_parts(source, None, notes), Recipe(schema, {}), means, notes)


@given(
    cuts=st.lists(st.integers(0, WHOLE.num_rows), max_size=12),
    row_group=st.integers(50, 4_000),
    unit_values=st.integers(100, 20_000),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_files_row_groups_and_their_order_change_no_bit(
    cuts, row_group, unit_values, seed, expected, tmp_path_factory, monkeypatch
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    monkeypatch.setattr(units, "UNIT_VALUES", unit_values)
    edges = sorted({0, *cuts, WHOLE.num_rows})
    pieces = [WHOLE.slice(start, end - start) for start, end in itertools.pairwise(edges)]
    random.Random(seed).shuffle(pieces)
    for number, piece in enumerate(pieces):
        if number % 3 == 1:
            write_csv(piece, folder / "sub" / f"{number}.csv")
        else:
            write_parquet(piece, folder / f"{number}.parquet", row_group)
    assert profile_to_bytes(by_parts(folder, Means(processes=1)).contents) == expected


@given(st.permutations(range(6)), st.data())
@settings(max_examples=15)
def test_partials_merge_in_any_order_and_grouping(order, data) -> None:
    pieces = [WHOLE.slice(number * 500, 500) for number in order]
    partials = [Partial.from_bytes(_partial(piece).to_bytes()) for piece in pieces]
    while len(partials) > 1:
        place = data.draw(st.integers(0, len(partials) - 2))
        partials[place : place + 2] = [partials[place].merge(partials[place + 1])]
    assert profile_to_bytes(partials[0].contents) == profile_to_bytes(Profile.build(WHOLE, SCHEMA))


def _partial(piece: pa.Table) -> Partial:
    from driftloop.parts.reading import partial_of

    return partial_of(piece.to_batches(), Recipe(SCHEMA, {}))


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_the_number_of_processes_changes_no_bit(processes, expected, tmp_path, monkeypatch) -> None:
    for number in range(6):
        write_parquet(WHOLE.slice(number * 500, 500), tmp_path / "data" / f"part={number}" / "a.parquet", 200)
    cache = tmp_path / "cache"
    partial = by_parts(tmp_path / "data", Means(cache, processes))
    assert partial.contents.extra == ("part",)
    plain = Profile.build(tmp_path / "data", SCHEMA)
    assert profile_to_bytes(partial.contents) == profile_to_bytes(plain)
    assert Window(partial.contents).rows == WHOLE.num_rows


def test_how_text_is_written_is_decided_once_for_all_files(tmp_path) -> None:
    # The second file alone would be read month first, or not at all; the first says that the day comes first.
    rows = "at,size\n" + "".join(f"{day:02}/01/2026,{day}.5\n" for day in range(1, 29))
    unclear = "at,size\n" + "".join(f"{day:02}/02/2026,{day}.5\n" for day in range(1, 12))
    (tmp_path / "a.csv").write_text(rows)
    (tmp_path / "b.csv").write_text(unclear)
    whole = read_baseline(tmp_path, ColumnSettings())
    parts = read_baseline(tmp_path, ColumnSettings(), Means(processes=1))
    assert parts.baseline.to_bytes() == whole.baseline.to_bytes()
    assert parts.notes == whole.notes
    assert any("day first" in note for note in parts.notes)
    schema = whole.baseline.schema
    assert (
        read_window(tmp_path, schema).to_bytes() == read_window(tmp_path, schema, means=Means(processes=2)).to_bytes()
    )


def test_what_may_be_read_in_two_ways_is_refused_with_parts_too(tmp_path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("at,size\n" + "01/02/2026,1.5\n" * 20)
    with pytest.raises(InputError, match="day or the month first"):
        read_window(tmp_path, SCHEMA, means=Means(processes=1))
    declared = read_window(tmp_path, SCHEMA, Reading(dates="day-first"), means=Means(processes=1))
    assert declared.first_time == "2026-02-01T00:00:00Z"


@pytest.mark.parametrize("processes", [1, 2])
def test_a_part_that_cannot_be_read_is_named_as_when_read_as_a_stream(processes, tmp_path) -> None:
    write_days(tmp_path, 3)
    settle_broken = tmp_path / "day-0001.parquet"
    settle_broken.write_bytes(settle_broken.read_bytes()[:-40])
    settle(settle_broken)
    with pytest.raises(InputError) as streamed:
        Profile.build(tmp_path, SCHEMA)
    with pytest.raises(InputError) as parted:
        by_parts(tmp_path, Means(processes=processes))
    assert str(parted.value) == str(streamed.value)
    assert "day-0001.parquet" in str(parted.value)


def test_a_nested_column_is_the_same_error_from_a_process(tmp_path) -> None:
    for number in range(2):
        write_parquet(pa.table({"size": [[1.0]], "price": [2.0]}), tmp_path / f"{number}.parquet")
    with pytest.raises(SchemaError, match="flatten the column"):
        by_parts(tmp_path, Means(processes=2))


def test_a_time_that_no_file_can_be_read_of_is_refused_over_all_parts(tmp_path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text("at,size\n" + "soon,1\nlater,2\n")
    with pytest.raises(InputError, match=r"none of its 6 values can be"):
        read_window(tmp_path, SCHEMA, means=Means(processes=1))


def test_several_sources_are_one_table(tmp_path, expected) -> None:
    first = write_parquet(WHOLE.slice(0, 1_000), tmp_path / "a" / "x.parquet")
    second = write_csv(WHOLE.slice(1_000), tmp_path / "b" / "y.csv")
    partial = by_parts((first, second.parent), Means(processes=1))
    assert profile_to_bytes(partial.contents) == expected


def test_an_empty_file_among_others_is_noted_once(tmp_path) -> None:
    write_days(tmp_path, 2)
    settle(tmp_path / "day-0001.parquet")
    (tmp_path / "nothing.csv").write_bytes(b"")
    partial = by_parts(tmp_path, Means(processes=2))
    assert [note.endswith("the file is empty and is skipped") for note in partial.notes] == [True]
    assert partial.contents.rows == 800


def test_a_partial_says_what_reading_had_to_say(tmp_path) -> None:
    path = write_parquet(WHOLE, tmp_path / "a.parquet")
    part = find_parts(path, None, ReadNotes())[0]
    partial = read_partial(part, Recipe(SCHEMA, {}, ("timestamp",)))
    assert partial.unreadable.unread == {}
    assert Partial.from_bytes(partial.to_bytes()).unreadable == partial.unreadable


def test_labels_of_all_parts_are_counted_together(tmp_path) -> None:
    reference, window = tmp_path / "reference", tmp_path / "window"
    write_days(reference, 4)
    for day in range(4):
        moved = table(400, 50 + day)
        prices = pa.compute.add(moved["price"], 900.0)
        write_parquet(moved.set_column(3, "price", prices), window / f"{day}.parquet")
    settings = ColumnSettings(SCHEMA.with_roles(target="price"))
    streamed = read_sides(reference, window, settings)
    parted = read_sides(reference, window, settings, Means(processes=2))
    assert streamed.window.to_bytes() == parted.window.to_bytes()
    assert streamed.window_labels is not None
    assert parted.window_labels is not None
    assert parted.window_labels.rows == streamed.window_labels.rows == 1_600
    assert parted.window_labels.mean == pytest.approx(streamed.window_labels.mean, rel=1e-12)
    assert parted.baseline_labels is not None
