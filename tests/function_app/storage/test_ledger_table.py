"""One contract for both ledgers: everything here runs on SQLite and on Azure Table Storage (Azurite)."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from inspect import signature
from pathlib import Path
from typing import Any

import msgspec
import pytest

from driftloop.errors import LedgerError
from driftloop.ledger.drifts import Drift, DriftState, transition
from driftloop.ledger.ledger import CheckRecord, Ledger, LedgerConflictError
from driftloop.ledger.model_state import ModelState, Watermark
from driftloop.ledger.overview import Position
from function_app.storage.accounts import Storage
from function_app.storage.ledger_table import TableLedger
from tests.driftloop.drifts import found_drift
from tests.driftloop.sqlite_ledger import SqliteLedger

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "table"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    if request.param == "sqlite":
        return SqliteLedger(tmp_path / "ledger.db")
    storage: Storage = request.getfixturevalue("storage")
    return TableLedger(storage.tables)


def a_check(model: str, number: int = 0, **fields: object) -> CheckRecord:
    base = CheckRecord(
        check_id=f"chk-{model}-{number}", model=model, at=NOW + timedelta(hours=number), verdict="stable"
    )
    return msgspec.structs.replace(base, **fields)


def a_drift(model: str, epoch: int = 0) -> Drift:
    ids = {"drift_id": f"drift-{model}-{epoch}", "check_id": f"chk-{model}-0", "model": model}
    return found_drift(NOW + timedelta(minutes=epoch), epoch=epoch, as_of="2026-11-22T23:59:00Z", **ids)


def test_a_new_model_has_an_empty_state_that_remembers_since_when_it_is_watched(
    ledger: Ledger, model_name: str
) -> None:
    assert ledger.state(model_name, NOW).watched_since == NOW
    assert ledger.state(model_name, NOW + timedelta(days=1)).watched_since == NOW


def test_a_commit_stores_state_check_and_drift_as_they_were(ledger: Ledger, model_name: str) -> None:
    before = ledger.state(model_name, NOW)
    after = msgspec.structs.replace(
        before,
        epoch=4,
        evidence='{"level": 1.5}',
        watermark=Watermark(NOW, {"a1": NOW, "b2": NOW - timedelta(seconds=30)}),
        last_verdict="drift",
        last_checked_at=NOW,
        last_check_id=f"chk-{model_name}-0",
    )
    check = a_check(model_name, summary={"features": [{"name": "bmi", "p": 0.01}]}, quarantined=("records/a.csv",))
    drift = a_drift(model_name)

    committed = ledger.commit(after, check, drift)

    assert ledger.state(model_name, NOW) == committed
    assert ledger.check(check.check_id) == check
    stored = ledger.drift(model_name, drift.drift_id)
    assert stored is not None
    assert msgspec.structs.replace(stored, etag="") == drift


def test_a_stale_commit_is_refused_and_leaves_nothing_behind(ledger: Ledger, model_name: str) -> None:
    stale = ledger.state(model_name, NOW)
    ledger.commit(stale, a_check(model_name, 1))

    with pytest.raises(LedgerConflictError):
        ledger.commit(stale, a_check(model_name, 2), a_drift(model_name))

    assert ledger.check(f"chk-{model_name}-2") is None
    assert ledger.drifts(model_name) == []


def test_of_ten_that_commit_at_once_one_wins(ledger: Ledger, model_name: str) -> None:
    state = ledger.state(model_name, NOW)
    won: list[int] = []

    def commit(number: int) -> None:
        try:
            ledger.commit(state, a_check(model_name, number), a_drift(model_name))
        except LedgerConflictError:
            return
        won.append(number)

    _at_once(commit, 10)

    assert len(won) == 1
    assert [check.check_id for check in ledger.checks(model_name)] == [f"chk-{model_name}-{won[0]}"]


def test_of_ten_that_claim_a_drift_at_once_one_wins(ledger: Ledger, model_name: str) -> None:
    ledger.commit(ledger.state(model_name, NOW), a_check(model_name), a_drift(model_name))
    drift = ledger.drift(model_name, f"drift-{model_name}-0")
    assert drift is not None
    won: list[int] = []

    def claim(number: int) -> None:
        try:
            ledger.write(transition(drift, DriftState.CLAIMED, NOW, "claimed", claimed_by=str(number)))
        except LedgerConflictError:
            return
        won.append(number)

    _at_once(claim, 10)

    stored = ledger.drift(model_name, drift.drift_id)
    assert stored is not None
    assert won == [int(stored.claimed_by or -1)]


def test_a_commit_never_puts_back_a_drift_that_has_moved_on(ledger: Ledger, model_name: str) -> None:
    state = ledger.commit(ledger.state(model_name, NOW), a_check(model_name), a_drift(model_name))
    drift = ledger.drifts(model_name)[0]
    ledger.write(transition(drift, DriftState.CLAIMED, NOW, "claimed"))

    ledger.commit(state, a_check(model_name, 1), a_drift(model_name))

    assert [found.state for found in ledger.drifts(model_name)] == [DriftState.CLAIMED]


def test_closed_drifts_are_kept_but_are_not_open(ledger: Ledger, model_name: str) -> None:
    state = ledger.commit(ledger.state(model_name, NOW), a_check(model_name), a_drift(model_name, 0))
    first = ledger.drifts(model_name)[0]
    ledger.write(transition(first, DriftState.REJECTED, NOW, "the challenger was not better"))
    ledger.commit(state, a_check(model_name, 1), a_drift(model_name, 1))

    assert [drift.epoch for drift in ledger.drifts(model_name)] == [0, 1]
    assert [drift.epoch for drift in ledger.drifts(model_name, open_only=True)] == [1]


def test_checks_come_newest_first_and_only_as_many_as_asked(ledger: Ledger, model_name: str) -> None:
    state = ledger.state(model_name, NOW)
    for number in range(5):
        changed = msgspec.structs.replace(state, last_checked_at=NOW + timedelta(hours=number))
        # later than whatever other tests have stored in the same account
        at = NOW + timedelta(days=36_500, hours=number)
        state = ledger.commit(changed, a_check(model_name, number, at=at))

    assert [check.check_id[-1] for check in ledger.checks(model_name, limit=3)] == ["4", "3", "2"]
    assert f"chk-{model_name}-4" in [check.check_id for check in ledger.checks(limit=50)]


def test_what_was_never_stored_is_none(ledger: Ledger, model_name: str) -> None:
    assert ledger.check("chk-000000000000") is None
    assert ledger.drift(model_name, "drift-000000000000") is None


def test_a_watermark_of_twenty_thousand_files_fits(ledger: Ledger, model_name: str) -> None:
    seen = {f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}": NOW for number in range(20_000)}
    state = msgspec.structs.replace(ledger.state(model_name, NOW), watermark=Watermark(NOW, seen))

    ledger.commit(state)

    assert ledger.state(model_name, NOW).watermark.seen == seen


def test_a_drift_whose_writer_died_after_the_state_is_delivered_by_the_next_reader(
    storage: Storage, model_name: str
) -> None:
    class Dies(TableLedger):
        def _deliver(self, outbox: object) -> None:
            raise KeyboardInterrupt

    ledger = TableLedger(storage.tables)
    state = msgspec.structs.replace(ledger.state(model_name, NOW), drift_id=f"drift-{model_name}-0")
    with pytest.raises(KeyboardInterrupt):
        Dies(storage.tables).commit(state, a_check(model_name), a_drift(model_name))
    assert ledger.drifts(model_name) == []

    ledger.state(model_name, NOW)

    assert [drift.drift_id for drift in ledger.drifts(model_name)] == [f"drift-{model_name}-0"]
    assert ledger.check(f"chk-{model_name}-0") is not None


def test_a_drift_without_a_check_is_delivered_by_the_next_reader_too(
    storage: Storage, model_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id would stand in the state for ever without a row, and no other drift could be raised."""
    ledger = TableLedger(storage.tables)
    state = msgspec.structs.replace(ledger.state(model_name, NOW), drift_id=f"drift-{model_name}-0")

    def fails(*_: object) -> None:
        raise LedgerError("503")

    with monkeypatch.context() as patched:
        patched.setattr(TableLedger, "_deliver", fails)
        with pytest.raises(LedgerError):
            ledger.commit(state, None, a_drift(model_name))
    assert ledger.drifts(model_name) == []

    assert ledger.state(model_name, NOW).drift_id == f"drift-{model_name}-0"
    assert [drift.drift_id for drift in ledger.drifts(model_name)] == [f"drift-{model_name}-0"]


