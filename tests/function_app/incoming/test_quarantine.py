"""A note in quarantine says which version of which file it bars, and bars no other."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from azure.core.exceptions import ResourceNotFoundError

from driftloop.ledger.model_state import FileNote
from function_app.incoming.quarantine import Quarantine, barred
from function_app.incoming.sources import File, list_files

if TYPE_CHECKING:
    from tests.function_app.conftest import Clinic

AT = datetime(2030, 1, 1, tzinfo=UTC)


def _file(clinic: "Clinic", content: bytes, name: str = "a.csv") -> File:
    clinic.land(content, name)
    (found,) = (file for file in list_files(clinic.storage, clinic.model.records) if file.name.endswith(name))
    return found


def _note(clinic: "Clinic", file: File) -> dict[str, object]:
    content = clinic.storage.container("quarantine").download_blob(f"{file.name}.json").readall()
    found: dict[str, object] = msgspec.json.decode(content)
    return found


def test_a_note_says_the_version_and_the_hash_of_its_content(clinic: "Clinic") -> None:
    content = bytes(range(256)) * 30_000  # 7.7 MB: several pieces
    file = _file(clinic, content)
    Quarantine(clinic.storage).carry_out([FileNote(file.path, file.etag, "torn")], AT, "chk-1")
    assert _note(clinic, file) == {
        "file": file.path,
        "etag": file.etag,
        "sha256": sha256(content).hexdigest(),
        "reason": "torn",
        "check_id": "chk-1",
        "at": "2030-01-01T00:00:00Z",
    }


def test_a_version_that_is_there_no_more_gets_no_note(clinic: "Clinic") -> None:
    old = _file(clinic, b"old")
    new = _file(clinic, b"new")
    quarantine = Quarantine(clinic.storage)
    quarantine.carry_out([FileNote(old.path, old.etag, "torn")], AT, None)
    with pytest.raises(ResourceNotFoundError):
        _note(clinic, new)
    clinic.storage.container("incoming").delete_blob(new.name)
    quarantine.set_aside({new: "torn"}, clinic.name, AT)
    assert quarantine.notes(clinic.model.records) == {}


def test_a_note_bars_its_version_alone_and_is_released_by_a_look_at_another(clinic: "Clinic") -> None:
    old = _file(clinic, b"old")
    quarantine = Quarantine(clinic.storage)
    quarantine.set_aside({old: "torn"}, clinic.name, AT)
    notes = quarantine.notes(clinic.model.records)
    assert barred(old, notes)
    new = _file(clinic, b"new")
    assert not barred(new, notes)
    quarantine.release([old], notes)  # its own version: it stays
    assert quarantine.notes(clinic.model.records).keys() == {old.name}
    quarantine.release([new], notes)
    assert quarantine.notes(clinic.model.records) == {}


@pytest.mark.parametrize("content", [b"{}", b"not json", b'{"etag": 3}', b'{"x": ' + b"[" * 200_000])
def test_a_person_s_note_bars_every_version(clinic: "Clinic", content: bytes) -> None:
    file = _file(clinic, b"x")
    clinic.storage.container("quarantine").upload_blob(f"{file.name}.json", content)
    quarantine = Quarantine(clinic.storage)
    notes = quarantine.notes(clinic.model.records)
    assert barred(file, notes)
    quarantine.carry_out([FileNote(file.path, "another")], AT, None)
    assert barred(file, quarantine.notes(clinic.model.records))


def test_an_archived_file_has_a_note_without_a_hash_that_bars_its_version(clinic: "Clinic") -> None:
    """Its content cannot be read; training takes a note without a hash for every version."""
    file = _file(clinic, b"x")
    clinic.storage.container("incoming").get_blob_client(file.name).set_standard_blob_tier("Archive")
    quarantine = Quarantine(clinic.storage)
    quarantine.set_aside({file: "archived"}, clinic.name, AT)
    assert (_note(clinic, file)["etag"], _note(clinic, file)["sha256"]) == (file.etag, None)
    assert barred(file, quarantine.notes(clinic.model.records))
    clinic.storage.container("incoming").delete_blob(file.name)
    assert not barred(_file(clinic, b"new"), quarantine.notes(clinic.model.records))


def test_a_note_that_is_deleted_while_notes_are_listed_bars_nothing(
    clinic: "Clinic", monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _file(clinic, b"x", "a.csv"), _file(clinic, b"x", "b.csv")
    container = clinic.storage.container("quarantine")
    for file in (first, second):
        container.upload_blob(f"{file.name}.json", b"{}")
    quarantine = Quarantine(clinic.storage)
    read = Quarantine._version

    def deleted_first(self: Quarantine, blob: Any) -> str:
        if blob.name == f"{first.name}.json":
            container.delete_blob(blob.name)
        return read(self, blob)

    monkeypatch.setattr(Quarantine, "_version", deleted_first)
    assert quarantine.notes(clinic.model.records).keys() == {second.name}
