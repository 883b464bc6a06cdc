"""The ledger in Azure Table Storage.

A table transaction reaches one partition of one table, but a check, its drift and its model's state live in three
tables. So the state's row carries the newest check and drift along (an outbox): one conditional write stores all
three, and whoever reads the state next copies what has not been copied yet. Copies are made only where none exists,
so it does not matter how often, or by whom.

Tables: `states` (partition: model), `drifts` (partition: model, row: drift id), `checks` (twice: partition `id` of
the check; partition `model:<name>`, newest first).
"""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from driftloop.errors import LedgerError
from driftloop.ledger import CheckRecord, Drift, LedgerConflictError, ModelState

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity, TableServiceClient

_CHUNK = 60_000  # a binary property holds 64 KiB
_MOST_CHUNKS = 15  # an entity holds 1 MiB
_Kind = TypeVar("_Kind")
_LAST_TICK = 10**17  # microseconds; what is counted down from, so that newer rows sort first


class _Outbox(msgspec.Struct, frozen=True):
    state: ModelState
    check: CheckRecord | None = None
    drift: Drift | None = None


class TableLedger:
    """A `driftloop.ledger.Ledger` in the tables `states`, `drifts` and `checks` of one storage account; they must
    exist.
    """

    def __init__(self, service: "TableServiceClient") -> None:
        self._states = service.get_table_client("states")
        self._drifts = service.get_table_client("drifts")
        self._checks = service.get_table_client("checks")

    def state(self, model: str, now: datetime) -> ModelState:
        with _ledger_errors(model):
            try:
                entity = self._states.get_entity(model, "state")
            except ResourceNotFoundError as error:
                if error.error_code == "TableNotFound":  # type: ignore[attr-defined]
                    raise
                fresh = ModelState(model=model, watched_since=now)
                row = {"PartitionKey": model, "RowKey": "state", **_state_properties(_Outbox(fresh))}
                if (etag := _create(self._states, row)) is not None:
                    return msgspec.structs.replace(fresh, etag=etag)
                entity = self._states.get_entity(model, "state")
            outbox = _outbox(entity)
            if outbox.check is not None and self.check(outbox.check.check_id) is None:
                self._deliver(outbox)
        return outbox.state

    def states(self) -> list[ModelState]:
        with _ledger_errors("states"):
            return sorted(
                (_outbox(entity).state for entity in self._states.list_entities()), key=lambda state: state.model
            )

    def commit(self, state: ModelState, check: CheckRecord | None = None, drift: Drift | None = None) -> ModelState:
        outbox = _Outbox(state, check, drift)
        with _ledger_errors(state.model):
            etag = _replace(self._states, state.model, "state", _state_properties(outbox), state.etag)
            self._deliver(outbox)
        return msgspec.structs.replace(state, etag=etag)

    def _deliver(self, outbox: _Outbox) -> None:
        # The check's own row comes last: where it exists, everything before it does.
        if outbox.drift is not None:
            drift = outbox.drift
            _create(self._drifts, {"PartitionKey": drift.model, "RowKey": drift.drift_id, **_drift_properties(drift)})
        if outbox.check is not None:
            check = outbox.check
            ticks = _LAST_TICK - int(check.at.timestamp() * 1_000_000)
            row = {**_body(check), "model": check.model, "at": check.at, "verdict": check.verdict}
            _create(
                self._checks, {"PartitionKey": f"model:{check.model}", "RowKey": f"{ticks:017}-{check.check_id}", **row}
            )
            _create(self._checks, {"PartitionKey": check.check_id, "RowKey": "check", **row})

    def write(self, drift: Drift) -> Drift:
        with _ledger_errors(drift.drift_id):
            etag = _replace(self._drifts, drift.model, drift.drift_id, _drift_properties(drift), drift.etag)
        return msgspec.structs.replace(drift, etag=etag)

    def drift(self, model: str, drift_id: str) -> Drift | None:
        with _ledger_errors(drift_id):
            try:
                return _drift(self._drifts.get_entity(model, drift_id))
            except ResourceNotFoundError as error:
                if error.error_code == "TableNotFound":  # type: ignore[attr-defined]
                    raise
                return None

    def drifts(self, model: str | None = None, *, open_only: bool = False) -> list[Drift]:
        conditions = [*(["PartitionKey eq @model"] if model else []), *(["open eq true"] if open_only else [])]
        with _ledger_errors("drifts"):
            found = [_drift(entity) for entity in _query(self._drifts, " and ".join(conditions), model=model)]
        return sorted(
            found,
            key=lambda drift: (
                drift.history[0].at if drift.history else datetime.min.replace(tzinfo=UTC),
                drift.drift_id,
            ),
        )

    def check(self, check_id: str) -> CheckRecord | None:
        with _ledger_errors(check_id):
            try:
                return _decoded(self._checks.get_entity(check_id, "check"), CheckRecord)
            except ResourceNotFoundError as error:
                if error.error_code == "TableNotFound":  # type: ignore[attr-defined]
                    raise
                return None

    def checks(self, model: str | None = None, limit: int = 50) -> list[CheckRecord]:
        if model is None:
            # The newest checks overall are among the newest of the models that were checked last.
            states = sorted(
                (state for state in self.states() if state.last_checked_at),
                key=lambda state: str(state.last_checked_at),
                reverse=True,
            )
            found = [check for state in states[:limit] for check in self.checks(state.model, limit)]
            return sorted(found, key=lambda check: check.at, reverse=True)[:limit]
        with _ledger_errors("checks"):
            rows: Iterator[Any] = iter(
                _query(self._checks, "PartitionKey eq @partition", partition=f"model:{model}", results_per_page=limit)
            )
            return [_decoded(row, CheckRecord) for row, _ in zip(rows, range(limit), strict=False)]


