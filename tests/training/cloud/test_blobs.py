"""Small files of the storage account: what is missing is told from what is broken, and a stale write is refused."""

from pathlib import Path

import pytest

from driftloop.errors import DriftloopError
from sandbox.azurite import Azurite
from tests.function_app.conftest import LoopbackCredential
from tests.sandbox.conftest import azurite, certificate
from training.cloud.blobs import Blobs, ChangedError, fingerprint

__all__ = ["azurite", "certificate"]


@pytest.fixture
def blobs(azurite: Azurite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Blobs:
    for name, value in azurite.certificate.environment().items():
        monkeypatch.setenv(name, value)
    made = Blobs(azurite.blob_url, LoopbackCredential())
    container = f"blobs-{tmp_path.name.replace('_', '-').lower()[:40].strip('-')}"
    made._service.create_container(container)
    monkeypatch.setattr(made, "container", container, raising=False)
    return made


def test_a_missing_blob_is_none_and_a_missing_container_is_an_error(blobs: Blobs) -> None:
    container: str = blobs.container  # type: ignore[attr-defined]
    assert blobs.read(container, "nothing.json") is None
    assert blobs.versions(container, "") == []
    for ask in (lambda: blobs.read("no-such-container", "a"), lambda: blobs.versions("no-such-container", "m/")):
        with pytest.raises(DriftloopError, match="container 'no-such-container' does not exist: provision"):
            ask()


def test_a_write_replaces_only_what_was_read(blobs: Blobs) -> None:
    container: str = blobs.container  # type: ignore[attr-defined]
    blobs.replace(container, "a", b"1", None)
    with pytest.raises(ChangedError):
        blobs.replace(container, "a", b"2", None)
    read = blobs.read(container, "a")
    assert read is not None
    assert read.content == b"1"
    blobs.replace(container, "a", b"2", read)
    with pytest.raises(ChangedError):
        blobs.replace(container, "a", b"3", read)


def test_versions_change_with_what_is_there(blobs: Blobs) -> None:
    container: str = blobs.container  # type: ignore[attr-defined]
    blobs.write(container, "m/a", b"1")
    first = blobs.versions(container, "m/")
    blobs.write(container, "m/a", b"1")
    second = blobs.versions(container, "m/")
    assert [line.split()[0] for line in first] == ["m/a"]
    assert first != second, "written again, with the same content, it is another version"
    assert fingerprint([first]) != fingerprint([second])
    assert fingerprint([["x"], []]) != fingerprint([[], ["x"]])
