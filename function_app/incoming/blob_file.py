"""A blob as a file that can seek: reads ranges, and only of the version that was listed."""

import io
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from driftloop.errors import InputError
from function_app.storage.error_codes import code_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from function_app.incoming.sources import File
    from function_app.storage.accounts import Storage

BUFFER = 4 << 20


# What storage refuses permanently of one blob, while it gives the others.
OUT_OF_REACH = {
    "BlobArchived": "lies in the archive tier: copy it under another name into the tier hot, cool or cold",
    "BlobUsesCustomerSpecifiedEncryption": "is encrypted with a key of its writer's: write it again without one",
}


class VanishedError(OSError):
    """The file cannot be read as it was listed: it is looked at with the next check.

    It was deleted or written again, or is being moved out of the archive tier.
    """


class _BlobIO(io.RawIOBase):
    def __init__(self, storage: "Storage", file: "File") -> None:
        super().__init__()
        self._blob = storage.container(file.container).get_blob_client(file.name)
        self._file = file
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        content = download(self._blob, self._file, self._position, len(view))
        view[: len(content)] = content
        self._position += len(content)
        return len(content)

    def readall(self) -> bytes:
        # Without this, a read of everything left would come in thousands of small ranges.
        content = download(self._blob, self._file, self._position)
        self._position += len(content)
        return content


def open_blob(storage: "Storage", file: "File") -> io.BufferedReader:
    """The file's content as a binary file, read in ranges of at least 4 MiB; memory stays bounded whatever its size."""
    return io.BufferedReader(_BlobIO(storage, file), BUFFER)


def download(blob: Any, file: "File", offset: int = 0, length: int | None = None) -> bytes:
    """A range of this version of the blob.

    Raises VanishedError when there is no such version any more, InputError when storage does not give this one blob.
    """
    length = file.size - offset if length is None else min(length, file.size - offset)
    if length <= 0:
        return b""
    try:
        stream = blob.download_blob(
            offset, length, etag=f'"{file.etag}"', match_condition=MatchConditions.IfNotModified, max_concurrency=1
        )
        content: bytes = stream.readall()
    except ResourceNotFoundError as error:
        raise VanishedError(f"{file.path} is gone") from error
    except HttpResponseError as error:
        if error.status_code == 412:
            raise VanishedError(f"{file.path} was written again") from error
        if code_of(error) == "BlobBeingRehydrated":
            raise VanishedError(f"{file.path} is being moved out of the archive tier") from error
        refused = OUT_OF_REACH.get(code_of(error))
        if refused is None:
            raise
    else:
        return content
    # Here, and not where storage's error would be its context: it is this file's fault, not storage's.
    raise InputError(f"{file.path}: {refused}")
