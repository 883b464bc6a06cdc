"""`baselines/<model>/in-service.json`: which version takes all traffic."""

import msgspec

from driftloop.events import InService, PutBack, read_in_service
from training.cloud.blobs import Blob, Blobs


class Pointer(InService, frozen=True):
    """The pointer, as a deployment writes it."""


class Found(msgspec.Struct, frozen=True):
    """The pointer as it was read, and the blob that a conditional write compares with."""

    pointer: Pointer | None
    blob: Blob | None

    @property
    def version(self) -> int:
        """The version in service as a number; 0 when there is none."""
        return 0 if self.pointer is None else int(self.pointer.version)


def path(model: str) -> str:
    """Where the pointer is, below the container `baselines`."""
    return f"{model}/in-service.json"


def read(blobs: Blobs, model: str) -> Found:
    """The pointer of the model in service.

    Parameters
    ----------
    model : str
        Its name.

    Returns
    -------
    Found
        Without a pointer before the first deployment.

    Raises
    ------
    InputError
        It is damaged: that is not "none in service".
    """
    blob = blobs.read("baselines", path(model))
    if blob is None:
        return Found(None, None)
    read_in_service(blob.content, path(model))
    return Found(msgspec.json.decode(blob.content, type=Pointer), blob)


def note_put_back(blobs: Blobs, note: PutBack) -> None:
    """Writes that a deployment failed, and which version serves again: the function app tells people.

    Parameters
    ----------
    note : PutBack
        It replaces the note of an earlier failure.
    """
    blobs.write("baselines", f"{note.model}/put-back.json", msgspec.json.encode(note))


def write(blobs: Blobs, pointer: Pointer, found: Found) -> None:
    """Write the pointer unless somebody else has since.

    Parameters
    ----------
    pointer : Pointer
        What is in service from now on.
    found : Found
        What was read before.

    Raises
    ------
    ChangedError
        Somebody else has written since.
    """
    blobs.replace("baselines", path(pointer.model), msgspec.json.encode(pointer), found.blob)
