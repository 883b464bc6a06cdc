"""Notes in the container `quarantine`: each has training leave one version of one file out until it is deleted.

A note belongs to the version that it was written for. The app tells it by its ETag. Training, which sees files in a
mounted folder, tells it by the hash of its content. Where the file was written again, the note says nothing about it.
The check that finds the new version good takes the note away; one that finds it broken writes a new one.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from driftloop.ledger.model_state import FileNote
from driftloop.times import format_time
from driftloop.validation import UNREADABLE
from function_app.incoming.sources import File, prefixes
from function_app.storage.error_codes import code_of
from function_app.telemetry.events import emit

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

    def carry_out(self, notes: Iterable[FileNote], at: datetime, check_id: str | None) -> None:
        """Writes the notes that a check has decided on, and takes away those that it found to be of other versions.

        Parameters
        ----------
        notes : Iterable[FileNote]
            Those with a reason are written; those without are of files that were found good.
        at : datetime
            When it was decided.
        check_id : str | None
            The check that decided.

        Raises
        ------
        AzureError
            Storage did not answer: it may be repeated.
        """
        for note in notes:
            if note.reason is not None:
                self._write(note.file, note.etag, note.reason, at, check_id)
            else:
                self._release(note.file, note.etag)

    def _write(self, path: str, etag: str, reason: str, at: datetime, check_id: str | None) -> None:
        """Writes a note; none where there is no such version any more."""
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
        from azure.storage.blob import ContentSettings

        try:
            content = self._content_sha256(path, etag)
        except (ResourceNotFoundError, ResourceModifiedError):
            return  # the note would bar nothing
        note = {
            "file": path,
            "etag": etag,
            "sha256": content,
            "reason": reason,
            "check_id": check_id,
            "at": format_time(at),
        }
        self.storage.container(CONTAINER).upload_blob(
            _name(path),
            msgspec.json.encode(note),
            overwrite=True,
            metadata={"etag": etag},
            content_settings=ContentSettings(content_type="application/json"),
        )

    def _content_sha256(self, path: str, etag: str) -> str | None:
        """The hash of this version of the file, read piece by piece; None where storage does not give its content."""
        from azure.core import MatchConditions
        from azure.core.exceptions import HttpResponseError

        from function_app.incoming.blob_file import OUT_OF_REACH

        container, _, name = path.partition("/")
        digest = sha256()
        try:
            stream = self.storage.container(container).download_blob(
                name, etag=f'"{etag}"', match_condition=MatchConditions.IfNotModified, max_concurrency=1
            )
            for piece in stream.chunks():
                digest.update(piece)
        except HttpResponseError as error:
            if code_of(error) in OUT_OF_REACH:
                return None  # without a hash the note bars every version from training, and this one from checks
            raise
        return digest.hexdigest()

    def _release(self, path: str, etag: str) -> None:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        client = self.storage.container(CONTAINER).get_blob_client(_name(path))
        with suppress(ResourceNotFoundError, ResourceModifiedError):  # there is none, or another process was faster
            found = client.get_blob_properties()
            if self._version(found) not in (ANY, etag):
                client.delete_blob(etag=found.etag, match_condition=MatchConditions.IfNotModified)

    def set_aside(self, broken: Mapping[File, str], model: str, at: datetime) -> None:
        """A note and an alert for each of these files, outside of a check of records.

        Parameters
        ----------
        broken : Mapping[File, str]
            Files, and why.
        at : datetime
            When it was found.
        """
        for file, reason in broken.items():
            # Said before it is noted: a process that dies in between says it again, and receivers drop the repetition.
            emit(
                "incident",
                event_id=f"quarantine-{file.key}",
                model=model,
                reasons=(reason,),
                quarantined=(file.path,),
            )
            self._write(file.path, file.etag, reason, at, None)

    def notes(self, pattern: str) -> dict[str, Note]:
        """Of the files that match `<container>/<pattern>` those that have a note, by the file's name.

        Parameters
        ----------
        pattern : str
            `<container>/<path>`, as the configuration writes it.

        Raises
        ------
        AzureError
            Storage did not answer.
        """
        from azure.core.exceptions import ResourceNotFoundError

        container, found = self.storage.container(CONTAINER), {}
        for prefix in prefixes(pattern.partition("/")[2]):
            for blob in container.list_blobs(name_starts_with=prefix, include=["metadata"]):
                if not blob.name.endswith(SUFFIX):
                    continue
                try:
                    version = self._version(blob)
                except ResourceNotFoundError:
                    continue  # a person has just deleted it: the file is released
                found[blob.name.removesuffix(SUFFIX)] = Note(version, blob.etag)
        return found

    def release(self, files: Iterable[File], notes: Mapping[str, Note]) -> None:
        """Takes the notes away that were written for other versions of these files."""
        for file in outdated(files, notes):
            self._release(file.path, file.etag)

    def _version(self, blob: Any) -> str:
        known: str | None = (blob.metadata or {}).get("etag")
        if known:
            return known
        # Written by an older version, or by a person.
        content = self.storage.container(CONTAINER).download_blob(blob.name).readall()
        try:
            return msgspec.json.decode(content, type=_Body).etag or ANY
        except UNREADABLE:
            return ANY


def barred(file: File, notes: Mapping[str, Note]) -> bool:
    """Whether a note keeps this version of the file out."""
    note = notes.get(file.name)
    return note is not None and note.version in (ANY, file.etag)


def outdated(files: Iterable[File], notes: Mapping[str, Note]) -> list[File]:
    """Those whose note was written for another version."""
    return [file for file in files if notes.get(file.name, Note(ANY, "")).version not in (ANY, file.etag)]


def path_of(file: File) -> str:
    """Where a file's note lies."""
    return f"{CONTAINER}/{file.name}{SUFFIX}"


def _name(path: str) -> str:
    return f"{path.partition('/')[2]}{SUFFIX}"
