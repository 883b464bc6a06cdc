"""The storage account by application settings, and the one line that a missing one gives."""

from pathlib import Path

import pytest

from driftloop.errors import ConfigError
from function_app.storage.accounts import Storage
from sandbox.azurite import Azurite
from tests.function_app.conftest import LoopbackCredential

SETTINGS = {
    f"DRIFTLOOP_STORAGE__{service}ServiceUri": f"https://acct.{service}.core.windows.net/"
    for service in ("blob", "queue", "table")
}


@pytest.mark.parametrize("name", sorted(SETTINGS))
@pytest.mark.parametrize("value", ["", "http://acct.example", "DefaultEndpointsProtocol=https;AccountKey=abc"])
def test_a_setting_that_is_missing_or_no_url_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        Storage.from_environment({**SETTINGS, name: value})

    assert "https:// URL" in str(caught.value)


def test_clients_are_made_for_the_account_that_the_settings_name() -> None:
    storage = Storage.from_environment(SETTINGS)

    assert storage.container("incoming").url == "https://acct.blob.core.windows.net/incoming"
    assert storage.queue("checks").url.startswith("https://acct.queue.core.windows.net/checks")
    assert storage.tables.url.rstrip("/") == "https://acct.table.core.windows.net"


def test_what_the_data_collector_writes_is_read_from_the_workspace_s_own_account() -> None:
    elsewhere = {
        "DRIFTLOOP_COLLECTOR_CONTAINER": "azureml-blobstore-1",
        "DRIFTLOOP_COLLECTOR__blobServiceUri": "https://workspace.blob.core.windows.net",
    }
    storage = Storage.from_environment({**SETTINGS, **elsewhere})

    assert storage.container("azureml-blobstore-1").url == "https://workspace.blob.core.windows.net/azureml-blobstore-1"
    assert storage.container("incoming").url.startswith("https://acct.")


def test_a_blob_s_pauses_are_seconds_and_not_quarters_of_a_minute() -> None:
    policy = Storage.from_environment(SETTINGS).blobs._config.retry_policy

    assert policy.initial_backoff < 1, "the queue repeats a check that fails; a worker must not sleep for minutes"


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with a password for this machine, as a developer's home folder may hold one."""
    path = tmp_path / "netrc"
    path.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(path))


@pytest.mark.usefixtures("netrc")
def test_a_netrc_file_does_not_replace_the_token_for_storage(azurite: Azurite) -> None:
    urls = (azurite.blob_url, azurite.queue_url, azurite.table_url)
    ours = Storage(*urls, LoopbackCredential(), connection_verify=str(azurite.certificate.authority))

    assert not ours.blobs.get_container_client("nothing-here").exists()
    assert not list(ours.tables.query_tables("TableName eq 'nothinghere'"))


def test_the_authority_of_the_environment_is_trusted_and_its_proxy_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ours.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    options = Storage.from_environment(SETTINGS)._options

    assert options["transport"].connection_config.verify == "/etc/ours.pem"
    assert options["proxies"]["https"] == "http://proxy.example:3128"
