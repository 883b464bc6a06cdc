"""A file that becomes visible after thousands of newer ones were read is never lost in silence: it is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftloop.ledger.model_state import Forgotten, Watermark
from function_app.incoming import watermark as module
from function_app.incoming.sources import File
from function_app.incoming.stragglers import forgotten, stragglers, with_more
from function_app.incoming.watermark import advanced, select

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
AT_ONCE = timedelta(0)


def a_file(number: int, minutes: float | None = None) -> File:
    return File("incoming", f"{number:04}", "1", NOW + timedelta(minutes=number if minutes is None else minutes), 1)


def test_a_day_is_a_count_and_a_sum_of_keys() -> None:
    files = [a_file(0), a_file(1), a_file(24 * 60)]
    keys = [int(file.key, 16) for file in files]
    assert forgotten(files) == {
        "2026-11-23": Forgotten(2, f"{(keys[0] + keys[1]) % 2**64:016x}"),
        "2026-11-24": Forgotten(1, files[2].key),
    }
    assert with_more(forgotten(files[:1]), [(file.key, file.modified) for file in files[1:]]) == forgotten(files)
    eastern = replace(files[0], modified=files[0].modified.astimezone(tz=None))
    assert forgotten([eastern]).keys() == {"2026-11-23"}, "in UTC, whatever the zone of the time"


def test_one_among_files_that_were_read_is_named() -> None:
    read = [a_file(number) for number in range(50)]
    (said,) = stragglers(forgotten(read), [*read, a_file(999, 7.5)])
    assert said.startswith("incoming/0999: became visible after thousands of newer files")


def test_of_several_the_day_is_named_and_on_a_day_of_their_own_they_are() -> None:
    read = [a_file(number) for number in range(50)]
    late = [a_file(900, 7.5), a_file(901, 8.5)]
    (said,) = stragglers(forgotten(read), [*read, *late])
    assert said.startswith("2 of the 52 files of 'incoming' that were last written on 2026-11-23: became")
    alone = [a_file(number, -24 * 60) for number in range(5)]
    (said,) = stragglers(forgotten(read), [*read, *alone])
    assert said.startswith("incoming/0000, incoming/0001, incoming/0002 and 2 more: became")


def test_where_files_were_deleted_meanwhile_the_day_is_named() -> None:
    read = [a_file(number) for number in range(50)]
    (said,) = stragglers(forgotten(read), [*read[1:], a_file(900, 7.5), a_file(901, 8.5)])
    assert said.startswith("1 of the 51 files of 'incoming'"), "which one is not known"


@given(st.sets(st.integers(0, 3000)), st.sets(st.integers(0, 3000)))
def test_files_that_were_deleted_are_no_stragglers(read: set[int], left: set[int]) -> None:
    files = {number: a_file(number) for number in read}
    assert stragglers(forgotten(files.values()), [files[number] for number in read & left]) == ()


def test_a_straggler_below_the_floor_is_named_once_and_none_is_named_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 5)
    monkeypatch.setattr(module, "OVERLAP", timedelta(minutes=1))
    monkeypatch.setattr(module, "APPEND_SETTLE", timedelta(0))
    watermark, there = Watermark(), []
    for number in range(40):
        there.append(a_file(number))
        found = select(there, watermark, AT_ONCE, NOW)
        assert (found.files, found.stragglers) == ((there[-1],), ())
        watermark = advanced(found.watermark, found.files, AT_ONCE)
    assert watermark.forgotten == forgotten(file for file in there if file.key not in watermark.seen)
    assert len(watermark.seen) == 5

    late = a_file(999, 12.5)
    found = select([*there, late], watermark, AT_ONCE, NOW)
    assert found.files == ()
    assert [said.split(":")[0] for said in found.stragglers] == ["incoming/0999"]
    assert select([*there, late], found.watermark, AT_ONCE, NOW).stragglers == (), "said once"

    again = a_file(999)  # written again, it is newer than the floor
    assert select([*there, again], found.watermark, AT_ONCE, NOW).files == (again,)


def test_a_row_of_an_older_version_counts_what_is_there_and_accuses_nobody() -> None:
    old = Watermark(NOW, {}, NOW - timedelta(hours=1))
    files = [a_file(number, -120 - number) for number in range(9)]
    found = select(files, old, AT_ONCE, NOW)
    assert found.stragglers == ()
    assert found.watermark.forgotten == forgotten(files)
