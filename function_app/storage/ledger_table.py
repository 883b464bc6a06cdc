"""The ledger in Azure Table Storage.

A table transaction reaches one partition of one table, but a check, its drift and its model's state live in three
tables. So the state's row carries the newest check and drift along until they are delivered. One conditional write
stores all three, and whoever reads the state next copies what has not been copied yet. Copies are made only where none
exists, so it does not matter how often, or by whom.

The tables are `states` (partition: model, row `state`) and `drifts` (partition: model, row: drift id). In `checks` each
check stands three times: in partition `id` of the check, and newest first in partitions `model:<name>` and `every`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from driftloop.errors import LedgerError
from driftloop.ledger.drifts import Drift
from driftloop.ledger.ledger import CheckRecord, LedgerConflictError, VerdictName
from driftloop.ledger.model_state import ModelState
from driftloop.ledger.overview import Overview, Position, overview_of
from function_app.storage.packed_rows import packed, unpacked

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity, TableServiceClient

STATE, EVERY = "state", "every"  # the row of a model's state; the partition of all checks, newest first
_SHORT = ["PartitionKey", "epoch", "verdict", "checked_at", "watched_since", "drift_id", "version", "error", "p"]
_LONGEST_ERROR = 1_000  # characters of an error in a column: a list of models shows its beginning
_FIRST_NAME = "0"  # no model's name sorts before; partitions that do are not models' (`function_app.common_cause`)
_LAST_TICK = 10**17  # microseconds; what is counted down from, so that newer rows sort first


class StateRow(msgspec.Struct, frozen=True):
    """What the row of a model's state holds: with the newest check and drift, until they are delivered."""

    state: ModelState
    check: CheckRecord | None = None
    drift: Drift | None = None


