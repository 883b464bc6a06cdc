"""The workspace's storage: where its datastores point to, and how files get in and out."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, BlobType, ContainerSasPermissions, generate_container_sas

from sandbox.azurite import ACCOUNT, KEY, Azurite


@dataclass(frozen=True)
class Location:
    """A blob or a virtual folder; `path` has no slash at its ends."""

    container: str
    path: str

    def __truediv__(self, part: str) -> "Location":
        return Location(self.container, str(PurePosixPath(self.path) / part))


class Storage:
    """Blob Storage seen from inside the service, with the account's key; `url` is where everybody else finds it."""

    def __init__(self, azurite: Azurite, url: str) -> None:
        self.url = url
        self.datastores = {
            "workspaceblobstore": f"azureml-blobstore-{uuid.uuid4()}",
            "workspaceartifactstore": "azureml",
        }
        self._service = BlobServiceClient.from_connection_string(
            azurite.connection_string,
            connection_verify=str(azurite.certificate.authority),
            use_env_settings=False,  # neither a proxy nor another authority: this is loopback
        )
        for container in self.datastores.values():
            self._create(container)

    def new_upload(self) -> tuple[str, str]:
        """A fresh container for one upload: its URL, and the URL with a token that may write there for a day."""
        container = f"upload-{uuid.uuid4()}"
        self._create(container)
        url = f"{self.url}/{container}"
        token = generate_container_sas(
            ACCOUNT,
            container,
            account_key=KEY,
            permission=ContainerSasPermissions(read=True, write=True, create=True, list=True, add=True),
            expiry=datetime.now(UTC) + timedelta(days=1),
        )
        return url, f"{url}?{token}"

    def locate(self, url: str) -> Location | None:
        """The place that a blob URL of this account names; None for a foreign URL."""
        plain = urlsplit(url)._replace(query="", fragment="").geturl()
        if not plain.startswith(self.url + "/"):
            return None
        container, _, path = unquote(plain[len(self.url) + 1 :]).partition("/")
        return Location(container, path.strip("/"))

    def link(self, location: Location) -> str:
        """The blob URL of a place."""
        return f"{self.url}/{location.container}/{quote(location.path)}"

    def exists(self, location: Location) -> bool:
        """Whether there is a blob, or at least one blob below."""
        return next(self._names(location), None) is not None

    def is_blob(self, location: Location) -> bool:
        """Whether exactly this blob is there."""
        return bool(self._service.get_blob_client(location.container, location.path or "/").exists())

    def download(self, location: Location, target: Path) -> list[Path]:
        """Copy the blob to the file `target`, or all blobs below the folder into the folder `target`; the files
        written.
        """
        client = self._service.get_container_client(location.container)
        written = []
        for name in self._names(location):
            file = target if name == location.path else target / PurePosixPath(name).relative_to(location.path)
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as stream:
                client.download_blob(name).readinto(stream)
            written.append(file)
        return written

    def upload(self, source: Path, location: Location) -> None:
        """Copy a file to the blob, or all files of a folder below the place."""
        client = self._service.get_container_client(location.container)
        files = [source] if source.is_file() else sorted(file for file in source.rglob("*") if file.is_file())
        for file in files:
            place = location if file == source else location / file.relative_to(source).as_posix()
            with file.open("rb") as stream:
                client.upload_blob(place.path, stream, overwrite=True)

    def append(self, location: Location, content: bytes) -> None:
        """Add to the end of an append blob, which is made if it is not there."""
        blob = self._service.get_blob_client(location.container, location.path)
        blob.upload_blob(content, blob_type=BlobType.APPENDBLOB)

    def _names(self, location: Location) -> Iterator[str]:
        client = self._service.get_container_client(location.container)
        prefix = location.path
        try:
            for name in client.list_blob_names(name_starts_with=prefix or None):
                if not prefix or name == prefix or name.startswith(prefix + "/"):
                    yield name
        except ResourceNotFoundError:
            return

    def _create(self, container: str) -> None:
        try:
            self._service.create_container(container)
        except ResourceExistsError:
            return
