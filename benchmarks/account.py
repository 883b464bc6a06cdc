"""A storage account on this machine for a benchmark: Azurite, an identity to sign in with, and what infra makes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from azure.core.credentials import AccessToken
from starlette.applications import Starlette

from function_app.storage.accounts import Storage
from sandbox.azurite import Azurite
from sandbox.certificate import issue
from sandbox.identity import Identity
from sandbox.services import CONTAINERS, QUEUES, TABLES
from sandbox.serving import Server

UPLOADERS = 8


class Credential:
    """Signs in with the identity on loopback, without going through HTTP."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        """A token for the first scope."""
        return AccessToken(*self._identity.token(scopes[0].removesuffix("/.default")))


@contextmanager
def account(folder: Path) -> Iterator[tuple[Storage, dict[str, str]]]:
    """The account, and the variables by which another process finds it and signs in."""
    identity = Identity()
    with (
        Azurite(folder / "azurite", issue(folder / "tls")) as azurite,
        Server(Starlette(routes=[identity.route()])) as server,
    ):
        urls = (azurite.blob_url, azurite.queue_url, azurite.table_url)
        storage = Storage(*urls, Credential(identity), connection_verify=str(azurite.certificate.authority))
        for container in CONTAINERS:
            storage.blobs.create_container(container)
        for table in TABLES:
            storage.tables.create_table(table)
        for queue in QUEUES:
            storage.queue(queue).create_queue()
        environment = identity.environment(server.url) | azurite.certificate.environment() | azurite.environment()
        yield storage, environment


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU that the process has used, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