@contextmanager
def _ledger_errors(what: str) -> Iterator[None]:
    try:
        yield
    except AzureError as error:
        status = f"{error.status_code} " if isinstance(error, HttpResponseError) else ""
        code = getattr(error, "error_code", None) or type(error).__name__
        code = getattr(code, "value", code)
        raise LedgerError(
            f"table storage refused or did not answer ({status}{code}) for {what}: check the account, its firewall "
            "and the role Storage Table Data Contributor"
        ) from error


def _create(table: "TableClient", entity: dict[str, Any]) -> str | None:
    """The new row's ETag; None where it exists already, and is left as it is."""
    try:
        return str(table.create_entity(entity)["etag"])
    except ResourceExistsError:
        return None


def _replace(table: "TableClient", partition: str, row: str, properties: dict[str, Any], etag: str) -> str:
    try:
        answer = table.update_entity(
            {"PartitionKey": partition, "RowKey": row, **properties},
            mode=UpdateMode.REPLACE,
            etag=etag or 'W/"none"',
            match_condition=MatchConditions.IfNotModified,
        )
    except HttpResponseError as error:
        if error.status_code in (404, 412):
            what = partition if row == "state" else row
            raise LedgerConflictError(f"{what}: it was written by another process: read it again") from error
        raise
    return str(answer["etag"])


def _query(
    table: "TableClient", condition: str, results_per_page: int | None = None, **parameters: Any
) -> "Iterable[TableEntity]":
    if not condition:
        return table.list_entities()
    named = {name: value for name, value in parameters.items() if value is not None}
    return table.query_entities(condition, parameters=named, results_per_page=results_per_page)


def _body(value: msgspec.Struct) -> dict[str, Any]:
    packed = zlib.compress(msgspec.json.encode(value), level=1)
    chunks = [packed[start : start + _CHUNK] for start in range(0, len(packed), _CHUNK)]
    if len(chunks) > _MOST_CHUNKS:
        raise LedgerError(
            f"a ledger row of {len(packed)} bytes does not fit into a table row: more files land at once than one "
            "check can remember; use fewer, larger files"
        )
    return {f"body{number}": chunk for number, chunk in enumerate(chunks)}


def _decoded(entity: "TableEntity", kind: type[_Kind]) -> _Kind:
    chunks: list[bytes] = []
    while (chunk := entity.get(f"body{len(chunks)}")) is not None:
        chunks.append(chunk)
    try:
        return msgspec.json.decode(zlib.decompress(b"".join(chunks)), type=kind)
    except (zlib.error, msgspec.DecodeError, TypeError) as error:
        where = f"{entity.get('PartitionKey')}/{entity.get('RowKey')}"
        raise LedgerError(
            f"ledger row {where} cannot be read ({error}): it was changed by hand, or by a newer version of Driftloop"
        ) from error


def _state_properties(outbox: _Outbox) -> dict[str, Any]:
    # Columns beside the body are for people who look into the table; nothing reads them back.
    state = outbox.state
    columns = {
        "epoch": state.epoch,
        "verdict": state.last_verdict,
        "checked_at": state.last_checked_at,
        "drift_id": state.drift_id,
    }
    return {**{name: value for name, value in columns.items() if value is not None}, **_body(outbox)}


def _drift_properties(drift: Drift) -> dict[str, Any]:
    return {"state": str(drift.state), "open": not drift.state.closed, "check_id": drift.check_id, **_body(drift)}


def _outbox(entity: "TableEntity") -> _Outbox:
    outbox = _decoded(entity, _Outbox)
    return msgspec.structs.replace(
        outbox, state=msgspec.structs.replace(outbox.state, etag=str(entity.metadata["etag"]))
    )


def _drift(entity: "TableEntity") -> Drift:
    return msgspec.structs.replace(_decoded(entity, Drift), etag=str(entity.metadata["etag"]))
