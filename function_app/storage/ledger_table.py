"""The ledger in Azure Table Storage.

A table transaction reaches one partition of one table, but a check, its drift and its model's state live in three
tables. So the state's row carries the newest check and drift along until they are delivered. One conditional write
stores all three, and whoever reads the state next copies what has not been copied yet. Copies are made only where none
exists, so it does not matter how often, or by whom.

The tables are `states` (partition: model, row `state`) and `drifts` (partition: model, row: drift id). In `checks` each
check stands three times: in partition `id` of the check, and newest first in partitions `model:<name>` and `every`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
from azure.core.exceptions import ResourceNotFoundError

from driftloop.ledger.drifts import Drift
from driftloop.ledger.ledger import CheckRecord, VerdictName
from driftloop.ledger.model_state import ModelState
from driftloop.ledger.overview import Overview, Position, overview_of
from function_app.storage.error_codes import code_of
from function_app.storage.ledger_rows import (
    SHORT,
    STATE,
    StateRow,
    check_properties,
    drift_properties,
    short_overview,
    state_properties,
    state_row,
    stored_drift,
)
from function_app.storage.packed_rows import unpacked
from function_app.storage.row_writes import create, ledger_errors, newest_first, replace

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity, TableServiceClient

EVERY = "every"  # the partition of all checks, newest first
_FIRST_NAME = "0"  # no model's name sorts before; partitions that do are not models' (`function_app.common_cause`)


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
                row = state_row(self._states.get_entity(model, STATE))
            except ResourceNotFoundError as error:
                if code_of(error) == "TableNotFound":
                    raise
                fresh = ModelState(model=model, watched_since=now)
                entity = {"PartitionKey": model, "RowKey": STATE, **state_properties(StateRow(fresh))}
                if (etag := create(self._states, entity)) is not None:
                    return msgspec.structs.replace(fresh, etag=etag)
                row = state_row(self._states.get_entity(model, STATE))
            if not self._delivered(row):
                self._deliver(row)
        return row.state

    def overviews(self, model: str | None = None) -> list[Overview]:
        condition = "RowKey eq @row" + (" and PartitionKey eq @model" if model else "")
        named = {"row": STATE, **({"model": model} if model else {})}
        with ledger_errors("states"):
            rows = self._states.query_entities(condition, parameters=named, select=SHORT)
            found = [self._told(short_overview(row)) for row in rows]
        return sorted(found, key=lambda overview: overview.model)

    def _told(self, short: Overview) -> Overview:
        """The same; of a row whose columns do not say when it was looked at, as older versions left them, its body."""
        if short.checked_at is None and short.watched_since is None:
            return overview_of(state_row(self._states.get_entity(short.model, STATE)).state)
        return short

    def commit(self, state: ModelState, check: CheckRecord | None = None, drift: Drift | None = None) -> ModelState:
        row = StateRow(state, check, drift)
        with ledger_errors(state.model):
            etag = replace(self._states, state.model, STATE, state_properties(row), state.etag)
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
            create(self._drifts, {"PartitionKey": drift.model, "RowKey": drift.drift_id, **drift_properties(drift)})
        if row.check is not None:
            check = row.check
            properties = check_properties(check)
            for partition in (f"model:{check.model}", EVERY):
                create(
                    self._checks,
                    {"PartitionKey": partition, "RowKey": newest_first(check.at, check.check_id), **properties},
                )
            create(self._checks, {"PartitionKey": check.check_id, "RowKey": "check", **properties})

    def write(self, drift: Drift) -> Drift:
        with ledger_errors(drift.drift_id):
            etag = replace(self._drifts, drift.model, drift.drift_id, drift_properties(drift), drift.etag)
        return msgspec.structs.replace(drift, etag=etag)

    def drift(self, model: str, drift_id: str) -> Drift | None:
        with ledger_errors(drift_id):
            try:
                return stored_drift(self._drifts.get_entity(model, drift_id))
            except ResourceNotFoundError as error:
                if code_of(error) == "TableNotFound":
                    raise
                return None

    def drifts(self, model: str | None = None, *, open_only: bool = False, or_failed: bool = False) -> list[Drift]:
        wanted = "(open eq true or state eq 'failed')" if or_failed else "open eq true" if open_only else None
        conditions = ["PartitionKey eq @model" if model else f"PartitionKey ge '{_FIRST_NAME}'"]
        conditions += [wanted] if wanted else []
        with ledger_errors("drifts"):
            found = [stored_drift(entity) for entity in _query(self._drifts, " and ".join(conditions), model=model)]
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
                if code_of(error) == "TableNotFound":
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
            if len(found) < limit and verdict is None:
                # With a filter, rows of old versions show on their models' pages.
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


def _query(
    table: "TableClient", condition: str, results_per_page: int | None = None, **parameters: Any
) -> "Iterable[TableEntity]":
    named = {name: value for name, value in parameters.items() if value is not None}
    return table.query_entities(condition, parameters=named, results_per_page=results_per_page)
