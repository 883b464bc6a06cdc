"""Which action a storage request needs, after Azure's table of permissions by operation."""

import pytest

from sandbox.access.storage_operations import Operation, blob_operation, queue_operation, table_operation


def last(operation: Operation) -> tuple[str, str]:
    """The first action without its provider, and the scope."""
    return operation.actions[0].split("/", 2)[2], operation.scope


@pytest.mark.parametrize(
    ("method", "path", "query", "action", "scope", "data"),
    [
        ("GET", "incoming/m/x.csv", {}, "containers/blobs/read", "data/incoming", True),
        ("HEAD", "incoming/m/x.csv", {}, "containers/blobs/read", "data/incoming", True),
        ("PUT", "reports/m/x", {}, "containers/blobs/write", "data/reports", True),
        ("PUT", "reports/m/x", {"comp": "lease"}, "containers/blobs/write", "data/reports", True),
        ("PUT", "reports/m/x", {"comp": "appendblock"}, "containers/blobs/write", "data/reports", True),
        ("DELETE", "reports/m/x", {}, "containers/blobs/delete", "data/reports", True),
        ("GET", "incoming", {"restype": "container", "comp": "list"}, "containers/blobs/read", "data/incoming", True),
        ("GET", "incoming", {"restype": "container"}, "containers/read", "data/incoming", False),
        ("PUT", "incoming", {"restype": "container"}, "containers/write", "data/incoming", False),
        ("DELETE", "incoming", {"restype": "container"}, "containers/delete", "data/incoming", False),
        ("GET", "", {"comp": "list"}, "containers/read", "data", False),
        ("POST", "", {"comp": "userdelegationkey"}, "generateUserDelegationKey/action", "data", False),
        ("GET", "azureml-blobstore-1/x", {}, "containers/blobs/read", "ml/azureml-blobstore-1", True),
        ("GET", "azureml/x", {}, "containers/blobs/read", "ml/azureml", True),
    ],
)
def test_blobs(method: str, path: str, query: dict[str, str], action: str, scope: str, data: bool) -> None:
    found = blob_operation(method, path, query)
    assert (found.actions[0].removeprefix("Microsoft.Storage/storageAccounts/blobServices/"), found.scope) == (
        action,
        scope,
    )
    assert found.data is data


@pytest.mark.parametrize(
    ("method", "path", "query", "action", "data"),
    [
        ("POST", "checks/messages", {}, "queues/messages/write", True),
        ("GET", "checks/messages", {}, "queues/messages/process/action", True),
        ("GET", "checks/messages", {"peekonly": "true"}, "queues/messages/read", True),
        ("PUT", "checks/messages/1", {}, "queues/messages/write", True),
        ("DELETE", "checks/messages/1", {}, "queues/messages/process/action", True),
        ("PUT", "checks", {}, "queues/write", False),
        ("GET", "checks", {"comp": "metadata"}, "queues/read", False),
    ],
)
def test_queues(method: str, path: str, query: dict[str, str], action: str, data: bool) -> None:
    found = queue_operation(method, path, query)
    assert last(found) == (f"queueServices/{action}", "data/queues/checks")
    assert found.data is data


@pytest.mark.parametrize(
    ("method", "path", "action", "scope", "data"),
    [
        ("GET", "drifts()", "tables/entities/read", "data/tables/drifts", True),
        ("GET", "drifts(PartitionKey='p',RowKey='r')", "tables/entities/read", "data/tables/drifts", True),
        ("POST", "drifts", "tables/entities/write", "data/tables/drifts", True),
        ("PATCH", "drifts(PartitionKey='p',RowKey='r')", "tables/entities/write", "data/tables/drifts", True),
        ("DELETE", "drifts(PartitionKey='p',RowKey='r')", "tables/entities/delete", "data/tables/drifts", True),
        ("POST", "$batch", "tables/entities/write", "data", True),
        ("POST", "Tables", "tables/write", "data", False),
        ("DELETE", "Tables('drifts')", "tables/delete", "data", False),
        ("GET", "Tables", "tables/read", "data", False),
    ],
)
def test_tables(method: str, path: str, action: str, scope: str, data: bool) -> None:
    found = table_operation(method, path, {})
    assert last(found) == (f"tableServices/{action}", scope)
    assert found.data is data
