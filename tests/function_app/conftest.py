"""Azurite for the tests of the function app: one for each worker process; tests keep apart by the names of their
models.
"""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken

from function_app.storage import Storage
from sandbox.azurite import Azurite
from sandbox.certificate import issue
from sandbox.identity import Identity

CONTAINERS = ("incoming", "baselines", "quarantine", "reports", "outcomes", "collector")


class LoopbackCredential:
    """Tokens as the managed identity gets them, without the way over HTTP."""

    def __init__(self) -> None:
        self._identity = Identity()

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        token, expires = self._identity.token(scopes[0].removesuffix("/.default"))
        return AccessToken(token, expires)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    folder: Path = tmp_path_factory.mktemp("azurite")
    with Azurite(folder / "data", issue(folder / "certificate")) as running:
        yield running


@pytest.fixture(scope="session")
def storage(azurite: Azurite) -> Storage:
    """An account with the containers, tables and queues that infra makes in Azure."""
    found = Storage(
        azurite.blob_url,
        azurite.queue_url,
        azurite.table_url,
        LoopbackCredential(),
        connection_verify=str(azurite.certificate.authority),
    )
    for name in CONTAINERS:
        found.blobs.create_container(name)
    for name in ("states", "drifts", "checks"):
        found.tables.create_table(name)
    for name in ("checks", "checks-poison"):
        found.queue(name).create_queue()
    return found


@pytest.fixture
def model_name() -> str:
    return f"model-{time.time_ns() % 1_000_000}-{uuid.uuid4().hex[:6]}"
