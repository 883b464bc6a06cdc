"""Notes in the container `quarantine`: each has training leave one version of one file out until it is deleted.

A note belongs to the version that it was written for (ETag). Where the file was written again, the note says nothing
about it: the check that finds the new version good takes the note away, one that finds it broken writes a new one.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from driftloop.times import format_time
from function_app.incoming.sources import File, prefixes

if TYPE_CHECKING:
    from function_app.storage.accounts import Storage

CONTAINER = "quarantine"
SUFFIX = ".json"
ANY = ""  # a note that names no version bars them all


class _Body(msgspec.Struct, frozen=True):
    etag: str | None = None


class Note(NamedTuple):
    """The version of a file that a note bars, and the note's own ETag."""

    version: str
    etag: str


@dataclass(frozen=True)
class Quarantine:
    """The notes about the files of one account."""

    storage: "Storage"

    def write(self, file: File, reason: str, at: datetime, check_id: str | None) -> str:
        """Has training leave this version of the file out. Returns the note's path."""
        from azure.storage.blob import ContentSettings

        note = {"file": file.path, "etag": file.etag, "reason": reason, "check_id": check_id, "at": format_time(at)}
        self.storage.container(CONTAINER).upload_blob(
            f"{file.name}{SUFFIX}",
            msgspec.json.encode(note),
            overwrite=True,
            metadata={"etag": file.etag},
            content_settings=ContentSettings(content_type="application/json"),
        )
        return path_of(file)

    def notes(self, pattern: str) -> dict[str, Note]:
        """Of the files that match `<container>/<pattern>` those that have a note, by the file's name.

        Raises Azure's errors.
        """
        container = self.storage.container(CONTAINER)
        return {
            blob.name.removesuffix(SUFFIX): Note(self._version(blob), blob.etag)
            for prefix in prefixes(pattern.partition("/")[2])
            for blob in container.list_blobs(name_starts_with=prefix, include=["metadata"])
            if blob.name.endswith(SUFFIX)
        }

    def release(self, files: Iterable[File], notes: Mapping[str, Note]) -> None:
        """Takes the notes away that were written for other versions of these files."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        container = self.storage.container(CONTAINER)
        for file in files:
            note = notes.get(file.name)
            if note is None or note.version in (ANY, file.etag):
                continue
            with suppress(ResourceNotFoundError, ResourceModifiedError):  # another process was faster
                container.delete_blob(
                    f"{file.name}{SUFFIX}", etag=note.etag, match_condition=MatchConditions.IfNotModified
                )

    def _version(self, blob: Any) -> str:
        known: str | None = (blob.metadata or {}).get("etag")
        if known:
            return known
        # Written by an older version, or by a person.
        content = self.storage.container(CONTAINER).download_blob(blob.name).readall()
        try:
            return msgspec.json.decode(content, type=_Body).etag or ANY
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ANY


def barred(file: File, notes: Mapping[str, Note]) -> bool:
    """Whether a note keeps this version of the file out."""
    note = notes.get(file.name)
    return note is not None and note.version in (ANY, file.etag)


def path_of(file: File) -> str:
    """Where a file's note lies."""
    return f"{CONTAINER}/{file.name}{SUFFIX}"
