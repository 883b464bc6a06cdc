"""What was read once is not read again; what is damaged, foreign or changed is."""

import os
import shutil
import stat
import time
from pathlib import Path

import pytest

from driftloop import Profile
from driftloop.data.readers.progress import observed
from driftloop.data.readers.sources import find_parts
from driftloop.data.reading import ReadNotes
from driftloop.errors import InputError
from driftloop.parts.cache import KEPT_DAYS, PartCache
from driftloop.parts.means import Means, Observer
from driftloop.parts.profiles import profile_parts
from driftloop.parts.recipe import Recipe
from driftloop.profile.saving.parquet_format import profile_to_bytes
from tests.driftloop.parts.tables import SCHEMA, settle, table, write_days, write_parquet


class Plan(Observer):
    def __init__(self) -> None:
        self.missing = 0

    def planned(self, parts: int, cached: int, rows: int | None) -> None:
        self.missing = parts


def read(folder: Path, cache: Path, schema=SCHEMA) -> tuple[bytes, int, int]:
    """The profile's bytes, the parts that had to be read, and the rows that were."""
    rows: list[int] = []
    plan, notes = Plan(), ReadNotes()
    with observed(lambda _name, count, _share: rows.append(count)):
        parts = find_parts(folder, None, notes)
        partial = profile_parts(parts, Recipe(schema, {}), Means(cache, 1, plan), notes)
    return profile_to_bytes(partial.contents), plan.missing, sum(rows)


def entries(cache: Path) -> list[Path]:
    return sorted(cache.glob("??/*.part"))


@pytest.fixture
def days(tmp_path) -> Path:
    return write_days(tmp_path / "days", 40, rows=50)


def test_checking_again_reads_nothing(days, tmp_path) -> None:
    first, missing, rows = read(days, tmp_path / "cache")
    assert missing == 40
    assert rows >= 40 * 50  # the first file also says how columns are written
    assert read(days, tmp_path / "cache") == (first, 0, 0)
    assert first == profile_to_bytes(Profile.build(days, SCHEMA))


def test_a_new_day_costs_its_own_rows(days, tmp_path) -> None:
    read(days, tmp_path / "cache")
    write_parquet(table(50, 40), days / "day-0040.parquet")
    found, missing, rows = read(days, tmp_path / "cache")
    assert (missing, rows) == (1, 50)
    assert found == profile_to_bytes(Profile.build(days, SCHEMA))


def test_a_window_that_moves_on_reads_its_new_day(days, tmp_path) -> None:
    read(days, tmp_path / "cache")
    (days / "day-0000.parquet").unlink()
    write_parquet(table(50, 40), days / "day-0040.parquet")
    found, missing, rows = read(days, tmp_path / "cache")
    assert missing == 1
    assert rows == 2 * 50  # and how columns are written, from what is now the first file
    assert found == profile_to_bytes(Profile.build(days, SCHEMA))


def test_a_changed_file_is_read_again_even_where_its_time_was_put_back(days, tmp_path) -> None:
    before, *_ = read(days, tmp_path / "cache")
    changed = days / "day-0007.parquet"
    times = (changed.stat().st_atime_ns, changed.stat().st_mtime_ns)
    write_parquet(table(50, 999), changed)
    os.utime(changed, ns=times)
    after, missing, _ = read(days, tmp_path / "cache")
    assert missing == 1
    assert after != before
    assert after == profile_to_bytes(Profile.build(days, SCHEMA))


def test_a_file_that_was_just_written_is_not_looked_up_next_time(tmp_path) -> None:
    days = write_days(tmp_path / "days", 2)
    os.utime(days / "day-0001.parquet")
    read(days, tmp_path / "cache")
    assert read(days, tmp_path / "cache")[1] == 1


def test_another_schema_shares_nothing(days, tmp_path) -> None:
    read(days, tmp_path / "cache")
    other = SCHEMA.with_roles(ignore=("price",))
    found, missing, _ = read(days, tmp_path / "cache", other)
    assert missing == 40
    assert found == profile_to_bytes(Profile.build(days, other))