def test_a_drift_is_delivered_although_the_check_beside_it_was_stored_before(
    storage: Storage, model_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = TableLedger(storage.tables)
    state = ledger.commit(ledger.state(model_name, NOW), a_check(model_name))
    with monkeypatch.context() as patched:
        patched.setattr(TableLedger, "_deliver", lambda *_: None)
        ledger.commit(state, a_check(model_name), a_drift(model_name))

    ledger.state(model_name, NOW)

    assert len(ledger.drifts(model_name)) == 1


class Counting:
    """A table's client that counts the rows that queries hand over."""

    def __init__(self, table: object) -> None:
        self._table, self.rows = table, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._table, name)

    def query_entities(self, *given: object, **options: object) -> object:
        for entity in self._table.query_entities(*given, **options):  # type: ignore[attr-defined]
            self.rows += 1
            yield entity


def test_listing_checks_reads_no_more_rows_than_it_returns(storage: Storage, model_name: str) -> None:
    ledger = TableLedger(storage.tables)
    for half in ("a", "b"):
        state = ledger.state(f"{model_name}-{half}", NOW)
        for number in range(6):
            at = datetime.now(UTC) + timedelta(days=number)
            changed = msgspec.structs.replace(state, last_checked_at=at, last_check_id=f"{half}{number}")
            state = ledger.commit(changed, a_check(f"{model_name}-{half}", number, at=at))

    for model, limit in ((None, 5), (f"{model_name}-a", 4)):
        ledger._checks = Counting(storage.tables.get_table_client("checks"))  # type: ignore[assignment]
        found = ledger.checks(model, limit)
        assert len(found) == limit
        assert ledger._checks.rows == limit, "not one more"  # type: ignore[attr-defined]
        assert found == sorted(found, key=lambda check: check.at, reverse=True)


