"""A setting that names a secret is resolved by the app's own identity, if it has the role."""

from collections.abc import Iterator

import pytest
import requests
from starlette.applications import Starlette

from sandbox.access.control import AccessControl
from sandbox.certificate import Certificate
from sandbox.identity import Identity
from sandbox.principals import CLUSTER, FUNCTION_APP, Principal
from sandbox.serving import Server
from sandbox.vault import Vault, VaultError
from sandbox.waiting import HANG_SECONDS


@pytest.fixture(scope="module")
def identity() -> Identity:
    return Identity()


@pytest.fixture(scope="module")
def vault(identity: Identity, certificate: Certificate) -> Iterator[Vault]:
    with Vault(identity, AccessControl(), certificate) as made:
        yield made


@pytest.fixture(scope="module")
def server(identity: Identity, certificate: Certificate) -> Iterator[Server]:
    with Server(Starlette(routes=[identity.route()]), certificate) as running:
        yield running


def variables(identity: Identity, server: Server, principal: Principal) -> dict[str, str]:
    return {**identity.environment(server.url, principal), "AZURE_CLIENT_ID": principal.client_id}


def test_the_function_app_reads_the_secret_and_other_settings_stay(
    vault: Vault, identity: Identity, server: Server
) -> None:
    settings = {"TOKEN": vault.put("github-token", "s3cret"), "PLAIN": "as it is"}
    assert settings["TOKEN"].startswith("@Microsoft.KeyVault(SecretUri=https://")
    resolved = vault.resolved(settings, variables(identity, server, FUNCTION_APP))
    assert resolved == {"TOKEN": "s3cret", "PLAIN": "as it is"}


def test_an_identity_without_the_role_does_not(vault: Vault, identity: Identity, server: Server) -> None:
    setting = {"TOKEN": vault.put("github-token", "s3cret")}
    with pytest.raises(VaultError, match=r"^TOKEN: Caller is not authorized .*training cluster") as error:
        vault.resolved(setting, variables(identity, server, CLUSTER))
    assert "s3cret" not in str(error.value)


def test_a_secret_that_is_not_there_is_named(vault: Vault, identity: Identity, server: Server) -> None:
    setting = {"TOKEN": f"@Microsoft.KeyVault(SecretUri={vault.url}/secrets/other/)"}
    with pytest.raises(VaultError, match="id\\) other was not found"):
        vault.resolved(setting, variables(identity, server, FUNCTION_APP))


@pytest.mark.parametrize("resource", ["https://storage.azure.com", ""])
def test_only_a_token_for_vaults_is_taken(
    vault: Vault, identity: Identity, certificate: Certificate, resource: str
) -> None:
    token = identity.token(resource, principal=FUNCTION_APP)[0] if resource else "nonsense"
    answer = requests.get(
        f"{vault.url}/secrets/github-token",
        headers={"Authorization": f"Bearer {token}"},
        verify=str(certificate.authority),
        timeout=HANG_SECONDS,
    )
    assert answer.status_code == 401
