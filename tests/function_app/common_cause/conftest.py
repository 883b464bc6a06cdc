"""A storage account of its own: what is counted over all models must not meet the models of other tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.account import account
from function_app.common_cause.rows import CauseRows
from function_app.storage.accounts import Storage


@pytest.fixture(scope="package")
def own_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    folder: Path = tmp_path_factory.mktemp("common-cause")
    with account(folder) as (storage, _):
        yield storage


@pytest.fixture
def fresh(own_storage: Storage) -> Storage:
    """The account with empty tables and queues."""
    for name in ("states", "drifts", "checks"):
        table = own_storage.tables.get_table_client(name)
        for row in table.list_entities(select=["PartitionKey", "RowKey"]):
            table.delete_entity(row["PartitionKey"], row["RowKey"])
    own_storage.queue("checks").clear_messages()
    return own_storage


@pytest.fixture
def rows(fresh: Storage) -> CauseRows:
    return CauseRows(fresh.tables)