def test_checks_of_an_older_version_are_listed_behind_the_newer_ones(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stand under their models only."""
    for name in ("oldstates", "olddrifts", "oldchecks"):
        storage.tables.create_table_if_not_exists(name)
    ledger = TableLedger(storage.tables)
    for name in ("states", "drifts", "checks"):
        monkeypatch.setattr(ledger, f"_{name}", storage.tables.get_table_client(f"old{name}"))
    state = ledger.state("m", NOW)
    for number in range(4):
        changed = msgspec.structs.replace(state, last_check_id=f"chk-m-{number}", last_checked_at=NOW)
        state = ledger.commit(changed, a_check("m", number))
        if number < 2:
            ledger._checks.delete_entity(
                "every", f"{10**17 - int(a_check('m', number).at.timestamp() * 1e6):017}-chk-m-{number}"
            )

    assert [check.check_id for check in ledger.checks(limit=50)] == ["chk-m-3", "chk-m-2", "chk-m-1", "chk-m-0"]
    assert [check.check_id for check in ledger.checks(limit=3)] == ["chk-m-3", "chk-m-2", "chk-m-1"]
    assert ledger.checks(limit=50, verdict="incident") == [], "a filter is no reason to list what it leaves out"

    def unread(_model: str | None = None) -> list[Any]:
        raise AssertionError("a page that is full asks for no older rows")

    monkeypatch.setattr(ledger, "overviews", unread)
    assert [check.check_id for check in ledger.checks(limit=2)] == ["chk-m-3", "chk-m-2"]


def test_a_mark_of_a_waiting_check_is_no_state(storage: Storage, model_name: str) -> None:
    from function_app.storage.marks import Mark, Marks

    Marks(storage.tables).write(Mark(model_name, NOW, NOW), None)

    assert model_name not in [state.model for state in TableLedger(storage.tables).overviews()]
    assert TableLedger(storage.tables).state(model_name, NOW).watched_since == NOW


@pytest.mark.parametrize("answer", [{}, {"body0": b"rubbish"}, {"body0": 5}])
def test_an_answer_that_was_cut_is_a_refusal_that_is_tried_again(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, answer: dict[str, object]
) -> None:
    ledger = TableLedger(storage.tables)
    monkeypatch.setattr(type(ledger._states), "get_entity", lambda *_: answer)

    for read in (lambda: ledger.state("m", NOW), lambda: ledger.drift("m", "d"), lambda: ledger.check("c")):
        with pytest.raises(LedgerError):
            read()


def test_a_row_of_the_version_before_is_read(ledger: Ledger, model_name: str) -> None:
    """As the version without outbox, floor, contents and starts wrote it."""
    old = (
        b'{"model":"m","watched_since":"2026-11-23T06:00:00Z","epoch":2,"watermark":{"high":"2026-11-23T05:00:00Z",'
        b'"seen":{"0123456789abcdef":"2026-11-23T05:00:00Z"}},"announced":{"4":"sent"},"etag":""}'
    )
    state = msgspec.json.decode(old, type=ModelState)

    assert (state.outbox, state.starts, state.watermark.floor, state.watermark.contents) == ((), {}, None, {})
    stored = ledger.state(model_name, NOW)
    ledger.commit(msgspec.structs.replace(state, model=model_name, etag=stored.etag))
    assert ledger.state(model_name, NOW).epoch == 2


@pytest.mark.parametrize("table", ["states", "drifts", "checks"])
def test_a_missing_table_is_an_error_and_not_an_empty_ledger(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    ledger = TableLedger(storage.tables)
    monkeypatch.setattr(ledger, f"_{table}", storage.tables.get_table_client("nosuchtable"))
    read = {
        "states": lambda: ledger.state("m", NOW),
        "drifts": lambda: ledger.drift("m", "drift-000000000000"),
        "checks": lambda: ledger.check("chk-000000000000"),
    }[table]

    with pytest.raises(LedgerError, match=r"\(404 TableNotFound\) for .*Storage Table Data Contributor"):
        read()


def test_a_lost_write_names_the_model_or_the_drift(ledger: Ledger, model_name: str) -> None:
    with pytest.raises(LedgerConflictError, match=model_name):
        ledger.commit(ModelState(model=model_name, watched_since=NOW))
    assert ledger.overviews(model_name) == [], "a state that was never read is not made by a commit"
    with pytest.raises(LedgerConflictError, match=f"drift-{model_name}-0"):
        ledger.write(a_drift(model_name))


def test_drifts_are_listed_by_when_they_were_found_and_one_without_a_history_first(
    storage: Storage, model_name: str
) -> None:
    ledger = TableLedger(storage.tables)
    state = ledger.state(model_name, NOW)
    for epoch in (2, 0, 1):
        state = ledger.commit(state, None, a_drift(model_name, epoch))
    bare = msgspec.structs.replace(a_drift(model_name, 3), history=())
    ledger.commit(state, None, bare)
    assert [drift.epoch for drift in ledger.drifts(model_name)] == [3, 0, 1, 2]


@pytest.mark.parametrize("method", ["state", "overviews", "commit", "write", "drift", "drifts", "check", "checks"])
def test_the_table_ledger_takes_what_the_protocol_says_with_the_same_defaults(method: str) -> None:
    def taken(store: type) -> dict[str, object]:
        return {name: given.default for name, given in signature(getattr(store, method)).parameters.items()}

    assert taken(TableLedger) == taken(Ledger)


def _at_once(work: Callable[[int], None], count: int) -> None:
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_list_of_models_tells_what_their_states_say(ledger: Ledger, model_name: str) -> None:
    state = ledger.state(model_name, NOW)
    state = msgspec.structs.replace(
        state,
        epoch=3,
        evidence='{"p": 0.25, "checks": 4}',
        baseline_version="7",
        drift_id="drift-1",
        last_verdict="stable",
        last_checked_at=NOW,
        last_error="blob storage refused " + "x" * 2_000,
    )
    ledger.commit(state)

    found = next(each for each in ledger.overviews() if each.model == model_name)

    assert (found.epoch, found.version, found.verdict, found.drift_id) == (3, "7", "stable", "drift-1")
    assert (found.checked_at, found.p) == (NOW, 0.25)
    assert (found.error or "").startswith("blob storage refused xxx")


def test_a_model_that_was_never_checked_is_listed(ledger: Ledger, model_name: str) -> None:
    ledger.state(model_name, NOW)

    (found,) = ledger.overviews(model_name)

    assert ledger.overviews("no-" + model_name) == []
    assert (found.verdict, found.checked_at, found.p, found.error) == (None, None, None, None)
    assert found.watched_since == NOW


def test_checks_are_read_page_by_page_and_by_verdict(ledger: Ledger, model_name: str) -> None:
    state = ledger.state(model_name, NOW)
    for number in range(7):
        verdict = "incident" if number % 3 == 0 else "stable"
        state = ledger.commit(state, a_check(model_name, number, verdict=verdict))

    pages, position = [], None
    while page := ledger.checks(model_name, 3, before=position):
        pages.append([check.check_id[-1] for check in page])
        position = Position(page[-1].at, page[-1].check_id)
    broken = ledger.checks(model_name, 2, verdict="incident")
    older = ledger.checks(model_name, 2, verdict="incident", before=Position(broken[-1].at, broken[-1].check_id))

    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    assert [check.check_id[-1] for check in (*broken, *older)] == ["6", "3", "0"]


def test_failed_drifts_are_listed_with_the_open_ones_where_they_are_asked_for(ledger: Ledger, model_name: str) -> None:
    state = ledger.state(model_name, NOW)
    ends = (None, DriftState.FAILED, DriftState.REJECTED)
    for epoch, end in enumerate(ends):
        state = ledger.commit(state, drift=a_drift(model_name, epoch))
        drift = ledger.drifts(model_name)[-1]
        if end is not None:
            ledger.write(transition(drift, end, NOW, "ended"))

    assert [drift.epoch for drift in ledger.drifts(model_name, or_failed=True)] == [0, 1]
    assert [drift.epoch for drift in ledger.drifts(model_name, open_only=True)] == [0]
    assert [drift.epoch for drift in ledger.drifts(model_name)] == [0, 1, 2]
