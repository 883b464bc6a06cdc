"""The storage account, as workflows and the register step use it: small files with their ETag, and listings."""

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from driftloop.errors import DriftloopError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import ResourceNotFoundError


class ChangedError(DriftloopError):
    """Somebody else wrote the blob since it was read."""


class Blob(NamedTuple):
    """A blob's content, and the ETag that a conditional write names."""

    content: bytes
    etag: str


class Blobs:
    """Blobs below a service URL, by container and path."""

    def __init__(self, url: str, signed_in: "TokenCredential") -> None:
        from azure.storage.blob import BlobServiceClient

        self.url = url
        self._service = BlobServiceClient(url, credential=signed_in)

    def read(self, container: str, path: str) -> Blob | None:
        """The blob, or None when there is none.

        Raises
        ------
        DriftloopError
            There is no such container: that is a broken installation, and must not look like a first run.
        """
        from azure.core.exceptions import ResourceNotFoundError

        try:
            stream = self._service.get_blob_client(container, path).download_blob()
            return Blob(stream.readall(), str(stream.properties.etag))
        except ResourceNotFoundError as error:
            _refuse_missing_container(error, container)
            return None

    def write(self, container: str, path: str, content: bytes) -> None:
        """Write, whatever was there."""
        self._service.get_blob_client(container, path).upload_blob(content, overwrite=True)

    def replace(self, container: str, path: str, content: bytes, known: Blob | None) -> None:
        """Write only if the blob still is what was read, or still is not there.

        Parameters
        ----------
        known : Blob or None
            What `read` answered.

        Raises
        ------
        ChangedError
            Another run wrote the blob since.
        """
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

        client = self._service.get_blob_client(container, path)
        try:
            if known is None:
                client.upload_blob(content, overwrite=False)
            else:
                client.upload_blob(
                    content, overwrite=True, etag=known.etag, match_condition=MatchConditions.IfNotModified
                )
        except (ResourceExistsError, ResourceModifiedError):
            raise ChangedError(f"{container}/{path} was changed by another run: run again") from None

    def versions(self, container: str, prefix: str) -> list[str]:
        """`name etag` of each blob whose path begins so, in order.

        Raises
        ------
        DriftloopError
            There is no such container: an empty one would mean that nothing is quarantined, or that nothing came in.
        """
        from azure.core.exceptions import ResourceNotFoundError

        try:
            found = self._service.get_container_client(container).list_blobs(name_starts_with=prefix)
            return sorted(f"{blob.name} {blob.etag}" for blob in found)
        except ResourceNotFoundError as error:
            _refuse_missing_container(error, container)
            raise

    def address(self, container: str, path: str) -> str:
        """The URL of a blob or of a folder of them."""
        return f"{self.url}/{container}/{path}"


def _refuse_missing_container(error: "ResourceNotFoundError", container: str) -> None:
    code = getattr(error, "error_code", None)
    if str(getattr(code, "value", code)) == "ContainerNotFound":
        raise DriftloopError(f"container {container!r} does not exist: provision the resource group again") from None


def fingerprint(listings: list[list[str]]) -> str:
    """A hash of several listings that changes when a blob is added, removed or replaced."""
    return sha256("\n".join(line for listing in listings for line in [*listing, ""]).encode()).hexdigest()[:16]
