"""Rows of table storage: created where there is none, replaced where nobody has written since, and newest first.

What table storage refuses, or answers in a way that cannot be read, is a LedgerError.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.data.tables import UpdateMode

from driftloop.errors import LedgerError
from driftloop.ledger.ledger import LedgerConflictError
from function_app.storage.error_codes import code_of

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_LAST_TICK = 10**17  # microseconds; what is counted down from, so that newer rows sort first


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
        code = code_of(error) or type(error).__name__
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
            raise LedgerConflictError(f"{partition}/{row}: it was written by another process: read it again") from error
        raise
    return str(answer["etag"])
