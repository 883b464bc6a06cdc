"""What is counted over all models, in partitions of the table `drifts` that no model's name can have.

`!found`: a row for each drift, newest first, so that a look back of a day reads that day alone. `!causes`: a row for
each common cause. Its number is its key, so that of two processes that open one at the same moment one does. `!turns`:
when each retrain of a common cause may start, and from when on the next one may.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from driftloop.common_cause.causes import Cause
from driftloop.common_cause.rule import Found
from driftloop.ledger.ledger import LedgerConflictError, until_written
from driftloop.times import format_time, parse_time
from function_app.storage.error_codes import code_of
from function_app.storage.packed_rows import packed, unpacked
from function_app.storage.row_writes import create, ledger_errors, newest_first, replace

if TYPE_CHECKING:
    from azure.data.tables import TableEntity, TableServiceClient

FOUND, CAUSES, TURNS = "!found", "!causes", "!turns"
NEXT = "next"


class CauseRows:
    """Reads and writes what is counted. Its methods raise LedgerError."""

    def __init__(self, service: "TableServiceClient") -> None:
        self._table = service.get_table_client("drifts")

    def knows(self, at: datetime, drift_id: str) -> bool:
        """Whether a drift that was found then is remembered."""
        with ledger_errors(drift_id):
            return self._get(FOUND, newest_first(at, drift_id)) is not None

    def note(self, found: Found) -> None:
        """Remembers a drift; one that is remembered already is left as it is."""
        row = {"PartitionKey": FOUND, "RowKey": newest_first(found.at, found.drift_id), **packed(found)}
        with ledger_errors(found.drift_id):
            create(self._table, row)

    def found_between(self, first: datetime, last: datetime) -> list[Found]:
        """The drifts that were found from `first` to `last`, the newest first."""
        # Keys count down: what comes later sorts before. '~' sorts behind every id.
        names = {"partition": FOUND, "low": newest_first(last, ""), "high": newest_first(first, "~")}
        condition = "PartitionKey eq @partition and RowKey ge @low and RowKey le @high"
        with ledger_errors("found drifts"):
            return [unpacked(row, Found) for row in self._table.query_entities(condition, parameters=names)]

    def causes(self) -> list[Cause]:
        """Every common cause so far, the newest first: one in years by chance, so the list stays short."""
        with ledger_errors("common causes"):
            rows = self._table.query_entities("PartitionKey eq @partition", parameters={"partition": CAUSES})
            return sorted((_cause(row) for row in rows), key=lambda cause: -cause.number)

    def open(self, cause: Cause) -> None:
        """Stores a new one. Raises LedgerConflictError where another process has taken its number."""
        with ledger_errors(cause.cause_id):
            if create(self._table, {"PartitionKey": CAUSES, "RowKey": _key(cause), **packed(cause)}) is None:
                raise LedgerConflictError(f"common cause {cause.number}: another process opened it first")

    def write(self, cause: Cause) -> None:
        """Replaces one. Raises LedgerConflictError where it was written since it was read."""
        with ledger_errors(cause.cause_id):
            replace(self._table, CAUSES, _key(cause), packed(cause), cause.etag)

    def turn(self, drift_id: str, now: datetime, pause: timedelta) -> datetime:
        """When a drift's retrain may start: each takes one turn, `pause` after the one that was taken before.

        A process that dies in between leaves a turn that nobody takes, and no two drifts with the same.
        """
        with ledger_errors(drift_id):
            known = self._get(TURNS, drift_id)
            if known is not None:
                return parse_time(str(known["at"]))
            turn = until_written(lambda: self._taken(now, pause), "the next turn")
            row = {"PartitionKey": TURNS, "RowKey": drift_id, "at": format_time(turn)}
            if create(self._table, row) is not None:
                return turn
            known = self._get(TURNS, drift_id)
            return turn if known is None else parse_time(str(known["at"]))

    def _taken(self, now: datetime, pause: timedelta) -> datetime:
        before = self._get(TURNS, NEXT)
        turn = now if before is None else max(now, parse_time(str(before["at"])))
        row = {"at": format_time(turn + pause)}
        if before is not None:
            replace(self._table, TURNS, NEXT, row, str(before.metadata["etag"]))
        elif create(self._table, {"PartitionKey": TURNS, "RowKey": NEXT, **row}) is None:
            raise LedgerConflictError("the next turn: another process took it")
        return turn

    def _get(self, partition: str, row: str) -> "TableEntity | None":
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._table.get_entity(partition, row)
        except ResourceNotFoundError as error:
            if code_of(error) == "TableNotFound":
                raise
            return None


def _key(cause: Cause) -> str:
    return f"{cause.number:06}"


def _cause(row: "TableEntity") -> Cause:
    return msgspec.structs.replace(unpacked(row, Cause), etag=str(row.metadata["etag"]))