class TableLedger:
    """A `driftloop.ledger.ledger.Ledger` in the tables `states`, `drifts` and `checks` of one storage account.

    The tables must exist.
    """

    def __init__(self, service: "TableServiceClient") -> None:
        self._states = service.get_table_client("states")
        self._drifts = service.get_table_client("drifts")
        self._checks = service.get_table_client("checks")

    def state(self, model: str, now: datetime) -> ModelState:
        with ledger_errors(model):
            try:
                row = _state_row(self._states.get_entity(model, STATE))
            except ResourceNotFoundError as error:
                if error.error_code == "TableNotFound":  # type: ignore[attr-defined]
                    raise
                fresh = ModelState(model=model, watched_since=now)
                entity = {"PartitionKey": model, "RowKey": STATE, **_state_properties(StateRow(fresh))}
                if (etag := create(self._states, entity)) is not None:
                    return msgspec.structs.replace(fresh, etag=etag)
                row = _state_row(self._states.get_entity(model, STATE))
            if not self._delivered(row):
                self._deliver(row)
        return row.state

    def overviews(self, model: str | None = None) -> list[Overview]:
        condition = "RowKey eq @row" + (" and PartitionKey eq @model" if model else "")
        named = {"row": STATE, **({"model": model} if model else {})}
        with ledger_errors("states"):
            rows = self._states.query_entities(condition, parameters=named, select=_SHORT)
            found = [self._told(_overview(row)) for row in rows]
        return sorted(found, key=lambda overview: overview.model)

    def _told(self, short: Overview) -> Overview:
        """The same; of a row whose columns do not say when it was looked at, as older versions left them, its body."""
        if short.checked_at is None and short.watched_since is None:
            return overview_of(_state_row(self._states.get_entity(short.model, STATE)).state)
        return short

    def commit(self, state: ModelState, check: CheckRecord | None = None, drift: Drift | None = None) -> ModelState:
        row = StateRow(state, check, drift)
        with ledger_errors(state.model):
            etag = replace(self._states, state.model, STATE, _state_properties(row), state.etag)
            self._deliver(row)
        return msgspec.structs.replace(state, etag=etag)

    def _delivered(self, row: StateRow) -> bool:
        """The rows that the state's row carries are in their own tables."""
        drift, check = row.drift, row.check
        if drift is not None and self.drift(drift.model, drift.drift_id) is None:
            return False
        return check is None or self.check(check.check_id) is not None

    def _deliver(self, row: StateRow) -> None:
        # The check's own row comes last: where it exists, everything before it does.
        if row.drift is not None:
            drift = row.drift
            create(self._drifts, {"PartitionKey": drift.model, "RowKey": drift.drift_id, **_drift_properties(drift)})
        if row.check is not None:
            check = row.check
            properties = {**packed(check), "model": check.model, "at": check.at, "verdict": check.verdict}
            for partition in (f"model:{check.model}", EVERY):
                create(
                    self._checks,
                    {"PartitionKey": partition, "RowKey": newest_first(check.at, check.check_id), **properties},
                )
            create(self._checks, {"PartitionKey": check.check_id, "RowKey": "check", **properties})

    def write(self, drift: Drift) -> Drift:
        with ledger_errors(drift.drift_id):
            etag = replace(self._drifts, drift.model, drift.drift_id, _drift_properties(drift), drift.etag)
        return msgspec.structs.replace(drift, etag=etag)

    def drift(self, model: str, drift_id: str) -> Drift | None:
        with ledger_errors(drift_id):
            try:
                return _drift(self._drifts.get_entity(model, drift_id))
            except ResourceNotFoundError as error:
                if error.error_code == "TableNotFound":  # type: ignore[attr-defined]
                    raise
                return None

    def drifts(self, model: str | None = None, *, open_only: bool = False, or_failed: bool = False) -> list[Drift]:
        wanted = "(open eq true or state eq 'failed')" if or_failed else "open eq true" if open_only else None
        conditions = ["PartitionKey eq @model" if model else f"PartitionKey ge '{_FIRST_NAME}'"]
        conditions += [wanted] if wanted else []
        with ledger_errors("drifts"):
            found = [_drift(entity) for entity in _query(self._drifts, " and ".join(conditions), model=model)]
        return sorted(
            found,
            key=lambda drift: (
                drift.history[0].at if drift.history else datetime.min.replace(tzinfo=UTC),
                drift.drift_id,
            ),
        )

    def check(self, check_id: str) -> CheckRecord | None:
        with ledger_errors(check_id):
            try:
                return unpacked(self._checks.get_entity(check_id, "check"), CheckRecord)
            except ResourceNotFoundError as error:
                if error.error_code == "TableNotFound":  # type: ignore[attr-defined]
                    raise
                return None

    def checks(
        self,
        model: str | None = None,
        limit: int = 50,
        *,
        before: Position | None = None,
        verdict: VerdictName | None = None,
    ) -> list[CheckRecord]:
        with ledger_errors("checks"):
            if model is not None:
                return self._newest(f"model:{model}", limit, before, verdict)
            found = self._newest(EVERY, limit, before, verdict)
            if (
                len(found) < limit and verdict is None
            ):  # with a filter, rows of old versions show on their models' pages
                last = Position(found[-1].at, found[-1].check_id) if found else before
                found += self._older(last, limit - len(found))
        return found

    def _newest(
        self, partition: str, limit: int, before: Position | None = None, verdict: VerdictName | None = None
    ) -> list[CheckRecord]:
        """The first rows of a partition, or those behind a position; no row is read beyond them."""
        values = {"after": None if before is None else newest_first(before.at, before.check_id), "verdict": verdict}
        conditions = ["PartitionKey eq @partition", *(["RowKey gt @after"] if before else [])]
        conditions += ["verdict eq @verdict"] if verdict else []
        rows = _query(self._checks, " and ".join(conditions), results_per_page=limit, partition=partition, **values)
        return [unpacked(entity, CheckRecord) for entity in islice(rows, limit)]

    def _older(self, than: Position | None, limit: int) -> list[CheckRecord]:
        """Checks of versions that had no partition for those of every model: they stand under their models only."""
        states = sorted(
            (state for state in self.overviews() if state.checked_at),
            key=lambda state: str(state.checked_at),
            reverse=True,
        )
        found = [check for state in states[:limit] for check in self._newest(f"model:{state.model}", limit, than)]
        return sorted(found, key=lambda check: check.at, reverse=True)[:limit]


