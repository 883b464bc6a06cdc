"""A role that is missing in Azure fails the run here as it would there: the fault that no model could be registered."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.access.control import Use
from sandbox.arm import AzureStandIn
from sandbox.azurite import Azurite
from sandbox.principals import CLUSTER, DEPLOY, TRAIN
from tests.sandbox.conftest import azurite, certificate
from tests.sandbox.signed import Signed
from tests.workflows.hospital import Place, place

__all__ = ["azurite", "certificate"]
DRIFT = "drift-0123456789ab"
WRITER, READER = "Storage Blob Data Contributor", "Storage Blob Data Reader"


@pytest.fixture
def here(tmp_path: Path, azurite: Azurite, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A workspace of its own, whose roles a test may take away."""
    with AzureStandIn(tmp_path / "azure", azurite) as azure, place(azure, f"m{abs(hash(request.node.name))}") as made:
        yield made


@pytest.mark.slow
def test_without_write_access_to_baselines_the_register_step_fails_and_nothing_is_registered(here: Place) -> None:
    here.world(last_day=0)
    here.azure.access.revoke(CLUSTER, WRITER, "data/baselines")
    code, output = here.run("workflows.train", DRIFT_ID=DRIFT)
    assert code == 1
    assert "step register of job" in output.splitlines()[-1]
    assert "not authorized to perform this operation" in output
    assert here.azure.models() == []
    refused = [use for use in here.azure.access.uses() if not use.roles]
    assert {(use.who, use.scope) for use in refused} == {("training cluster", "data/baselines")}


@pytest.mark.parametrize("container", ["training-data", "incoming", "quarantine", "baselines"])
def test_train_says_which_permission_it_lacks_and_that_it_failed(here: Place, container: str) -> None:
    here.world(last_day=0)
    here.azure.access.revoke(TRAIN, READER, f"data/{container}")
    code, output = here.run("workflows.train", DRIFT_ID=DRIFT)
    assert code == 1
    assert "AuthorizationPermissionMismatch" in output
    assert here.read("outcomes", f"{DRIFT}.json")["outcome"] == "failed"
    assert f"on data/{container}" in output


def test_train_without_write_access_to_outcomes_starts_nothing(here: Place) -> None:
    here.world(last_day=0)
    here.azure.access.revoke(TRAIN, WRITER, "data/outcomes")
    code, output = here.run("workflows.train", DRIFT_ID=DRIFT, DRIFT_ATTEMPT="1", GITHUB_RUN_ID="1")
    assert code == 1
    assert "whether another run answers this drift cannot be told" in output
    assert here.azure.jobs() == []


def test_the_identity_that_trains_cannot_deploy(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a job on main might try, past the reviewer of `production`."""
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import ManagedOnlineEndpoint
    from azure.core.exceptions import HttpResponseError

    monkeypatch.setitem(sys.modules, "azureml.mlflow", None)
    for name, value in here.environment(TRAIN).items():
        monkeypatch.setenv(name, value)
    for principal, may in ((TRAIN, False), (DEPLOY, True)):
        scope = here.azure.scope
        client = MLClient(Signed(here.azure.identity, principal), scope.subscription, scope.group, scope.workspace)
        endpoint = ManagedOnlineEndpoint(name=f"e-{principal.name}", auth_mode="key")
        if may:
            client.online_endpoints.begin_create_or_update(endpoint).result()
        else:
            with pytest.raises(HttpResponseError, match="AuthorizationFailed") as error:
                client.online_endpoints.begin_create_or_update(endpoint).result()
            assert error.value.status_code == 403
    write = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write"
    assert Use("train", write, "workspace", ()) in here.azure.access.uses()
