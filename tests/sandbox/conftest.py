"""One Azurite and one stand-in for Azure a test worker; tests keep apart by names of their own."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.arm import AzureStandIn
from sandbox.azurite import Azurite
from sandbox.certificate import Certificate, issue

if TYPE_CHECKING:
    from azure.ai.ml import MLClient


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return issue(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Iterator[Azurite]:
    with Azurite(tmp_path_factory.mktemp("azurite"), certificate) as running:
        yield running


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory, azurite: Azurite) -> Iterator[AzureStandIn]:
    with AzureStandIn(tmp_path_factory.mktemp("azure"), azurite) as running:
        yield running


@pytest.fixture
def signed_in(azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch) -> AzureStandIn:
    """This process finds Azure by environment variables alone, as production code does."""
    monkeypatch.delenv("AZUREML_CURRENT_CLOUD", raising=False)
    # Without this the SDK imports mlflow (3 s) for a tracking address that nobody asks for.
    monkeypatch.setitem(sys.modules, "azureml.mlflow", None)
    for name, value in azure.environment().items():
        monkeypatch.setenv(name, value)
    return azure


@pytest.fixture
def client(signed_in: AzureStandIn) -> "MLClient":
    """The real SDK, as production code makes it."""
    from azure.ai.ml import MLClient
    from azure.identity import DefaultAzureCredential

    scope = signed_in.scope
    return MLClient(DefaultAzureCredential(), scope.subscription, scope.group, scope.workspace)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """An empty folder for a component's or a deployment's code."""
    folder = tmp_path / "code"
    folder.mkdir()
    return folder
