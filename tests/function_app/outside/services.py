"""Azurite with everything that infra makes, and the identity's endpoint: what all worlds share."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette

from function_app.storage.accounts import Storage
from sandbox.azurite import Azurite
from sandbox.certificate import issue
from sandbox.identity import Identity
from sandbox.serving import Server
from tests.function_app.conftest import CONTAINERS, LoopbackCredential
from tests.function_app.outside.world import Services
from training.cloud.blobs import Blobs


@contextmanager
def running(folder: Path, setenv: Callable[[str, str], object] = os.environ.__setitem__) -> Iterator[Services]:
    """Until the end of the block. `setenv` sets a variable of this process."""
    identity = Identity()
    with (
        Azurite(folder / "azurite", issue(folder / "certificate")) as azurite,
        Server(Starlette(routes=[identity.route()])) as server,
    ):
        certificate = azurite.certificate.environment()
        for name, value in certificate.items():  # the workflow's own client looks there
            setenv(name, value)
        storage = Storage(azurite.blob_url, azurite.queue_url, azurite.table_url, LoopbackCredential())
        for name in CONTAINERS:
            storage.blobs.create_container(name)
        for name in ("states", "drifts", "checks"):
            storage.tables.create_table(name)
        for name in ("checks", "checks-poison"):
            storage.queue(name).create_queue()
        environment = {"PATH": os.environ["PATH"], **identity.environment(server.url), **certificate}
        yield Services(azurite, storage, Blobs(azurite.blob_url, LoopbackCredential()), environment)
