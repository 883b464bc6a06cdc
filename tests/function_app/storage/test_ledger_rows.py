"""The columns of the ledger's rows: what people see of them, and what is read back."""

from datetime import UTC, datetime

import msgspec
import pytest
from azure.data.tables import UpdateMode

from driftloop.errors import LedgerError
from function_app.storage.accounts import Storage
from function_app.storage.ledger_table import TableLedger

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_a_row_without_the_columns_of_today_is_told_from_its_body(storage: Storage, model_name: str) -> None:
    """As older versions left it: a list that took it for a model that nobody watches would hide that it is overdue."""
    ledger, table = TableLedger(storage.tables), storage.tables.get_table_client("states")
    ledger.state(model_name, NOW)
    row = table.get_entity(model_name, "state")
    table.update_entity({key: row[key] for key in ("PartitionKey", "RowKey", "body0")}, mode=UpdateMode.REPLACE)

    (found,) = ledger.overviews(model_name)

    assert (found.checked_at, found.watched_since) == (None, NOW)


def test_a_list_shows_the_first_thousand_characters_of_an_error(storage: Storage, model_name: str) -> None:
    ledger = TableLedger(storage.tables)
    state = msgspec.structs.replace(ledger.state(model_name, NOW), last_error="e" * 1_001, last_checked_at=NOW)
    ledger.commit(state)
    (found,) = ledger.overviews(model_name)
    assert found.error == "e" * 1_000


def test_the_columns_of_a_row_say_to_people_what_a_list_shows(storage: Storage, model_name: str) -> None:
    ledger, table = TableLedger(storage.tables), storage.tables.get_table_client("states")
    state = ledger.state(model_name, NOW)
    row = table.get_entity(model_name, "state")
    assert {name for name in row if not name.startswith("body")} == {"PartitionKey", "RowKey", "epoch", "watched_since"}
    changes = {"last_verdict": "drift", "last_checked_at": NOW, "baseline_version": "7", "drift_id": "drift-1"}
    ledger.commit(msgspec.structs.replace(state, epoch=2, **changes))
    row = table.get_entity(model_name, "state")
    assert (row["epoch"], row["verdict"], row["checked_at"], row["version"], row["drift_id"]) == (
        2,
        "drift",
        NOW,
        "7",
        "drift-1",
    )
    assert "watched_since" not in row


def test_columns_that_were_changed_by_hand_are_an_error_that_names_the_row(storage: Storage, model_name: str) -> None:
    ledger, table = TableLedger(storage.tables), storage.tables.get_table_client("states")
    ledger.state(model_name, NOW)
    table.update_entity({"PartitionKey": model_name, "RowKey": "state", "epoch": "three"}, mode=UpdateMode.MERGE)
    with pytest.raises(LedgerError, match=f"ledger row {model_name}/state cannot be read"):
        ledger.overviews(model_name)
    table.delete_entity(model_name, "state")
