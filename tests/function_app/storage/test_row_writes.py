"""Rows of table storage: their keys, and what is made of an answer that is none."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import ServiceRequestError

from driftloop.errors import LedgerError
from driftloop.ledger.ledger import LedgerConflictError
from function_app.storage.accounts import Storage
from function_app.storage.row_writes import create, ledger_errors, newest_first, replace

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_an_answer_without_what_it_must_hold_is_an_error_of_the_ledger() -> None:
    with pytest.raises(LedgerError, match=r"no readable answer for m \(KeyError\)"), ledger_errors("m"):
        raise KeyError("etag")
    with (
        pytest.raises(LedgerError, match=r"refused or did not answer \(ServiceRequestError\) for m:"),
        ledger_errors("m"),
    ):
        raise ServiceRequestError("no connection")


def test_later_rows_sort_first_and_names_tell_those_of_one_microsecond_apart() -> None:
    keys = [newest_first(NOW + timedelta(microseconds=later), name) for later, name in ((1, "b"), (0, "a"), (0, "b"))]
    assert keys == sorted(keys)
    assert keys[1] == f"{10**17 - int(NOW.timestamp()) * 10**6:017}-a"


def test_a_row_is_replaced_only_as_it_was_read(storage: Storage, model_name: str) -> None:
    table = storage.tables.get_table_client("states")
    first = create(table, {"PartitionKey": model_name, "RowKey": "r", "value": 1})
    assert first is not None
    assert create(table, {"PartitionKey": model_name, "RowKey": "r", "value": 2}) is None

    second = replace(table, model_name, "r", {"value": 3}, first)

    for stale in (first, ""):  # without an ETag nothing was read
        with pytest.raises(LedgerConflictError, match=f"{model_name}/r: it was written by another process"):
            replace(table, model_name, "r", {"value": 4}, stale)
    with pytest.raises(LedgerConflictError):
        replace(table, model_name, "none", {"value": 4}, second)
    assert table.get_entity(model_name, "r")["value"] == 3
