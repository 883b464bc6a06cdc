"""What a request to Blob, Queue or Table Storage needs a role for.

The tables are those of https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory
("Permissions for calling data operations").
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from sandbox.access.roles import BLOB_SERVICE, BLOBS, CONTAINERS, ENTITIES, MESSAGES, QUEUES, TABLES

_READING = ("GET", "HEAD")
# Of Azure ML: its two datastores, and the containers that uploads of code go to.
_ML_CONTAINER = re.compile(r"azureml(-blobstore-.+)?|upload-.+")


@dataclass(frozen=True)
class Operation:
    """The actions of which one is enough, on the account or one of its containers."""

    actions: tuple[str, ...]
    scope: str
    data: bool = True


def blob_operation(method: str, path: str, query: Mapping[str, str]) -> Operation:
    """`path` is below the account: `container/folder/name`."""
    container, _, blob = path.partition("/")
    if not container:
        if query.get("comp") == "userdelegationkey":
            return Operation((f"{BLOB_SERVICE}/generateUserDelegationKey/action",), "data", data=False)
        return _managing(method, CONTAINERS, "data")
    scope = container_scope(unquote(container))
    if not blob:
        if query.get("comp") == "list":
            return Operation((f"{BLOBS}/read",), scope)
        return _managing(method, CONTAINERS, scope)
    if method in _READING:
        return Operation((f"{BLOBS}/read",), scope)
    if method == "DELETE":
        return Operation((f"{BLOBS}/delete",), scope)
    if query.get("comp") == "appendblock":
        return Operation((f"{BLOBS}/write", f"{BLOBS}/add/action"), scope)
    return Operation((f"{BLOBS}/write",), scope)


def queue_operation(method: str, path: str, query: Mapping[str, str]) -> Operation:
    """`path` is below the account: `queue/messages/id`."""
    queue, _, below = path.partition("/")
    scope = f"data/queues/{queue}" if queue else "data"
    if not below.startswith("messages"):
        return _managing(method, QUEUES, scope)
    if method == "GET":
        peeks = query.get("peekonly", "").lower() == "true"
        return Operation((f"{MESSAGES}/read",) if peeks else (f"{MESSAGES}/process/action",), scope)
    if method == "POST":
        return Operation((f"{MESSAGES}/write", f"{MESSAGES}/add/action"), scope)
    if method == "DELETE":
        return Operation((f"{MESSAGES}/process/action", f"{MESSAGES}/delete"), scope)
    return Operation((f"{MESSAGES}/write",), scope)


def table_operation(method: str, path: str, query: Mapping[str, str]) -> Operation:
    """`path` is below the account: `Tables`, `$batch`, `name`, or `name(PartitionKey='p',RowKey='r')`."""
    del query
    if path in ("", "Tables") or path.startswith("Tables("):
        return _managing("PUT" if method == "POST" else method, TABLES, "data")
    # A batch names its tables in its body only; the role is the account's either way.
    scope = "data" if path.startswith("$batch") else f"data/tables/{path.partition('(')[0]}"
    if method in _READING:
        return Operation((f"{ENTITIES}/read",), scope)
    if method == "DELETE":
        return Operation((f"{ENTITIES}/delete",), scope)
    return Operation((f"{ENTITIES}/write", f"{ENTITIES}/add/action", f"{ENTITIES}/update/action"), scope)


def container_scope(container: str) -> str:
    """The container as part of its account: the emulator has one account where infra/ makes three."""
    return f"ml/{container}" if _ML_CONTAINER.fullmatch(container) else f"data/{container}"


def _managing(method: str, kind: str, scope: str) -> Operation:
    verb = "read" if method in _READING else "delete" if method == "DELETE" else "write"
    return Operation((f"{kind}/{verb}",), scope, data=False)
