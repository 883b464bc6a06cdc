"""Which files are new: patterns, and a watermark by which each file is taken once, whatever the order in which it
becomes visible.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftloop.ledger import Watermark
from function_app.incoming.sources import File, advanced, expression, list_files, marked, overlap, prefixes, select
from function_app.storage.accounts import Storage

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
AT_ONCE = timedelta(0)


def a_file(name: str, minutes_ago: float = 0, etag: str = "1", appendable: bool = False) -> File:
    return File("incoming", name, etag, NOW - timedelta(minutes=minutes_ago), 100, appendable)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("m/records/**", ["m/records/a.csv", "m/records/x/y.parquet"], ["m/labels/a.csv", "xm/records/a.csv"]),
        ("m/*.csv", ["m/a.csv"], ["m/x/a.csv", "m/a.csv.gz"]),
        ("m/**/part-*.parquet", ["m/part-1.parquet", "m/a/b/part-2.parquet"], ["m/a/other.parquet"]),
        (
            "e/{yyyy}/{MM}/{dd}/{HH}/*.jsonl",
            ["e/2026/11/23/06/i.jsonl"],
            ["e/2026/11/23/i.jsonl", "e/26/11/23/06/i.jsonl"],
        ),
        ("m/a+b(1).csv", ["m/a+b(1).csv"], ["m/aab(1).csv"]),
    ],
)
def test_patterns_match_as_people_read_them(pattern: str, matching: list[str], other: list[str]) -> None:
    wanted = expression(pattern)

    assert all(wanted.fullmatch(name) for name in matching)
    assert not any(wanted.fullmatch(name) for name in other)


def test_with_dates_in_a_pattern_only_the_days_since_the_watermark_are_listed() -> None:
    found = prefixes("e/{yyyy}/{MM}/{dd}/{HH}/*.jsonl", NOW, NOW + timedelta(days=1))

    assert found[0] == "e/2026/11/15/", "late files of the last eight days are still found"
    assert found[-1] == "e/2026/11/25/", "clocks may differ"
    assert prefixes("e/{yyyy}/{MM}/{dd}/*.jsonl", None, NOW) == ["e/"], "the first check looks at everything"
    assert prefixes("m/records/**", NOW, NOW) == ["m/records/"]
    assert prefixes("m/*/{yyyy}/{MM}/{dd}/x", NOW, NOW) == ["m/"]


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


def test_old_files_are_not_remembered_for_ever() -> None:
    watermark = advanced(Watermark(), [a_file("old", minutes_ago=600), a_file("new")], AT_ONCE)

    assert list(watermark.seen) == [a_file("new").key]
    assert select([a_file("old", minutes_ago=600)], watermark, AT_ONCE, NOW).files == ()


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


def test_listing_leaves_out_empty_files_and_knows_append_blobs(storage: Storage, model_name: str) -> None:
    container = storage.container("incoming")
    container.upload_blob(f"{model_name}/records/empty.csv", b"")
    container.upload_blob(f"{model_name}/records/full.csv", b"a")
    container.upload_blob(f"{model_name}/records/log.jsonl", b"b", blob_type="AppendBlob")

    found = {
        file.name.rsplit("/")[-1]: file.appendable for file in list_files(storage, f"incoming/{model_name}/records/**")
    }

    assert found == {"full.csv": False, "log.jsonl": True}