@contextmanager
def ledger_errors(what: str) -> Iterator[None]:
    """What table storage raises in here is raised as LedgerError; `what` names what was asked for."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        # An answer that was cut off in transit, or is not of table storage.
        raise LedgerError(f"table storage gave no readable answer for {what} ({type(error).__name__})") from error
    except AzureError as error:
        status = f"{error.status_code} " if isinstance(error, HttpResponseError) else ""
        code = getattr(error, "error_code", None) or type(error).__name__
        code = getattr(code, "value", code)
        raise LedgerError(
            f"table storage refused or did not answer ({status}{code}) for {what}: check the account, its firewall "
            "and the role Storage Table Data Contributor"
        ) from error


def newest_first(at: datetime, name: str) -> str:
    """A row's key by which later rows sort first; `name` tells those of one microsecond apart."""
    return f"{_LAST_TICK - int(at.timestamp() * 1_000_000):017}-{name}"


def create(table: "TableClient", entity: dict[str, Any]) -> str | None:
    """The new row's ETag; None where it exists already, and is left as it is."""
    try:
        return str(table.create_entity(entity)["etag"])
    except ResourceExistsError:
        return None


def replace(table: "TableClient", partition: str, row: str, properties: dict[str, Any], etag: str) -> str:
    """The row's new ETag. Raises LedgerConflictError where it was written since `etag` was read."""
    try:
        answer = table.update_entity(
            {"PartitionKey": partition, "RowKey": row, **properties},
            mode=UpdateMode.REPLACE,
            etag=etag or 'W/"none"',
            match_condition=MatchConditions.IfNotModified,
        )
    except HttpResponseError as error:
        if error.status_code in (404, 412):
            what = partition if row == STATE else row
            raise LedgerConflictError(f"{what}: it was written by another process: read it again") from error
        raise
    return str(answer["etag"])


def _query(
    table: "TableClient", condition: str, results_per_page: int | None = None, **parameters: Any
) -> "Iterable[TableEntity]":
    named = {name: value for name, value in parameters.items() if value is not None}
    return table.query_entities(condition, parameters=named, results_per_page=results_per_page)


def _state_properties(row: StateRow) -> dict[str, Any]:
    # Columns beside the body are for people who look into the table, and for `overviews`, which reads nothing else.
    short = overview_of(row.state)
    columns = {
        "epoch": short.epoch,
        "verdict": short.verdict,
        "checked_at": short.checked_at,
        # It counts for models without a check alone, and the SDK takes 40 µs to read a time.
        "watched_since": short.watched_since if short.checked_at is None else None,
        "drift_id": short.drift_id,
        "version": short.version,
        "error": None if short.error is None else short.error[:_LONGEST_ERROR],
        "p": short.p,
    }
    return {**{name: value for name, value in columns.items() if value is not None}, **packed(row)}


def _overview(entity: "TableEntity") -> Overview:
    values = {name: entity[name] for name in _SHORT[1:] if entity.get(name) is not None}
    # The SDK's own kind of datetime is refused; its text is not.
    texts = {name: value.isoformat() for name, value in values.items() if isinstance(value, datetime)}
    try:
        return msgspec.convert({"model": entity["PartitionKey"], **values, **texts}, Overview)
    except msgspec.ValidationError as error:
        raise LedgerError(
            f"ledger row {entity['PartitionKey']}/{STATE} cannot be read ({error}): it was changed by hand, or by a "
            "newer version of Driftloop"
        ) from error


def _drift_properties(drift: Drift) -> dict[str, Any]:
    return {"state": str(drift.state), "open": not drift.state.closed, "check_id": drift.check_id, **packed(drift)}


def _state_row(entity: "TableEntity") -> StateRow:
    row = unpacked(entity, StateRow)
    return msgspec.structs.replace(row, state=msgspec.structs.replace(row.state, etag=str(entity.metadata["etag"])))


def _drift(entity: "TableEntity") -> Drift:
    return msgspec.structs.replace(unpacked(entity, Drift), etag=str(entity.metadata["etag"]))
