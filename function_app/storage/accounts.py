"""The storage account, by Functions' settings for an identity-based connection; clients are made when they are first
needed.
"""

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from driftloop.errors import ConfigError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableServiceClient
    from azure.storage.blob import BlobServiceClient, ContainerClient
    from azure.storage.queue import QueueClient

CONNECTION = "DRIFTLOOP_STORAGE"
COLLECTOR = "DRIFTLOOP_COLLECTOR"
# The SDK's own pauses for blobs (15 s, then more) suit uploads of hours; a check that waits so long is run again by
# the queue.
_BLOB_RETRY = {"initial_backoff": 0.4, "increment_base": 2, "random_jitter_range": 0.2, "retry_total": 4}
_TABLE_RETRY = {"retry_total": 4, "retry_backoff_factor": 0.4, "retry_backoff_max": 8}
_TIMEOUTS = {"connection_timeout": 10, "read_timeout": 60}
_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class Storage:
    """Clients of one account for the process: they pool connections and may be used from many threads."""

    def __init__(
        self, blob_url: str, queue_url: str, table_url: str, credential: "TokenCredential | None" = None, **options: Any
    ) -> None:
        self._urls = {"blob": blob_url, "queue": queue_url, "table": table_url}
        self._given_credential = credential
        self._given_options = options
        self._elsewhere: dict[str, str] = {}
        self._blob_services: dict[str, BlobServiceClient] = {}

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Storage":
        """The account that the application settings name.

        Parameters
        ----------
        environ : Mapping[str, str]
            Functions' settings for an identity-based connection.

        Raises
        ------
        ConfigError
            A setting is missing, or is no https:// URL; it is named.
        """
        made = cls(_url(environ, "blob"), _url(environ, "queue"), _url(environ, "table"))
        # Azure ML's data collector writes into the workspace's own account, which is not the one of the data.
        container, url = environ.get(f"{COLLECTOR}_CONTAINER"), environ.get(f"{COLLECTOR}__blobServiceUri")
        if container and url:
            made._elsewhere[container] = url.rstrip("/")
        return made

    @cached_property
    def _credential(self) -> "TokenCredential":
        if self._given_credential is not None:
            return self._given_credential
        from azure.identity import DefaultAzureCredential

        return DefaultAzureCredential()

    @cached_property
    def _options(self) -> dict[str, Any]:
        """One pool of connections for all services. The environment is read once: `requests` would look for a .netrc
        file at every request, and let what it holds replace the token.
        """
        from azure.core.pipeline.transport import RequestsTransport
        from requests.utils import get_environ_proxies

        authority = next((os.environ[name] for name in _AUTHORITIES if os.environ.get(name)), True)
        wanted = {**_TIMEOUTS, "connection_verify": authority, **self._given_options}
        return {
            "transport": RequestsTransport(use_env_settings=False, **wanted),
            "proxies": get_environ_proxies(self._urls["blob"]),
        }

    @property
    def blobs(self) -> "BlobServiceClient":
        """The blob service."""
        return self._blob_service(self._urls["blob"])

    def container(self, name: str) -> "ContainerClient":
        """A container's client, whether it exists or not."""
        return self._blob_service(self._elsewhere.get(name, self._urls["blob"])).get_container_client(name)

    def _blob_service(self, url: str) -> "BlobServiceClient":
        from azure.storage.blob import BlobServiceClient

        if url not in self._blob_services:
            self._blob_services[url] = BlobServiceClient(url, self._credential, **{**_BLOB_RETRY, **self._options})
        return self._blob_services[url]

    @cached_property
    def tables(self) -> "TableServiceClient":
        """The table service."""
        from azure.data.tables import TableServiceClient

        return TableServiceClient(
            endpoint=self._urls["table"], credential=self._credential, **{**_TABLE_RETRY, **self._options}
        )

    def queue(self, name: str) -> "QueueClient":
        """A queue's client. Messages travel as Base64, as the Functions host expects them."""
        from azure.storage.queue import QueueClient, TextBase64EncodePolicy

        return QueueClient(
            self._urls["queue"],
            name,
            self._credential,
            message_encode_policy=TextBase64EncodePolicy(),
            **{**_BLOB_RETRY, **self._options},
        )


def _url(environ: Mapping[str, str], service: str) -> str:
    name = f"{CONNECTION}__{service}ServiceUri"
    url = environ.get(name, "")
    if not url.startswith("https://"):
        raise ConfigError(
            f"application setting {name} must be the https:// URL of the {service} service, found {url!r}"
        )
    return url.rstrip("/")
