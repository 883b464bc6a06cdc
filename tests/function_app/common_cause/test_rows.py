"""The rows of common causes on Azurite: windows of time, one opener, and turns that nobody shares."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from driftloop.common_cause.causes import open_cause
from driftloop.common_cause.rule import Found
from driftloop.ledger.ledger import LedgerConflictError
from function_app.common_cause.rows import CauseRows
from function_app.storage.accounts import Storage
from function_app.storage.ledger_table import TableLedger

AT = datetime(2026, 11, 27, 6, 0, tzinfo=UTC)


def found(number: int, hours: float = 0.0) -> Found:
    return Found(f"m{number}", f"drift-{number:012x}", AT + timedelta(hours=hours), ("bmi", "größe"))


def test_a_look_reads_its_window_with_both_ends_and_nothing_else(rows: CauseRows) -> None:
    for number, hours in enumerate((-25, -24, -1, 0, 24, 25)):
        rows.note(found(number, hours))

    read = rows.found_between(AT - timedelta(hours=24), AT + timedelta(hours=24))

    assert read == [found(4, 24), found(3), found(2, -1), found(1, -24)]


def test_a_drift_is_remembered_once(rows: CauseRows) -> None:
    first = found(1)
    assert not rows.knows(first.at, first.drift_id)
    rows.note(first)
    rows.note(msgspec.structs.replace(first, columns=()))

    assert rows.knows(first.at, first.drift_id)
    assert rows.found_between(AT, AT) == [first]


def test_of_two_that_open_a_cause_one_does(rows: CauseRows) -> None:
    mine = open_cause([found(1)], 1, AT, watched=60, expected=0.8, bound=1)
    rows.open(mine)

    with pytest.raises(LedgerConflictError, match="another process opened it first"):
        rows.open(open_cause([found(2)], 1, AT, watched=60, expected=0.8, bound=1))
    (read,) = rows.causes()
    assert msgspec.structs.replace(read, etag="") == mine


def test_a_cause_that_was_written_meanwhile_is_not_overwritten(rows: CauseRows) -> None:
    rows.open(open_cause([found(1)], 1, AT, watched=60, expected=0.8, bound=1))
    (read,) = rows.causes()
    rows.write(msgspec.structs.replace(read, told=7))

    with pytest.raises(LedgerConflictError):
        rows.write(msgspec.structs.replace(read, told=8))
    assert rows.causes()[0].told == 7


def test_causes_come_newest_first(rows: CauseRows) -> None:
    for number in range(1, 12):
        rows.open(open_cause([found(number)], number, AT, watched=60, expected=0.8, bound=1))

    assert [cause.number for cause in rows.causes()] == list(range(11, 0, -1))


def test_each_drift_takes_one_turn_and_no_two_the_same(rows: CauseRows) -> None:
    pause = timedelta(minutes=3)
    names = [f"drift-{number}" for number in range(6)]
    with ThreadPoolExecutor(3) as pool:
        turns = list(pool.map(lambda name: rows.turn(name, AT, pause), names))

    assert sorted(turns) == [AT + number * pause for number in range(6)]
    assert [rows.turn(name, AT + timedelta(days=1), pause) for name in names] == turns, "asked again it is the same"
    assert rows.turn("drift-late", AT + timedelta(days=1), pause) == AT + timedelta(days=1), "no turn is in the past"


def test_the_ledger_does_not_take_these_rows_for_drifts(rows: CauseRows, fresh: Storage) -> None:
    rows.note(found(1))
    rows.open(open_cause([found(1)], 1, AT, watched=60, expected=0.8, bound=1))
    rows.turn("drift-1", AT, timedelta(minutes=3))
    ledger = TableLedger(fresh.tables)

    assert ledger.drifts() == ledger.drifts(open_only=True) == ledger.drifts(open_only=True, or_failed=True) == []
