"""The ledger in one SQLite file: for the laptop, replays and tests. Many processes may share the file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from driftloop.errors import LedgerError
from driftloop.ledger.drifts import Drift, DriftState
from driftloop.ledger.ledger import CheckRecord, LedgerConflictError
from driftloop.ledger.model_state import ModelState
from driftloop.ledger.overview import Overview, Position, overview_of

_TABLES = """
CREATE TABLE IF NOT EXISTS states (
    model TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS drifts (
    drift_id TEXT PRIMARY KEY, model TEXT NOT NULL, open INTEGER NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS checks (
    check_id TEXT PRIMARY KEY, model TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS checks_by_time ON checks (at);
"""
_Row = TypeVar("_Row", Drift, ModelState)


class SqliteLedger:
    """A `driftloop.ledger.ledger.Ledger` in the file `path`.

    Each write waits for the disk, so that what was sent is known after a power cut; `durable=False` spares simulations
    the wait.
    """

    def __init__(self, path: Path | str, *, durable: bool = True) -> None:
        self._path = str(path)
        self._synchronous = "FULL" if durable else "OFF"
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_TABLES)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # A connection each time: SQLite's connections must not cross threads or forks, and opening one takes a tenth
        # of a millisecond.
        try:
            with closing(sqlite3.connect(self._path, timeout=30.0, isolation_level=None)) as connection:
                connection.execute(f"PRAGMA synchronous={self._synchronous}")
                yield connection
        except sqlite3.Error as error:
            raise LedgerError(f"{self._path}: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def state(self, model: str, now: datetime) -> ModelState:
        with self._connection() as connection:
            fresh = _body(ModelState(model=model, watched_since=now))
            connection.execute("INSERT INTO states VALUES (?, 1, ?) ON CONFLICT DO NOTHING", (model, fresh))
            row = connection.execute("SELECT body, version FROM states WHERE model = ?", (model,)).fetchone()
        return _row(row, ModelState)

    def states(self) -> list[ModelState]:
        with self._connection() as connection:
            return [
                _row(row, ModelState) for row in connection.execute("SELECT body, version FROM states ORDER BY model")
            ]

    def overviews(self, model: str | None = None) -> list[Overview]:
        return [overview_of(state) for state in self.states() if model in (None, state.model)]

    def commit(self, state: ModelState, check: CheckRecord | None = None, drift: Drift | None = None) -> ModelState:
        version = _version(state.etag)
        with self._transaction() as connection:
            statement = "UPDATE states SET body = ?, version = version + 1 WHERE model = ? AND version = ?"
            if connection.execute(statement, (_body(state), state.model, version)).rowcount == 0:
                raise LedgerConflictError(f"{state.model}: its state was written by another check: read it again")
            if drift is not None:
                row = (drift.drift_id, drift.model, not drift.state.closed, _body(drift))
                connection.execute("INSERT INTO drifts VALUES (?, ?, ?, 1, ?) ON CONFLICT DO NOTHING", row)
            if check is not None:
                at = _at(check.at)
                connection.execute(
                    "INSERT OR IGNORE INTO checks VALUES (?, ?, ?, ?)", (check.check_id, check.model, at, _body(check))
                )
        return msgspec.structs.replace(state, etag=str(version + 1))

    def write(self, drift: Drift) -> Drift:
        version = _version(drift.etag)
        with self._transaction() as connection:
            statement = "UPDATE drifts SET body = ?, open = ?, version = version + 1 WHERE drift_id = ? AND version = ?"
            if (
                connection.execute(statement, (_body(drift), not drift.state.closed, drift.drift_id, version)).rowcount
                == 0
            ):
                raise LedgerConflictError(f"{drift.drift_id}: it was written by another process: read it again")
        return msgspec.structs.replace(drift, etag=str(version + 1))

    def drift(self, model: str, drift_id: str) -> Drift | None:
        with self._connection() as connection:
            row = connection.execute(
                "SELECT body, version FROM drifts WHERE drift_id = ? AND model = ?", (drift_id, model)
            ).fetchone()
        return None if row is None else _row(row, Drift)

    def drifts(self, model: str | None = None, *, open_only: bool = False, or_failed: bool = False) -> list[Drift]:
        statement = "SELECT body, version FROM drifts WHERE ? IS NULL OR model = ? ORDER BY rowid"
        with self._connection() as connection:
            found = [_row(row, Drift) for row in connection.execute(statement, (model, model))]
        wanted = {DriftState.FAILED} if or_failed else set()
        return [
            drift for drift in found if not (open_only or or_failed) or not drift.state.closed or drift.state in wanted
        ]

    def check(self, check_id: str) -> CheckRecord | None:
        with self._connection() as connection:
            row = connection.execute("SELECT body FROM checks WHERE check_id = ?", (check_id,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=CheckRecord)

    def checks(
        self,
        model: str | None = None,
        limit: int = 50,
        *,
        before: Position | None = None,
        verdict: str | None = None,
    ) -> list[CheckRecord]:
        at, check_id = ("9999", "") if before is None else (_at(before.at), before.check_id)
        statement = (
            "SELECT body FROM checks WHERE (? IS NULL OR model = ?) AND (at < ? OR (at = ? AND check_id > ?)) AND "
            "(? IS NULL OR json_extract(body, '$.verdict') = ?) ORDER BY at DESC, check_id LIMIT ?"
        )
        values = (model, model, at, at, check_id, verdict, verdict, limit)
        with self._connection() as connection:
            return [msgspec.json.decode(row[0], type=CheckRecord) for row in connection.execute(statement, values)]


def _at(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _body(value: Drift | ModelState | CheckRecord) -> str:
    return msgspec.json.encode(value).decode()


def _row(row: tuple[str, int], kind: type[_Row]) -> _Row:
    return msgspec.structs.replace(msgspec.json.decode(row[0], type=kind), etag=str(row[1]))


def _version(etag: str) -> int:
    return int(etag) if etag.isdecimal() else 0
