"""The storage account by application settings, and the one line that a missing one gives."""

import pytest

from driftloop.errors import ConfigError
from function_app.storage import Storage

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
