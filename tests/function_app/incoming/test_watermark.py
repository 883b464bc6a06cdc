"""The watermark: each file is taken once, whatever the order in which files become visible."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftloop.ledger.model_state import Watermark
from function_app.incoming import watermark as module
from function_app.incoming.sources import File
from function_app.incoming.watermark import (
    APPEND_SETTLE,
    BEGINNING,
    CONTENTS,
    OVERLAP,
    REMEMBERED,
    advanced,
    marked,
    overlap,
    select,
)

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
AT_ONCE = timedelta(0)


def a_file(name: str, minutes_ago: float = 0, etag: str = "1", appendable: bool = False) -> File:
    return File("incoming", name, etag, NOW - timedelta(minutes=minutes_ago), 100, appendable)


def test_each_version_of_a_file_is_taken_once() -> None:
    first = select([a_file("a"), a_file("b", 3)], Watermark(), AT_ONCE, NOW)
    watermark = advanced(Watermark(), first.files, AT_ONCE)

    again = select([a_file("a"), a_file("b", 3), a_file("a", etag="2")], watermark, AT_ONCE, NOW)

    assert [file.name for file in first.files] == ["b", "a"], "oldest first"
    assert again.files == (a_file("a", etag="2"),)


def test_a_file_that_becomes_visible_late_is_still_taken() -> None:
    watermark = advanced(Watermark(), [a_file("new")], AT_ONCE)
    late = a_file("late", minutes_ago=10)

    assert select([late, a_file("new")], watermark, AT_ONCE, NOW).files == (late,)


def test_a_young_file_waits_where_files_are_written_slowly() -> None:
    settle = timedelta(minutes=2)
    young, old = a_file("young", minutes_ago=1), a_file("old", minutes_ago=3)

    found = select([young, old], Watermark(), settle, NOW)

    assert (found.files, found.waiting) == ((old,), (young,))
    watermark = advanced(Watermark(), found.files, settle)
    assert select([young, old], watermark, settle, NOW + settle).files == (young,), "its time did not change"


def test_an_append_blob_waits_until_nothing_was_added_for_five_minutes() -> None:
    growing = a_file("log.jsonl", minutes_ago=4, appendable=True)

    assert select([growing], Watermark(), AT_ONCE, NOW).waiting == (growing,)
    assert select([growing], Watermark(), AT_ONCE, NOW + timedelta(minutes=1)).files == (growing,)


def test_a_clock_that_is_behind_does_not_hide_files() -> None:
    assert select([a_file("a")], Watermark(), AT_ONCE, NOW - timedelta(hours=5)).files == (a_file("a"),)


def test_a_window_is_named_by_its_files_and_not_by_their_order() -> None:
    one = select([a_file("a"), a_file("b")], Watermark(), AT_ONCE, NOW)
    other = select([a_file("b"), a_file("a")], Watermark(), AT_ONCE, NOW)

    assert one.sha256 == other.sha256
    assert select([a_file("a")], Watermark(), AT_ONCE, NOW).sha256 != one.sha256


def test_files_that_were_set_aside_do_not_move_the_watermark_over_the_others() -> None:
    watermark = marked(Watermark(NOW - timedelta(days=1), {}), [a_file("broken")])

    assert select([a_file("broken"), a_file("good", minutes_ago=600)], watermark, AT_ONCE, NOW).files == (
        a_file("good", minutes_ago=600),
    )


@given(
    arrivals=st.lists(st.tuples(st.integers(0, 14), st.integers(0, 5)), min_size=1, max_size=30),
    settle=st.sampled_from([0, 60, 1200]),
)
def test_whatever_the_order_of_arrival_every_file_is_taken_exactly_once(
    arrivals: list[tuple[int, int]], settle: int
) -> None:
    """Each file becomes visible up to 14 minutes after its time, which is within the overlap."""
    patience = timedelta(seconds=settle)
    assert overlap(patience) >= timedelta(minutes=15)
    files = [(NOW + timedelta(minutes=7 * number), delay) for number, (delay, _) in enumerate(arrivals)]
    watermark, taken = Watermark(), []
    for minute in range(0, 7 * len(files) + 120, 3):
        now = NOW + timedelta(minutes=minute)
        visible = [
            File("c", str(number), "1", modified, 1)
            for number, (modified, delay) in enumerate(files)
            if modified + timedelta(minutes=delay) <= now
        ]
        found = select(visible, watermark, patience, now)
        taken += [file.name for file in found.files]
        watermark = advanced(watermark, found.files, patience)

    assert sorted(taken, key=int) == [str(number) for number in range(len(files))]


def test_a_straggler_older_than_any_overlap_is_still_taken() -> None:
    watermark = advanced(Watermark(), [a_file("new")], AT_ONCE)
    late = a_file("late", minutes_ago=60 * 24 * 400)

    assert select([late, a_file("new")], watermark, AT_ONCE, NOW).files == (late,)


def test_only_so_many_files_are_remembered_and_older_ones_count_as_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    old = [a_file(f"old{minutes}", minutes_ago=minutes) for minutes in (100, 200, 300, 400)]
    watermark = advanced(Watermark(), [*old, a_file("new")], AT_ONCE)

    assert set(watermark.seen) == {a_file("new").key, old[0].key, old[1].key}, "the newest three"
    assert watermark.floor == old[2].modified, "as old as the newest that was forgotten"
    assert select(old, watermark, AT_ONCE, NOW).files == ()
    straggler, too_old = a_file("s", minutes_ago=299), a_file("t", minutes_ago=300)
    assert select([straggler, too_old], watermark, AT_ONCE, NOW).files == (straggler,)
    later = advanced(watermark, [straggler], AT_ONCE)
    assert later.floor == straggler.modified, "the floor never falls"


def test_within_the_overlap_every_file_is_remembered_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    files = [a_file(f"{number}", minutes_ago=number / 10) for number in range(140)]

    assert len(advanced(Watermark(), files, AT_ONCE).seen) == 140


def test_the_overlap_is_twice_the_longest_wait_and_at_least_a_quarter_of_an_hour() -> None:
    assert (timedelta(minutes=15), timedelta(minutes=5)) == (OVERLAP, APPEND_SETTLE)
    assert overlap(timedelta(0)) == timedelta(minutes=15)
    assert overlap(timedelta(minutes=7, seconds=30)) == timedelta(minutes=15)
    assert overlap(timedelta(minutes=8)) == timedelta(minutes=16)
    assert overlap(timedelta(hours=1)) == timedelta(hours=2)


def test_a_row_of_an_older_version_counts_what_is_older_than_its_overlap_as_read() -> None:
    old = msgspec.json.decode(b'{"high": "2026-11-23T06:00:00Z", "seen": {}}', type=Watermark)
    files = [a_file("a", minutes_ago=14), a_file("b", minutes_ago=15), a_file("c", minutes_ago=99)]

    assert select(files, old, AT_ONCE, NOW).files == (files[0],)
    after = advanced(old, [files[0]], AT_ONCE)
    assert after.floor == NOW - timedelta(minutes=15), "and goes on from there"


def test_the_first_watermark_remembers_from_the_beginning() -> None:
    assert advanced(Watermark(), [a_file("a")], AT_ONCE).floor == BEGINNING
    assert REMEMBERED == 2_000, "in docs/ledger.md"


def test_contents_are_remembered_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CONTENTS == 1_000
    monkeypatch.setattr(module, "CONTENTS", 2)
    first = advanced(Watermark(), [a_file("a")], AT_ONCE, {"x": NOW, "y": NOW + timedelta(hours=1)})
    second = advanced(first, [a_file("b")], AT_ONCE, {"z": NOW + timedelta(hours=2)})

    assert set(second.contents) == {"y", "z"}
    assert marked(second, [a_file("c")]).contents == second.contents


def test_what_is_set_aside_leaves_the_floor_where_it_was() -> None:
    watermark = advanced(Watermark(), [a_file("a")], AT_ONCE)

    assert marked(watermark, [a_file("b", minutes_ago=500)]).floor == watermark.floor
    assert advanced(watermark, [], AT_ONCE) is watermark


def test_an_append_blob_waits_for_the_longer_of_both_patiences() -> None:
    log = a_file("log", minutes_ago=6, appendable=True)

    assert select([log], Watermark(), timedelta(minutes=7), NOW).waiting == (log,)
    assert select([log], Watermark(), timedelta(minutes=2), NOW).files == (log,)