@pytest.mark.parametrize("harm", ["cut", "bit", "empty", "foreign", "text", "folder"])
def test_entries_that_are_damaged_or_foreign_are_computed_again(harm, tmp_path) -> None:
    days, cache = write_days(tmp_path / "days", 3), tmp_path / "cache"
    expected, *_ = read(days, cache)
    strangers = write_days(tmp_path / "strangers", 3, first=50)
    read(strangers, tmp_path / "theirs")
    theirs = entries(tmp_path / "theirs")
    for number, path in enumerate(entries(cache)):
        content = path.read_bytes()
        if harm == "folder":
            path.unlink()
            path.mkdir()
        else:
            path.write_bytes(
                {
                    "cut": content[:-3],
                    "bit": content[:-1] + bytes([ord(content[-1:]) ^ 1]),
                    "empty": b"",
                    "foreign": theirs[number % len(theirs)].read_bytes(),
                    "text": b"not a profile\n" * 20,
                }[harm]
            )
    if harm == "folder":
        with pytest.raises(InputError, match="cannot be written"):
            read(days, cache)
        return
    assert read(days, cache)[:2] == (expected, 3)
    assert read(days, cache)[1:] == (0, 0)  # and mended


def test_a_cache_that_others_may_write_to_is_refused(tmp_path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    with pytest.raises(InputError, match="others may write"):
        PartCache(cache)


def test_entries_are_for_the_owners_eyes(tmp_path) -> None:
    days, cache = write_days(tmp_path / "days", 2), tmp_path / "cache"
    read(days, cache)
    assert {stat.S_IMODE(path.stat().st_mode) for path in entries(cache)} == {0o600}
    assert stat.S_IMODE(cache.stat().st_mode) & 0o077 == 0


def test_a_file_in_place_of_the_folder_is_one_line(tmp_path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(InputError, match="cache"):
        PartCache(tmp_path / "cache")


def test_entries_that_nobody_uses_leave_and_those_in_use_stay(tmp_path) -> None:
    days, cache = write_days(tmp_path / "days", 2), tmp_path / "cache"
    read(days, cache)
    old = time.time() - (KEPT_DAYS + 1) * 86_400
    for path in entries(cache):
        os.utime(path, (old, old))
    used = read(days, cache)
    assert used[1] == 0  # the root was used, so it stays; its leaves were not needed
    assert 0 < len(entries(cache)) < 5


def test_the_row_groups_of_a_file_are_kept_until_it_is_whole(tmp_path, monkeypatch) -> None:
    from driftloop.parts import units

    monkeypatch.setattr(units, "UNIT_VALUES", 1_000)
    path = write_parquet(table(2_000, 1), tmp_path / "a.parquet", row_group=100)
    cache = tmp_path / "cache"
    first, missing, _ = read(path, cache)
    assert missing == 10
    assert len(entries(cache)) == 2  # the file, and how its columns are written
    assert read(path, cache) == (first, 0, 0)


def test_a_removed_cache_is_made_again(days, tmp_path) -> None:
    first, *_ = read(days, tmp_path / "cache")
    shutil.rmtree(tmp_path / "cache")
    assert read(days, tmp_path / "cache")[0] == first


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path) -> None:
    path = write_parquet(table(3_000, 1), tmp_path / "a.parquet")
    parts, notes = find_parts(path, None, ReadNotes()), ReadNotes()
    recipe = Recipe(SCHEMA, {})

    def touch(_name: str, _rows: int, _share: float | None) -> None:
        os.utime(path)

    with pytest.raises(InputError, match="was changed while it was read"), observed(touch):
        profile_parts(parts, recipe, Means(tmp_path / "cache", 1), notes)
    settle(path)
    assert read(path, tmp_path / "cache")[0] == profile_to_bytes(Profile.build(path, SCHEMA))
