"""Storage on the laptop: bearer tokens, conditional writes, gone with its parent, as production code needs it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError
from azure.data.tables import TableServiceClient
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from sandbox.arm import AzureStandIn
from sandbox.azurite import Azurite, AzuriteError
from sandbox.certificate import Certificate
from sandbox.ports import free_ports, listening_socket
from sandbox.waiting import HANG_SECONDS, wait_until


def test_all_three_services_take_a_bearer_token_and_no_key(signed_in: AzureStandIn) -> None:
    names = {service: os.environ[f"DRIFTLOOP_STORAGE__{service}ServiceUri"] for service in ("blob", "queue", "table")}
    credential = DefaultAzureCredential()
    container = BlobServiceClient(names["blob"], credential).create_container("bearer")
    container.upload_blob("a", b"1")
    queue = QueueServiceClient(names["queue"], credential).create_queue("bearer")
    queue.send_message("hello")
    table = TableServiceClient(names["table"], credential=credential).create_table("bearer")
    table.create_entity({"PartitionKey": "p", "RowKey": "r", "n": 1})
    assert container.download_blob("a").readall() == b"1"
    assert queue.receive_message().content == "hello"
    assert table.get_entity("p", "r")["n"] == 1


def test_a_request_without_token_is_refused(signed_in: AzureStandIn) -> None:
    with pytest.raises(HttpResponseError, match="NoAuthenticationInformation"):
        BlobServiceClient(os.environ["DRIFTLOOP_BLOB_URL"]).create_container("anonymous")


def test_conditional_writes_tell_stale_from_fresh(signed_in: AzureStandIn) -> None:
    service = BlobServiceClient(os.environ["DRIFTLOOP_BLOB_URL"], DefaultAzureCredential())
    blob = service.create_container("conditional").get_blob_client("state")
    first = blob.upload_blob(b"1")["etag"]
    blob.upload_blob(b"2", overwrite=True, etag=first, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceModifiedError):
        blob.upload_blob(b"3", overwrite=True, etag=first, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceExistsError):
        blob.upload_blob(b"3")


def test_a_port_that_another_program_takes_meanwhile_costs_another_start(
    tmp_path: Path, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[int]] = []
    with listening_socket() as taken:
        taken.listen()

        def ports(count: int) -> list[int]:
            found = free_ports(count)
            if not given:
                found[1] = taken.getsockname()[1]
            given.append(found)
            return found

        monkeypatch.setattr("sandbox.azurite.free_ports", ports)
        with Azurite(tmp_path, certificate) as azurite:
            assert len(given) == 2
            assert [int(url.split(":")[2].split("/")[0]) for url in (azurite.blob_url, azurite.queue_url)] == given[1][
                :2
            ]


def test_what_else_keeps_it_from_starting_is_said_at_once(tmp_path: Path, certificate: Certificate) -> None:
    nothing = Certificate(certificate.authority, tmp_path / "no.pem", certificate.key)
    with pytest.raises(AzuriteError, match=r"did not start; its output is in .*azurite\.log"):
        Azurite(tmp_path / "data", nothing).start()


def test_it_can_be_stopped_twice_and_leaves_no_port_open(tmp_path: Path, certificate: Certificate) -> None:
    azurite = Azurite(tmp_path, certificate)
    azurite.start()
    url = azurite.blob_url
    azurite.stop()
    azurite.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=HANG_SECONDS, verify=str(certificate.authority))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux kills children with their parent")
def test_it_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from sandbox.azurite import Azurite; from sandbox.certificate import issue\n"
        "folder = Path(sys.argv[1]); azurite = Azurite(folder / 'a', issue(folder / 'c')); azurite.start()\n"
        "print(azurite._child.pid, flush=True); time.sleep(3600)\n"
    )
    root = Path(__file__).resolve().parents[2]
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not _runs(child), "Azurite's end")


def _runs(pid: int) -> bool:
    """A zombie that nobody has collected yet runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
