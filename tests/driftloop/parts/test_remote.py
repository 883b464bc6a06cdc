"""Sources in Azure storage: Azurite by TLS and Entra tokens, through Arrow's own file system."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftloop.data.readers.remote import is_remote, list_remote, shown
from driftloop.errors import InputError
from sandbox.arm.standin import AzureStandIn
from sandbox.azurite import ACCOUNT, Azurite
from sandbox.certificate import issue
from sandbox.principals import FUNCTION_APP
from tests.driftloop.parts.tables import table, write_parquet

pytestmark = pytest.mark.slow


def parquet(seed: int) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"size": [float((row * 7 + seed) % 97) for row in range(300)]}), sink, compression="none")
    return sink.getvalue()


class Storage:
    def __init__(self, container: Any, url: str, environment: dict[str, str]) -> None:
        self.container, self.url, self._environment = container, url, environment

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "driftloop", *arguments]
        environment = {**os.environ, **self._environment}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def profile(self, source: str, output: Path, *options: str) -> dict[str, Any]:
        done = self.run("profile", source, "-o", str(output), "--json", *options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def storage(tmp_path_factory) -> Iterator[Storage]:
    from azure.storage.blob import BlobServiceClient

    folder = tmp_path_factory.mktemp("remote")
    certificate = issue(folder / "tls")
    with Azurite(folder / "azurite", certificate) as azurite, AzureStandIn(folder / "azure", azurite) as azure:
        service = BlobServiceClient.from_connection_string(
            azurite.connection_string, connection_verify=str(certificate.authority)
        )
        container = service.get_container_client("incoming")
        container.create_container()
        for day in range(3):
            container.upload_blob(f"m/day={day}/a.parquet", parquet(day))
        container.upload_blob("m/day=0/_SUCCESS", b"")
        container.upload_blob("m/notes.md", b"none of the data")
        host = urlsplit(azurite.blob_url).netloc
        yield Storage(container, f"abfss://{ACCOUNT}@{host}/incoming", azure.environment(FUNCTION_APP))


def test_a_folder_is_read_as_the_same_folder_here(storage, tmp_path) -> None:
    for day in range(3):
        path = tmp_path / "m" / f"day={day}" / "a.parquet"
        path.parent.mkdir(parents=True)
        path.write_bytes(parquet(day))
    here = storage.profile(str(tmp_path / "m"), tmp_path / "here.profile")
    there = storage.profile(f"{storage.url}/m", tmp_path / "there.profile")
    assert there["sha256"] == here["sha256"]
    assert there["rows"] == 900
    by_processes = storage.profile(f"{storage.url}/m", tmp_path / "there.profile", "--processes", "2")
    assert by_processes["sha256"] == here["sha256"]


def test_a_pattern_and_a_single_file(storage, tmp_path) -> None:
    assert storage.profile(f"{storage.url}/m/day=[01]/*.parquet", tmp_path / "a")["rows"] == 600
    assert storage.profile(f"{storage.url}/m/day=2/a.parquet", tmp_path / "b")["rows"] == 300


def test_a_blob_that_is_overwritten_is_read_again(storage, tmp_path) -> None:
    cache = ("--cache", str(tmp_path / "cache"))
    storage.container.upload_blob("changing/a.parquet", parquet(1))
    first = storage.profile(f"{storage.url}/changing", tmp_path / "a", *cache)
    assert len(parquet(1)) == len(parquet(50))
    storage.container.upload_blob("changing/a.parquet", parquet(50), overwrite=True)
    second = storage.profile(f"{storage.url}/changing", tmp_path / "a", *cache)
    assert second["sha256"] != first["sha256"]


def test_a_check_of_what_is_in_storage(storage, tmp_path) -> None:
    storage.profile(f"{storage.url}/m", tmp_path / "baseline.profile")
    reference = str(tmp_path / "baseline.profile")
    done = storage.run("check", "--reference", reference, "--current", f"{storage.url}/m/day=1", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] in ("stable", "insufficient")


@pytest.mark.parametrize("path", ["/nowhere", "/m/*.csv", "x/m"])
def test_what_is_not_there_is_one_line(storage, path, tmp_path) -> None:
    done = storage.run("profile", f"{storage.url}{path}", "-o", str(tmp_path / "a"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert path.rpartition("/")[2] in done.stderr


def test_without_a_sign_in_one_line_says_so(storage, tmp_path) -> None:
    command = [sys.executable, "-m", "driftloop", "profile", f"{storage.url}/m", "-o", str(tmp_path / "a")]
    environment = {"PATH": "", "HOME": str(tmp_path), "SSL_CERT_FILE": os.environ.get("SSL_CERT_FILE", "")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    # Azure's own library may say before that it finds no `az`.
    assert done.stderr.splitlines()[-1].endswith("are you signed in (az login)?")
    assert "Traceback" not in done.stderr


def test_only_azure_is_taken_for_a_storage_and_no_secret_is_shown() -> None:
    assert [is_remote(each) for each in ("abfs://a@b/c", "abfss://a@b", "s3://a/b", "/abfs/a", "abfs:/a")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert shown("abfs://data:secret@account.dfs.core.windows.net/days?sig=abc") == (
        "abfs://data@account.dfs.core.windows.net/days"
    )


def test_a_pyarrow_without_azure_says_what_it_needs(monkeypatch) -> None:
    from pyarrow import fs

    monkeypatch.delattr(fs, "AzureFileSystem")
    with pytest.raises(InputError, match="needs a pyarrow with Azure support"):
        list_remote("abfs://a@b.dfs.core.windows.net/c")


def test_local_parts_have_no_stamp(tmp_path) -> None:
    from driftloop.data.readers.sources import find_parts
    from driftloop.data.reading import ReadNotes

    assert find_parts(write_parquet(table(5, 1), tmp_path / "a.parquet"), None, ReadNotes())[0].stamp is None
